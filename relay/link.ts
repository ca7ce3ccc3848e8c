/**
 * The link: the relay's one WebSocket to the edge, kept up for as long as the relay runs. Here is the connecting and the
 * retrying; `link/session.ts` speaks the protocol. It only dials out, and what it cannot send it leaves to the next
 * session's exchange of differences.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "../shared/log.ts";
import { type Hello, PROTOCOL_VERSION, type RelayFrame, type Unnumbered } from "../shared/protocol.ts";
import type { LinkHandlers, WholeWelcome } from "./link/handlers.ts";
import { signToken } from "./link/json-web-token.ts";
import { problemFor } from "./link/problem.ts";
import type { RelayKey } from "./link/relay-key.ts";
import { LinkSession } from "./link/session.ts";
import type { Dial, Socket, SocketEnd } from "./link/socket.ts";
import { createDial } from "./link/web-socket.ts";
import { type Backoff, createBackoff } from "./time/backoff.ts";
import type { Clock } from "./time/clock.ts";

/** First and last ceiling of the wait between attempts, and the uptime after which it starts over, in ms. */
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 30_000;
const RETRY_RESET_AFTER_MS = 10_000;

/** Difference of clocks that may have made the edge refuse a token, in ms; `Date` headers are whole seconds. */
const CLOCK_TOLERANCE_MS = 3_000;

export interface LinkOptions {
  /** The edge's origin. */
  readonly url: string;
  readonly cluster: string;
  readonly key: RelayKey;
  /** Asked at every connect. */
  readonly hello: () => Omit<Hello, "type" | "protocol">;
  readonly handlers: LinkHandlers;
  readonly clock: Clock;
  /** From 0 up to, but not, 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** A real WebSocket unless given. */
  readonly dial?: Dial;
  /** Told, with null, whenever the edge has welcomed us, and whenever there is no link, with why as one sentence. */
  readonly stands?: (problem: string | null) => void;
  /** Told whenever the edge is dialled or heard of. */
  readonly beat?: () => void;
  /** Never gives the same twice; random unless given. */
  readonly uniqueId?: () => string;
}

/** What the link is doing. A `problem` is a sentence. */
export type LinkState =
  | { readonly state: "idle" }
  | { readonly state: "connecting" }
  | { readonly state: "connected"; readonly session: string; readonly sinceMs: number }
  | { readonly state: "waiting"; readonly problem: string; readonly status: number | null };

/** The edge does not know this relay, and never did in its life; the message says what to mend. */
export class LinkRefused extends Error {
  override readonly name = "LinkRefused";
}

/** How often in a row an edge must refuse a relay that it has never welcomed before the relay believes it. */
const REFUSALS_BELIEVED = 2;

interface Ended {
  readonly problem: string;
  /** The HTTP status that refused the upgrade, if one did. */
  readonly status: number | null;
  /** Whether it was for who we are, not for our clock. */
  readonly isUnknown: boolean;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #dial: Dial;
  readonly #address: string;
  readonly #backoff: Backoff;
  #state: LinkState = { state: "idle" };
  #session: LinkSession | undefined;
  #isWelcomed = false;
  #wasWelcomed = false;
  /** What was last warned about, until the next welcome. */
  #lastProblem: string | undefined;
  /** The edge's clock less ours, ms, when the edge has refused a token over it. */
  #clockOffsetMs = 0;

  constructor(options: LinkOptions) {
    const { clock, random, url, cluster } = options;
    this.#options = options;
    this.#dial = options.dial ?? createDial(clock);
    this.#address = `${url.replace(/^http/, "ws")}/v1/${encodeURIComponent(cluster)}/relay`;
    this.#backoff = createBackoff({
      minMs: RETRY_MIN_MS,
      maxMs: RETRY_MAX_MS,
      resetAfterMs: RETRY_RESET_AFTER_MS,
      random,
      now: () => clock.now(),
    });
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Sends a frame, numbered. False when it was not sent: the caller leaves it to the next sync. */
  send(frame: Unnumbered<RelayFrame>): boolean {
    return this.#session?.send(frame) ?? false;
  }

  /**
   * Keeps the link up until the signal aborts; then closes it in good order and resolves. Rejects with {@link LinkRefused}
   * when the edge does not know this relay and has never welcomed it; whatever else is wrong is tried again.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let refusals = 0;
    while (!signal.aborted) {
      const { problem, status, isUnknown } = await this.#once(signal);
      if (signal.aborted) break;
      refusals = isUnknown ? refusals + 1 : 0;
      if (refusals >= REFUSALS_BELIEVED && !this.#wasWelcomed) throw new LinkRefused(problem);
      const waitMs = this.#backoff.next();
      // The same trouble again is no news.
      log[problem === this.#lastProblem ? "debug" : "warn"](problem, { retryInMs: waitMs });
      this.#lastProblem = problem;
      this.#state = { state: "waiting", problem, status };
      this.#options.stands?.(problem);
      await clock.sleep(waitMs, signal);
    }
    this.#state = { state: "idle" };
  }

  /** One connection, from the token to the end of its socket. */
  async #once(signal: AbortSignal): Promise<Ended> {
    this.#state = { state: "connecting" };
    this.#options.beat?.();
    const end = await this.#connect(signal);
    const session = this.#session;
    this.#session = undefined;
    const clockOffsetMs = this.#reckonClock(end);
    const problem = session?.problem ?? this.#problemFor(end, clockOffsetMs);
    if (this.#isWelcomed) {
      this.#isWelcomed = false;
      this.#backoff.down();
      this.#tellLost(problem);
    }
    const status = end.kind === "refused" ? end.status : null;
    return { problem, status, isUnknown: status === 401 && clockOffsetMs === 0 };
  }

  // The link outlives whatever its listeners do.
  #tellLost(problem: string): void {
    const { handlers, log } = this.#options;
    try {
      handlers.lost(problem);
    } catch (error) {
      log.error("The loss of the link could not be handled", { problem: String(error) });
    }
  }

  #connect(signal: AbortSignal): Promise<SocketEnd> {
    return new Promise((resolve) => {
      const stop = (): void => (this.#session === undefined ? socket.terminate() : this.#session.close());
      const socket = this.#dial(this.#address, this.#token(), {
        opened: () => {
          this.#session = this.#begin(socket);
        },
        message: (text) => {
          this.#options.beat?.();
          this.#session?.receive(text);
        },
        ended: (end) => {
          signal.removeEventListener("abort", stop);
          this.#session?.stop();
          resolve(end);
        },
      });
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  #begin(socket: Socket): LinkSession {
    const { hello, handlers, clock, log } = this.#options;
    return new LinkSession({
      socket,
      hello: { protocol: PROTOCOL_VERSION, ...hello() },
      handlers: {
        welcome: (welcome) => this.#welcome(welcome),
        bind: (frame) => handlers.bind(frame),
        decide: (frame) => handlers.decide(frame),
        autoApprove: (frame) => handlers.autoApprove(frame),
        promote: (frame) => handlers.promote(frame),
        health: (frame) => handlers.health(frame),
        measured: () => handlers.measured(),
      },
      clock,
      log,
    });
  }

  #welcome(welcome: WholeWelcome): void {
    const { handlers, stands, clock, log } = this.#options;
    const { session, epoch, role } = welcome;
    this.#isWelcomed = true;
    this.#wasWelcomed = true;
    this.#lastProblem = undefined;
    this.#backoff.up();
    this.#state = { state: "connected", session, sinceMs: clock.now() };
    log.debug("The link is welcomed", { session, epoch, role, open: welcome.open.size });
    stands?.(null);
    handlers.welcome(welcome);
  }

  #token(): string {
    const { url, cluster, key, clock, uniqueId = randomUUID } = this.#options;
    return signToken(key, { origin: url, cluster, issuedAtMs: clock.now() + this.#clockOffsetMs, id: uniqueId() });
  }

  #problemFor(end: SocketEnd, clockOffsetMs: number): string {
    const { url, cluster, key } = this.#options;
    return problemFor(end, { url, cluster, publicKey: key.publicKey, clockOffsetMs });
  }

  /** How far off the date of our last token was, ms; 0 unless that may be why the edge refused it. */
  #reckonClock(end: SocketEnd): number {
    if (end.kind !== "refused" || end.status !== 401 || end.dateMs === null) return 0;
    const offsetMs = end.dateMs - this.#options.clock.now();
    if (Math.abs(offsetMs - this.#clockOffsetMs) <= CLOCK_TOLERANCE_MS) return 0;
    this.#clockOffsetMs = Math.abs(offsetMs) <= CLOCK_TOLERANCE_MS ? 0 : offsetMs;
    return this.#clockOffsetMs;
  }
}
