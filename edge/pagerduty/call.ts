/** One call on its way: an answer within bounds of time and size, or the {@link PagerDutyError} that there is none. */
import { readAtMost } from "../routes/body.ts";
import type { After } from "../timer.ts";
import { faultForSilence, PagerDutyError } from "./error.ts";

/** How calls go out. */
export interface Way {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly after: After;
  /** How long a call may take until its answer is whole, in ms. */
  readonly timeoutMs: number;
}

/** What is sent. */
export interface Message {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams;
}

/** What a call is. */
export interface Calling {
  /** For messages: method and path. */
  readonly name: string;
  /** Whether it is to change anything. */
  readonly write: boolean;
  /** Largest answer that is read, in bytes. */
  readonly maxBytes: number;
}

/** An answer; its body is undefined when it is too large. */
export interface Answer {
  readonly response: Response;
  readonly body: Uint8Array | undefined;
}

/** Makes a call, and follows no redirection. Throws a {@link PagerDutyError} when no whole answer comes in time. */
export async function answerTo(message: Message, { name, write, maxBytes }: Calling, way: Way): Promise<Answer> {
  const { url, ...sent } = message;
  const limit = new AbortController();
  const request = new Request(url, { ...sent, redirect: "manual", signal: limit.signal });
  const cancel = way.after(way.timeoutMs, () => limit.abort());
  try {
    const response = await way.fetch(request);
    return { response, body: await readAtMost(response.body, maxBytes) };
  } catch (error) {
    throw new PagerDutyError(name, faultForSilence(limit.signal.aborted ? "timeout" : "unavailable", write), error);
  } finally {
    // A timer that is left to run out keeps a Durable Object from sleeping.
    cancel();
  }
}
