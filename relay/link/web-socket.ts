/** The link's real socket: a WebSocket over TLS, without compression, with a bound on what it takes in. */
import type { Agent, IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { MAX_FRAME_BYTES } from "../../shared/protocol.ts";
import type { Clock } from "../time/clock.ts";
import type { Dial, SocketEnd } from "./socket.ts";

/** How long the handshake may take, TLS included, in ms. */
const OPEN_WITHIN_MS = 10_000;

/** How long the other end has to answer our close frame, in ms. */
const CLOSE_WITHIN_MS = 1_000;

/** Opens sockets with `ws`, through `agent` if there is one. */
export function createDial(clock: Clock, agent?: Agent): Dial {
  return (address, token, events) => {
    const socket = new WebSocket(address, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: OPEN_WITHIN_MS,
      // A token is for one origin; it must not travel to wherever a redirect points.
      followRedirects: false,
      agent,
    });
    let fault: SocketEnd | undefined;
    let cancelTermination = (): void => {};
    socket.on("open", () => events.opened());
    socket.on("message", (data, isBinary) => events.message(isBinary ? "" : data.toString()));
    socket.on("unexpected-response", (_, response) => {
      fault ??= refusalFor(response);
      socket.terminate();
    });
    socket.on("error", (error) => {
      fault ??= { kind: "failed", problem: problemOf(error) };
    });
    socket.on("close", (code, reason) => {
      cancelTermination();
      events.ended(fault ?? { kind: "closed", code, reason: reason.toString() });
    });
    return {
      send(text) {
        if (socket.readyState === WebSocket.OPEN) socket.send(text);
      },
      close(code, reason) {
        socket.close(code, reason);
        cancelTermination = clock.after(CLOSE_WITHIN_MS, () => socket.terminate());
      },
      terminate: () => socket.terminate(),
    };
  };
}

function refusalFor({ statusCode = 0, headers }: IncomingMessage): SocketEnd {
  const dateMs = Date.parse(headers.date ?? "");
  return { kind: "refused", status: statusCode, dateMs: Number.isNaN(dateMs) ? null : dateMs };
}

function problemOf(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there (ECONNREFUSED)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `its name cannot be looked up (${code})`;
    case "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH":
      return `it sent a frame of more than ${MAX_FRAME_BYTES} bytes`;
    default:
      return error.message || code || error.name;
  }
}
