/**
 * One HTTP POST over a kept-alive connection, with a limit on the whole of it.
 * Never throws for what the other side does: a status, or the way in which there was none.
 */
import { Agent, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";

/** A status, or why there is none. */
export type PostResult = number | "timeout" | "unreachable";

/** Connections to receivers; `close` ends them all. */
export class Poster {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  readonly #tlsAgent = new TlsAgent({ keepAlive: true, maxSockets: 256, maxVersion: "TLSv1.2" });

  close(): void {
    this.#agent.destroy();
    this.#tlsAgent.destroy();
  }

  /** Sends the body; PagerDuty speaks TLS 1.2 only, and so does this. */
  post(url: string, headers: Record<string, string>, body: Buffer, timeoutMs: number): Promise<PostResult> {
    return new Promise((settle) => {
      const target = new URL(url);
      const options = { method: "POST", headers: { ...headers, "content-length": String(body.length) } };
      const sent =
        target.protocol === "https:"
          ? tlsRequest(target, { ...options, agent: this.#tlsAgent })
          : request(target, { ...options, agent: this.#agent });
      let timer: NodeJS.Timeout | undefined;
      const giveUp = () => {
        settle("timeout");
        sent.destroy();
      };
      // Waiting for a free connection is this side's doing and does not count.
      sent.on("socket", () => {
        timer = setTimeout(giveUp, timeoutMs);
      });
      const finish = (result: PostResult) => {
        clearTimeout(timer);
        settle(result);
      };
      sent.on("response", (response) => {
        response.on("error", () => finish("unreachable"));
        response.on("end", () => finish(response.statusCode ?? "unreachable"));
        response.resume();
      });
      sent.on("error", () => finish("unreachable"));
      sent.end(body);
    });
  }
}
