/**
 * Journey 1 begins here: the watch of Teleport's access requests. `once` only speaks the protocol (INIT, list, then what
 * changes); `run` only retries. Nothing is replayed by Teleport, so every watch begins with a list, and the list is read
 * again every minute. It never infers from an absence that a request has ended: Teleport answers a caller who lost the
 * right to list with an empty list.
 */
import type { Logger } from "../shared/log.ts";
import type { LiveRequest } from "./access-request.ts";
import { TeleportError } from "./teleport/error.ts";
import type { RuleHandlers, TeleportPort } from "./teleport/port.ts";
import { type Backoff, createBackoff } from "./time/backoff.ts";
import type { Clock } from "./time/clock.ts";

/** Who is told. Called synchronously and in Teleport's order; none of these may throw. */
export interface WatchSink {
  /** The watch stands and everything pending is known; `listed` follows at once. */
  connected(): void;
  /**
   * Everything that Teleport lists as pending, after each connect and every {@link LIST_EVERY_MS} after that. It may be
   * older than events already told, which are then told again. Absence is no end.
   */
  listed(requests: readonly LiveRequest[]): void;
  /** A request in any state was made or changed. Comes again unchanged at times. */
  put(request: LiveRequest): void;
  /** Teleport has dropped a request: removed, expired, or the access that it gave has ended. */
  deleted(requestId: string): void;
  /** The watch has ended or could not be opened, and why, as one sentence; it is opened again by itself. */
  lost(problem: string): void;
}

export interface WatchOptions {
  readonly teleport: Pick<TeleportPort, "watch" | "listPending">;
  readonly sink: WatchSink;
  /** Who is told of Access Monitoring Rules; they are watched only if somebody is. */
  readonly rules?: RuleHandlers;
  readonly clock: Clock;
  /** From 0 up to, but not, 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Told whenever the watch has come to stand, with null, and whenever it does not, with why as one sentence. */
  readonly stands?: (problem: string | null) => void;
  /** Told whenever Teleport is asked for a watch or for a list. */
  readonly beat?: () => void;
  /**
   * Whether `run` rejects when Teleport refuses the certificate or a permission before any watch has stood, as at the
   * start of a program whose operator is looking. Default false: it is retried like everything else.
   */
  readonly refusalEndsStart?: boolean;
}

/** How one watch ended. */
export interface WatchEnd {
  /** One sentence. */
  readonly problem: string;
  /** Why, when Teleport or the way there said so; undefined when the stream ended as OK or fell silent. */
  readonly fault?: TeleportError;
}

/** How long Teleport may take to confirm a watch; its own plugins allow as much. */
export const INIT_WITHIN_MS = 15_000;

/** How often everything pending is listed again while a watch stands. */
export const LIST_EVERY_MS = 60_000;

/** The wait before another attempt when only a person can mend what is wrong: a permission, a certificate. */
export const SLOW_RETRY_MS = 60_000;

/** Waits between attempts: short enough for a restarted server, long enough not to press on one that struggles. */
const BACKOFF = { minMs: 200, maxMs: 30_000, resetAfterMs: 10_000 };

/** The watch of one cluster's access requests. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #backoff: Backoff;
  #hasStood = false;
  #waiting = new AbortController();

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#backoff = createBackoff({ ...BACKOFF, random: options.random, now: () => options.clock.now() });
  }

  /**
   * Watches, again and again, until the signal aborts. Rejects only as `refusalEndsStart` says, with the
   * {@link TeleportError}.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, sink, log, stands, refusalEndsStart = false } = this.#options;
    while (!signal.aborted) {
      const { problem, fault } = await this.once(signal);
      this.#backoff.down();
      if (signal.aborted) return;
      sink.lost(problem);
      stands?.(problem);
      const needsPerson = fault !== undefined && !fault.retryable;
      if (needsPerson && refusalEndsStart && !this.#hasStood) throw fault;
      const waitMs = needsPerson ? SLOW_RETRY_MS : this.#backoff.next();
      log[needsPerson ? "error" : "warn"](`Watcher lost: ${problem}`, { code: fault?.code, retryInMs: waitMs });
      this.#waiting = new AbortController();
      await clock.sleep(waitMs, AbortSignal.any([signal, this.#waiting.signal]));
    }
  }

  /** Ends the wait before the next attempt, if there is one: what was in the way may be mended. */
  retryNow(): void {
    this.#waiting.abort();
  }

  /** One watch, from its opening until it ends, whichever way. Rejects only with what a sink has thrown. */
  async once(signal: AbortSignal): Promise<WatchEnd> {
    const { teleport, clock, beat } = this.#options;
    beat?.();
    const ended = new AbortController();
    const end = (): void => ended.abort();
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    const view = new View(this.#options, ended.signal);
    const streaming = teleport.watch(view, ended.signal).then(() => ({ problem: STREAM_ENDED }), endFor);
    const listing = confirmed(view, clock, ended.signal).then((isConfirmed) =>
      isConfirmed ? this.#list(view, ended.signal) : { problem: NOT_CONFIRMED },
    );
    try {
      return await Promise.race([streaming, listing]);
    } finally {
      end();
      signal.removeEventListener("abort", end);
      await streaming;
    }
  }

  /** Lists now, every minute, and whenever the watch has moved; resolves when a list cannot be had. */
  async #list(view: View, ended: AbortSignal): Promise<WatchEnd> {
    const { teleport, clock, beat } = this.#options;
    for (;;) {
      beat?.();
      const moved = view.listing();
      try {
        const requests = await teleport.listPending();
        if (!ended.aborted) this.#show(view, requests);
      } catch (fault) {
        return endFor(fault);
      }
      await clock.sleep(LIST_EVERY_MS, AbortSignal.any([ended, moved]));
      if (ended.aborted) return { problem: STREAM_ENDED };
    }
  }

  #show(view: View, requests: readonly LiveRequest[]): void {
    if (!view.isLive) {
      this.#hasStood = true;
      this.#backoff.up();
      this.#options.log.info("Watcher connected", { pending: requests.length });
      this.#options.sink.connected();
      this.#options.stands?.(null);
    }
    view.listed(requests);
  }
}

const STREAM_ENDED = "Teleport ended the watch.";
const NOT_CONFIRMED = `Teleport did not confirm the watch within ${INIT_WITHIN_MS / 1000} s.`;

function endFor(fault: unknown): WatchEnd {
  if (fault instanceof TeleportError) return { problem: fault.message, fault };
  throw fault;
}

/** Whether INIT comes in time. Also false once the watch has ended. */
function confirmed(view: View, clock: Clock, ended: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (ended.aborted) return resolve(false);
    const settle = (isConfirmed: boolean) => (): void => {
      cancel();
      resolve(isConfirmed);
    };
    const cancel = clock.after(INIT_WITHIN_MS, settle(false));
    view.onInit = settle(true);
    ended.addEventListener("abort", settle(false), { once: true });
  });
}

type Change = { readonly kind: "put"; readonly request: LiveRequest } | { readonly kind: "deleted" };

/**
 * What one watch shows its sink. While a list is being read, the last change of each request is kept, however many
 * there are, and told once the list has been: the list may be older than the change.
 */
class View {
  readonly #sink: WatchSink;
  readonly #ended: AbortSignal;
  /** Null while no list is being read. */
  #meanwhile: Map<string, Change> | null = new Map();
  /** Whether the first list has been told, so that changes are told as they come. */
  isLive = false;
  readonly rules?: RuleHandlers;
  onInit = (): void => {};
  #moved = new AbortController();

  constructor({ sink, rules }: Pick<WatchOptions, "sink" | "rules">, ended: AbortSignal) {
    this.#sink = sink;
    if (rules !== undefined) this.rules = rules;
    this.#ended = ended;
  }

  init(): void {
    this.onInit();
    this.#moved.abort();
  }

  put(request: LiveRequest): void {
    this.#change(request.request.id, { kind: "put", request });
  }

  deleted(requestId: string): void {
    this.#change(requestId, { kind: "deleted" });
  }

  /** A list is read from here on; what it answers with aborts when the watch has moved, which asks for another list. */
  listing(): AbortSignal {
    this.#meanwhile ??= new Map();
    this.#moved = new AbortController();
    return this.#moved.signal;
  }

  listed(requests: readonly LiveRequest[]): void {
    const changes = this.#meanwhile ?? new Map<string, Change>();
    this.#meanwhile = null;
    this.isLive = true;
    this.#sink.listed(requests);
    for (const [requestId, change] of changes) this.#tell(requestId, change);
  }

  #change(requestId: string, change: Change): void {
    if (this.#ended.aborted) return;
    this.#meanwhile?.set(requestId, change);
    if (this.isLive) this.#tell(requestId, change);
  }

  #tell(requestId: string, change: Change): void {
    if (change.kind === "put") this.#sink.put(change.request);
    else this.#sink.deleted(requestId);
  }
}
