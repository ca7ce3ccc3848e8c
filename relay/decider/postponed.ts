/** Why something waits that nothing is wrong with. */

/** A decision cannot be carried out just now, and soon may be. */
export class Postponed extends Error {
  override readonly name = "Postponed";
}
