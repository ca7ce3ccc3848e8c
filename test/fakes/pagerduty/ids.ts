/**
 * Ids that look like PagerDuty's: a prefix, some letters of this account's own, a serial number.
 */
import { randomBytes } from "node:crypto";

/** A source of ids for one stand-in. */
export class Ids {
  readonly #tag = randomBytes(6).toString("hex").toUpperCase();
  #serial = 0;

  /** The next id: unique here, and unlike those of another stand-in. Longer than `length` once serials need it. */
  next(prefix: string, length: number): string {
    this.#serial += 1;
    const serial = this.#serial.toString(36).toUpperCase();
    const room = length - prefix.length;
    const tag = this.#tag.slice(0, Math.max(2, room - 6));
    return prefix + tag + serial.padStart(room - tag.length, "0");
  }
}
