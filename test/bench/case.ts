/** One case of the bench: what it measures, and how. */
import type { Row } from "./row.ts";

/** How much is measured. */
export interface Effort {
  /** Rounds of each figure, every one beside its limit. */
  readonly rounds: number;
  /** Whether it must be over soon: fewer samples, smaller crowds. */
  readonly isQuick: boolean;
  /** Says what is being done. */
  readonly tell: (line: string) => void;
}

export interface Case {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  readonly measure: (effort: Effort) => Promise<readonly Row[]>;
}
