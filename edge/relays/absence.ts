/**
 * How long no relay has been connected, and word of it to those who wait: answers that they give are kept, and not carried
 * out before one is back. Only while requests are pending is anything noted, and an alarm asked for.
 */
import type { Ledger } from "../ledger.ts";

/** How long a relay may be away before the incidents say so, in ms: longer than a restart or an upgrade. */
export const AWAY_MS = 3 * 60_000;

/** Most requests whose incidents are told at once, and when the others are, in ms. */
const MAX_TOLD = 500;
const TELL_ON_MS = 5_000;

export interface AbsenceOptions {
  readonly ledger: Pick<Ledger, "session" | "setSession" | "isAnyOpen" | "openAfter">;
  /** Whether a relay is connected and active. */
  readonly isAnybodyThere: () => boolean;
  /** Told of each pending request once that has lasted for {@link AWAY_MS}. */
  readonly away: (requestId: string, sinceMs: number) => void;
  readonly now: () => number;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
}

export class Absence {
  readonly #options: AbsenceOptions;
  /** The absence that is being told of, and up to which request. */
  #told = { leftMs: 0, upTo: "" };
  #nextMs: number | null = null;

  constructor(options: AbsenceOptions) {
    this.#options = options;
  }

  /** When everybody is to be told, ms since the epoch, as far as it was known at the last look; null: not. */
  get nextMs(): number | null {
    return this.#nextMs;
  }

  /** Notes that nobody is there, and tells of it in time. What it notes is forgotten with the next relay. */
  look(): void {
    const { ledger, isAnybodyThere, now } = this.#options;
    const session = ledger.session();
    this.#nextMs = null;
    if (session === undefined || isAnybodyThere() || !ledger.isAnyOpen()) return;
    const leftMs = session.leftMs ?? now();
    if (leftMs !== session.leftMs) ledger.setSession({ ...session, leftMs });
    if (now() < leftMs + AWAY_MS) this.#nextMs = leftMs + AWAY_MS;
    else this.#tell(leftMs);
  }

  #tell(leftMs: number): void {
    const { ledger, away, now, fault } = this.#options;
    if (this.#told.leftMs !== leftMs) {
      this.#told = { leftMs, upTo: "" };
      fault(`No relay has been connected since ${new Date(leftMs).toISOString()}: answers wait until one is back`);
    }
    const told = ledger.openAfter(this.#told.upTo, MAX_TOLD);
    for (const requestId of told) away(requestId, leftMs);
    this.#told.upTo = told.at(-1) ?? this.#told.upTo;
    if (told.length === MAX_TOLD) this.#nextMs = now() + TELL_ON_MS;
  }
}
