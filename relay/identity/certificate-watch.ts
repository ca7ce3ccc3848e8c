/**
 * Watches the relay's Teleport certificate run out, and says so in time: each nearness once for each certificate, with what
 * to do. It renews nothing itself.
 */
import type { LogFields, Logger } from "../../shared/log.ts";
import type { Identity } from "../identity.ts";
import { type Nearness, nearnessOf } from "./expiry.ts";
import { type IdentitySource, layoutOf, mendFor } from "./source.ts";

export interface CertificateWatchOptions {
  readonly source: IdentitySource;
  /** Whether renewed files are picked up, or only at a start. */
  readonly refresh: boolean;
  readonly log: Logger;
}

export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  #identity: Identity;
  #told: Nearness = "ample";

  constructor(options: CertificateWatchOptions, identity: Identity) {
    this.#options = options;
    this.#identity = identity;
  }

  /** Watches another certificate from here on. */
  use(identity: Identity): void {
    this.#identity = identity;
    this.#told = "ample";
  }

  /** Logs what is new at `nowMs` since the epoch; answers with the standing concern as one sentence, null for none. */
  async check(nowMs: number): Promise<string | null> {
    const identity = this.#identity;
    const nearness = nearnessOf(identity, nowMs);
    const concern = CONCERNS[nearness];
    if (concern === null || nearness === this.#told) return concern;
    const mend = await this.#mend();
    if (identity !== this.#identity) return null;
    this.#told = nearness;
    const fields: LogFields = { user: identity.user, ends: new Date(identity.expiresMs).toISOString() };
    this.#options.log[nearness === "expired" ? "error" : "warn"](`${concern} ${mend}`, fields);
    return concern;
  }

  /** Whether the certificate is near its end, so that whatever keeps it from being renewed is urgent. */
  isNearEnd(nowMs: number): boolean {
    return nearnessOf(this.#identity, nowMs) !== "ample";
  }

  async #mend(): Promise<string> {
    const { source, refresh } = this.#options;
    const mend = mendFor(await layoutOf(source), this.#identity.user);
    return refresh ? mend : `${mend} Then restart the relay, because refresh_identity is false.`;
  }
}

/** Each a sentence that holds for as long as the nearness does. */
const CONCERNS: Readonly<Record<Nearness, string | null>> = {
  ample: null,
  within_a_week: "The relay's Teleport certificate ends within 7 days.",
  within_a_day: "The relay's Teleport certificate ends within 24 hours.",
  last_quarter: "The relay's Teleport certificate is in the last quarter of its life and was not renewed.",
  expired: "The relay's Teleport certificate has expired: Teleport accepts no new connection with it.",
};
