/**
 * Runs a pattern's program over a text: the leftmost match, and of those the one that the pattern prefers, as Go's engine
 * and Perl's find it. No place in the program is tried twice at one place in the text, so the work is at most the product
 * of their lengths, whatever the pattern. Pure.
 */
import type { Budget } from "../budget.ts";
import type { Place } from "./pattern.ts";
import type { Instruction } from "./program.ts";

/** Where each group begins and ends in the text, in characters: at 2n and 2n + 1 for group n; -1 for one not in the match. */
export type Match = readonly number[];

/** The first match at or behind a place; undefined when there is none. Throws a `ConditionFault` past the budget. */
export function matchFrom(
  program: readonly Instruction[],
  text: readonly string[],
  from: number,
  budget: Budget,
): Match | undefined {
  budget.spend(Math.ceil((program.length * (text.length - from + 1)) / 32));
  const tried = new Tried(program.length, from, text.length);
  for (let start = from; start <= text.length; start++) {
    const match = matchAt({ program, text, tried, budget }, start);
    if (match !== undefined) return match;
  }
  return undefined;
}

interface Run {
  readonly program: readonly Instruction[];
  readonly text: readonly string[];
  readonly tried: Tried;
  readonly budget: Budget;
}

/** A place to go on at, or a saved place to put back once everything behind it has failed. */
type Job = { readonly at: number; readonly position: number } | { readonly slot: number; readonly position: number };

function matchAt({ program, text, tried, budget }: Run, start: number): Match | undefined {
  const saved: number[] = [];
  const jobs: Job[] = [{ at: 0, position: start }];
  for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
    if ("slot" in job) {
      saved[job.slot] = job.position;
      continue;
    }
    let { at, position } = job;
    for (;;) {
      const instruction = program[at];
      if (instruction === undefined || tried.again(at, position)) break;
      budget.spend(1);
      if (instruction.kind === "found") return Array.from(saved, (place) => place ?? -1);
      if (instruction.kind === "split") {
        jobs.push({ at: instruction.second, position });
        at = instruction.first;
        continue;
      }
      if (instruction.kind === "save") {
        jobs.push({ slot: instruction.slot, position: saved[instruction.slot] ?? -1 });
        saved[instruction.slot] = position;
      } else if (instruction.kind === "place") {
        if (!isAt(instruction.place, text, position)) break;
      } else {
        const character = text[position];
        if (character === undefined || !instruction.test(character)) break;
        position++;
      }
      at++;
    }
  }
  return undefined;
}

function isAt(place: Place, text: readonly string[], position: number): boolean {
  const [before, behind] = [text[position - 1], text[position]];
  switch (place) {
    case "textBegin":
      return before === undefined;
    case "textEnd":
      return behind === undefined;
    case "lineBegin":
      return before === undefined || before === "\n";
    case "lineEnd":
      return behind === undefined || behind === "\n";
    case "word":
      return isWord(before) !== isWord(behind);
    case "noWord":
      return isWord(before) === isWord(behind);
  }
}

function isWord(character = ""): boolean {
  return /^[0-9A-Za-z_]$/.test(character);
}

/** Which places in a program have been tried at which places in a text, one bit each. */
class Tried {
  readonly #bits: Uint32Array;
  readonly #from: number;
  readonly #width: number;

  constructor(instructions: number, from: number, to: number) {
    this.#from = from;
    this.#width = to - from + 1;
    this.#bits = new Uint32Array(Math.ceil((instructions * this.#width) / 32));
  }

  /** Whether this was tried before; from now on it was. */
  again(at: number, position: number): boolean {
    const bit = at * this.#width + position - this.#from;
    const [word, mask] = [bit >>> 5, 1 << (bit & 31)];
    const bits = this.#bits[word] ?? 0;
    this.#bits[word] = bits | mask;
    return (bits & mask) !== 0;
  }
}
