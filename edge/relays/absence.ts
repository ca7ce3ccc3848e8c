/**
 * How long no relay has been connected, and word of it to those who wait: answers that they give are kept, and not carried
 * out before one is back. Looked at whenever the object wakes, which while requests are pending is every few minutes.
 */
import type { Ledger } from "../ledger.ts";

/** How long a relay may be away before the incidents say so, in ms: longer than a restart or an upgrade. */
export const AWAY_MS = 3 * 60_000;

/** Most requests whose incidents are told. */
const MAX_TOLD = 500;

export interface AbsenceOptions {
  readonly ledger: Ledger;
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
  /** The absence that everybody has been told of. */
  #toldMs: number | null = null;

  constructor(options: AbsenceOptions) {
    this.#options = options;
  }

  /** Notes that nobody is there, and tells of it in time. What it notes is forgotten with the next relay. */
  look(): void {
    const { ledger, isAnybodyThere, away, now, fault } = this.#options;
    const session = ledger.session();
    if (session === undefined || isAnybodyThere() || !ledger.isAnyOpen()) return;
    const leftMs = session.leftMs ?? now();
    if (leftMs !== session.leftMs) ledger.setSession({ ...session, leftMs });
    if (leftMs === this.#toldMs || now() < leftMs + AWAY_MS) return;
    this.#toldMs = leftMs;
    fault("No relay is connected: answers wait until one is back");
    for (const requestId of ledger.openAfter("", MAX_TOLD)) away(requestId, leftMs);
  }
}
