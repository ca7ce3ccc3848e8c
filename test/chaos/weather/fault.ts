/** What a fault is: how often it is drawn, and what it does until it has undone itself. */
import type { Dice } from "../dice.ts";

/** What a fault may use while it lasts. */
export interface Sky {
  readonly dice: Dice;
  /** Waits so long, or until the weather clears. */
  readonly lasts: (ms: number) => Promise<void>;
}

export interface Fault {
  /** As the report counts it. */
  readonly name: string;
  readonly weight: number;
  /** Never rejects; resolves once everything is as it was. */
  readonly strike: (sky: Sky) => Promise<void>;
}
