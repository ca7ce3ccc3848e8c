/**
 * What the relay tells the service manager that supervises it: that it is ready, how its link and its watch stand, that it
 * is alive, that it ends. Alive means that the event loop turns and that every part still makes progress; a relay that is
 * not is restarted. Without a service manager nothing is told.
 */
import type { Logger } from "../../shared/log.ts";
import type { Clock } from "../time/clock.ts";
import { type Notify, openNotifySocket } from "./notify-socket.ts";
import { Progress } from "./progress.ts";
import { NOTHING_STANDS, type Standing, statusFor } from "./status-line.ts";

export interface SupervisionOptions {
  /** NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are read (sd_notify(3), sd_watchdog_enabled(3)). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when the relay is asked to end. */
  readonly signal: AbortSignal;
}

/** Opens what the environment asks for. Rejects with one sentence when systemd waits to be told and cannot be. */
export async function openSupervision(options: SupervisionOptions): Promise<Supervision> {
  const address = options.env.NOTIFY_SOCKET ?? "";
  const notify = address === "" ? () => true : await openNotifySocket(address);
  return new Supervision(notify, options);
}

export class Supervision {
  readonly progress: Progress;
  readonly #notify: Notify;
  readonly #log: Logger;
  readonly #stopped = new AbortController();
  #standing: Standing = NOTHING_STANDS;
  #isReady = false;
  #told = "";
  #stalled = "";

  constructor(notify: Notify, { env, clock, log, signal }: SupervisionOptions) {
    this.#notify = notify;
    this.#log = log;
    this.progress = new Progress(clock);
    signal.addEventListener("abort", () => this.#notify("STOPPING=1\nSTATUS=Ending as asked"), {
      once: true,
      signal: this.#stopped.signal,
    });
    const everyMs = watchdogMsIn(env) / 3;
    if (everyMs > 0) void this.#watch(everyMs, clock);
  }

  /** Configuration and credentials are good. May be said again. */
  ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#notify(`READY=1\nSTATUS=${statusFor(this.#standing)}`);
  }

  /** Something stands otherwise than before. */
  stands(change: Partial<Standing>): void {
    this.#standing = { ...this.#standing, ...change };
    const status = statusFor(this.#standing);
    if (status === this.#told) return;
    this.#told = status;
    this.#notify(`STATUS=${status}`);
  }

  /** Why the relay ends by itself. */
  failed(error: unknown): void {
    this.#notify(`STATUS=${oneLine(error instanceof Error ? error.message : String(error))}`);
  }

  /** Nothing is told any more. */
  close(): void {
    this.#stopped.abort();
  }

  async #watch(everyMs: number, clock: Clock): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const stalled = this.progress.stalled().join(", ");
      if (stalled === "") this.#notify("WATCHDOG=1");
      // The same trouble again is no news.
      else if (stalled !== this.#stalled) this.#log.error("No progress; the watchdog is not told", { parts: stalled });
      this.#stalled = stalled;
      await clock.sleep(everyMs, signal);
    }
  }
}

/** How often systemd wants to hear that this process is alive, in ms; 0 when it does not. */
export function watchdogMsIn({ WATCHDOG_USEC = "", WATCHDOG_PID = "" }: SupervisionOptions["env"]): number {
  if (WATCHDOG_PID !== "" && WATCHDOG_PID !== String(process.pid)) return 0;
  return /^\d{1,15}$/.test(WATCHDOG_USEC) ? Number(WATCHDOG_USEC) / 1000 : 0;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
