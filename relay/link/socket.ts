/** A WebSocket as the link needs it, so that the protocol can be driven without a network. */

/** How a socket came to its end. */
export type SocketEnd =
  /** The server answered the upgrade with a status of its own. `dateMs` is its `Date` header. */
  | { readonly kind: "refused"; readonly status: number; readonly dateMs: number | null }
  /** It never opened, or broke: no network, no TLS, a frame against RFC 6455. A sentence's end without a full stop. */
  | { readonly kind: "failed"; readonly problem: string }
  /** The other end closed it, or the line was cut (1006). */
  | { readonly kind: "closed"; readonly code: number; readonly reason: string };

/** What a socket tells, in the order in which it happens. */
export interface SocketEvents {
  opened(): void;
  /** A text message, whole. A binary one, which the protocol does not have, comes as an empty text. */
  message(text: string): void;
  /** Once, as the last thing, however the socket ends, `close` and `terminate` included. */
  ended(end: SocketEnd): void;
}

export interface Socket {
  /** Ignored unless the socket is open. */
  send(text: string): void;
  /** Sends what is waiting, then a close frame (RFC 6455 section 7.4), and ends within a second or two regardless. */
  close(code: number, reason: string): void;
  /** Ends at once and sends nothing. */
  terminate(): void;
}

/** Begins to open a socket to a `ws:` or `wss:` address with a bearer token. Never throws. */
export type Dial = (address: string, token: string, events: SocketEvents) => Socket;
