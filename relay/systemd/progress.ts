/**
 * Whether the relay's parts still make progress. Each part says so as it goes round; one that has been silent for longer
 * than it may is stalled. A part that waits for somebody else, and would try again, makes progress.
 */
import type { Clock } from "../time/clock.ts";

/** Says that a part has made progress just now. */
export type Beat = () => void;

/** One part that goes round by itself, or one piece of its work. */
export interface Part {
  /** What it does, a few words: `the watch of Teleport`. */
  readonly name: string;
  /** The longest that it may be silent, in ms. */
  readonly withinMs: number;
}

/** Takes note of when parts were last heard of. */
export class Progress {
  readonly #clock: Pick<Clock, "now">;
  /** By an entry of its own each, since several may have one name. */
  readonly #heard = new Map<Part, number>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Follows one more part, for good; it beats as it goes round. */
  follow(part: Part): Beat {
    const entry = { ...part };
    const beat = (): void => void this.#heard.set(entry, this.#clock.now());
    beat();
    return beat;
  }

  /** Follows one piece of work until its end is told. */
  begin(part: Part): () => void {
    const entry = { ...part };
    this.#heard.set(entry, this.#clock.now());
    return () => void this.#heard.delete(entry);
  }

  /** The names of the parts that are stalled, each once. */
  stalled(): string[] {
    const nowMs = this.#clock.now();
    const late = [...this.#heard].filter(([{ withinMs }, heardMs]) => nowMs - heardMs > withinMs);
    return [...new Set(late.map(([{ name }]) => name))];
  }
}
