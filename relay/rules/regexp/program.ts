/**
 * A pattern's tree → a program for `match.ts`: every repetition is written out, and the whole is bounded. Pure.
 */
import { ConditionFault } from "../fault.ts";
import type { Test } from "./character.ts";
import type { Pattern, Place } from "./pattern.ts";

/** Most instructions in a program. */
export const MAX_INSTRUCTIONS = 5_000;

/** `split` goes on at both places, at the first of them rather; `save` notes where it is, a group's begin or end. */
export type Instruction =
  | { readonly kind: "character"; readonly test: Test }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "save"; readonly slot: number }
  | { kind: "split"; first: number; second: number }
  | { readonly kind: "found" };

/** Translates a pattern. Throws {@link ConditionFault} when it grows too large. */
export function programFor(pattern: Pattern): readonly Instruction[] {
  const writer = new Writer();
  writer.emit({ kind: "group", index: 0, inside: pattern });
  return [...writer.program, { kind: "found" }];
}

type Split = Extract<Instruction, { kind: "split" }>;

class Writer {
  readonly program: Instruction[] = [];
  /** Parts written, those that take no instruction included: an empty part may be asked for a billion times. */
  #parts = 0;

  emit(pattern: Pattern): void {
    if (++this.#parts > MAX_INSTRUCTIONS) throw new ConditionFault("A pattern is too large when written out.");
    switch (pattern.kind) {
      case "character":
      case "place":
        this.program.push(pattern);
        return;
      case "sequence":
        for (const part of pattern.parts) this.emit(part);
        return;
      case "group":
        this.program.push({ kind: "save", slot: pattern.index * 2 });
        this.emit(pattern.inside);
        this.program.push({ kind: "save", slot: pattern.index * 2 + 1 });
        return;
      case "choice":
        this.#choice(pattern.ways);
        return;
      case "repeat":
        this.#repeat(pattern);
    }
  }

  #choice([way, ...others]: readonly Pattern[]): void {
    if (way === undefined) return;
    if (others.length === 0) return this.emit(way);
    const split = this.#split();
    this.emit(way);
    const jump = this.#split();
    split.second = this.program.length;
    this.#choice(others);
    jump.first = this.program.length;
    jump.second = this.program.length;
  }

  #repeat({ of, min, max, isLazy }: Extract<Pattern, { kind: "repeat" }>): void {
    for (let time = 0; time < min; time++) this.emit(of);
    if (max === null) return this.#loop(of, isLazy);
    const optional = Array.from({ length: max - min }, () => {
      const split = this.#split();
      this.emit(of);
      return split;
    });
    for (const split of optional) skip(split, this.program.length, isLazy);
  }

  #loop(of: Pattern, isLazy: boolean): void {
    const start = this.program.length;
    const split = this.#split();
    this.emit(of);
    this.program.push({ kind: "split", first: start, second: start });
    skip(split, this.program.length, isLazy);
  }

  /** A split whose ways are, for now, both what follows it. */
  #split(): Split {
    const split: Split = { kind: "split", first: this.program.length + 1, second: this.program.length + 1 };
    this.program.push(split);
    return split;
  }
}

// The way past what follows: the second choice, or the first of a lazy repetition.
function skip(split: Split, past: number, isLazy: boolean): void {
  if (isLazy) split.first = past;
  else split.second = past;
}
