/**
 * The files of the relay's credentials while it runs: looked at often and cheaply, read only when they have changed, and
 * taken only when they are whole. Files that were caught while they were written are looked at again; what was good before
 * stays good.
 */
import { type Identity, readIdentity } from "../identity.ts";
import { IdentityError } from "./error.ts";
import { fingerprintOf, type IdentitySource } from "./source.ts";

/** What a look at the files found. `broken`: they have changed and cannot be used, first seen at `sinceMs`. */
export type Look =
  | { readonly kind: "unchanged" }
  | { readonly kind: "renewed"; readonly identity: Identity }
  | { readonly kind: "broken"; readonly problem: string; readonly sinceMs: number };

const UNCHANGED: Look = { kind: "unchanged" };

export class IdentityFiles {
  readonly #source: IdentitySource;
  #last: Identity;
  #fingerprint: string | undefined;
  #brokenSinceMs: number | undefined;

  /** `last` is what was read from them before. */
  constructor(source: IdentitySource, last: Identity) {
    this.#source = source;
    this.#last = last;
  }

  /** Looks once, at `nowMs` since the epoch; each renewal is told once. Never rejects but for a fault of our own. */
  async look(nowMs: number): Promise<Look> {
    const fingerprint = await fingerprintOf(this.#source);
    if (fingerprint === this.#fingerprint && this.#brokenSinceMs === undefined) return UNCHANGED;
    const identity = await this.#readWhole(fingerprint, nowMs);
    if (typeof identity === "string") {
      this.#brokenSinceMs ??= nowMs;
      return { kind: "broken", problem: identity, sinceMs: this.#brokenSinceMs };
    }
    this.#fingerprint = fingerprint;
    this.#brokenSinceMs = undefined;
    if (isSame(identity, this.#last)) return UNCHANGED;
    this.#last = identity;
    return { kind: "renewed", identity };
  }

  /** The identity, or why there is none: sentences. */
  async #readWhole(fingerprint: string, nowMs: number): Promise<Identity | string> {
    try {
      const identity = await readIdentity(this.#source, nowMs);
      // Files of two renewals may fit together and yet belong to neither.
      if ((await fingerprintOf(this.#source)) === fingerprint) return identity;
      return "The files of the Teleport credentials are being written.";
    } catch (error) {
      if (error instanceof IdentityError) return error.message;
      throw error;
    }
  }
}

function isSame(a: Identity, b: Identity): boolean {
  return a.certificate === b.certificate && a.key === b.key && a.authorities.join() === b.authorities.join();
}
