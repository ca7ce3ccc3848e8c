// grpc-go's keepalive enforcement (MinTime, PermitWithoutStream): pings that come too soon after one another end the
// connection with GOAWAY `too_many_pings`. grpc-js has no such rule, so this watches the HTTP/2 sessions that it opens.

import { subscribe } from "node:diagnostics_channel";
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";

/** Pings closer together than `minTimeMs` are strikes; Teleport's servers set 60 s. `now` is in ms. */
export interface PingPolicy {
  readonly minTimeMs: number;
  readonly now: () => number;
}

// grpc-go's maxPingStrikes: one more than this ends the connection.
const STRIKES_ALLOWED = 2;

const policies = new Map<string, PingPolicy>();
const watched = new WeakSet<ServerHttp2Session>();
let subscribed = false;

/** Names a connection on this machine: two ends cannot share both ports. */
type Ports = { readonly localPort?: number | undefined; readonly remotePort?: number | undefined };

/** Enforces `policy` on the HTTP/2 session over these ports, from its first call on. Returns the end of it. */
export function enforcePings(ports: Ports, policy: PingPolicy): () => void {
  const key = keyFor(ports);
  policies.set(key, policy);
  if (!subscribed) {
    subscribed = true;
    subscribe("http2.server.stream.created", (message) => watch((message as { stream: ServerHttp2Stream }).stream));
  }
  return () => policies.delete(key);
}

function watch(stream: ServerHttp2Stream): void {
  const session = stream.session;
  if (session === undefined || session === null || watched.has(session as ServerHttp2Session)) {
    return;
  }
  watched.add(session as ServerHttp2Session);
  const policy = policies.get(keyFor(session.socket));
  if (policy !== undefined) {
    strikeOut(session as ServerHttp2Session, policy);
  }
}

function strikeOut(session: ServerHttp2Session, policy: PingPolicy): void {
  let lastPingMs = Number.NEGATIVE_INFINITY;
  let strikes = 0;
  session.on("ping", () => {
    const nowMs = policy.now();
    strikes = nowMs - lastPingMs < policy.minTimeMs ? strikes + 1 : strikes;
    lastPingMs = nowMs;
    if (strikes > STRIKES_ALLOWED && !session.destroyed) {
      const code = constants.NGHTTP2_ENHANCE_YOUR_CALM;
      session.goaway(code, 2 ** 31 - 1, Buffer.from("too_many_pings"));
      session.destroy(undefined, code);
    }
  });
}

function keyFor(ports: Ports): string {
  return `${ports.localPort}/${ports.remotePort}`;
}
