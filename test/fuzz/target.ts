/**
 * What is fuzzed: a target has properties, and a property says what must hold for whatever a generator makes. A property
 * that does not hold comes back as a value, with the smallest example that was found and the path that leads to it again.
 */
import fc from "fast-check";
import { shown } from "./shown.ts";

/** One part of the product. */
export interface Target {
  /** For `--target`. */
  readonly name: string;
  /** What it is, a few words. */
  readonly about: string;
  /** Whether it compares times, which only a quiet machine can do. */
  readonly isTimed?: true;
  /** Made when they are needed: some need keys or files first. */
  readonly properties: () => readonly Property[] | Promise<readonly Property[]>;
}

/** How often, from which seed, and for a replay from which point of it. */
export interface Course {
  readonly runs: number;
  readonly seed: number;
  /** Of a {@link Finding}. */
  readonly path?: string;
}

/** What does not hold. */
export interface Finding {
  /** The smallest counterexample that was found. */
  readonly example: string;
  readonly problem: string;
  /** Leads straight to it under the same seed. */
  readonly path: string;
}

export interface Result {
  readonly runs: number;
  readonly finding: Finding | undefined;
}

/** What must hold, as a sentence, and how to try it. */
export interface Property {
  readonly says: string;
  readonly run: (course: Course) => Promise<Result>;
}

export interface PropertyOptions {
  /** How many cheap runs one of these is worth: it is run so many times less often. */
  readonly cost?: number;
}

/** Something that must hold for every value: `holds` throws when it does not. */
export function property<Value>(
  says: string,
  values: fc.Arbitrary<Value>,
  holds: (value: Value) => void | Promise<void>,
  { cost = 1 }: PropertyOptions = {},
): Property {
  return {
    says,
    async run({ runs, seed, path = "" }) {
      const checked = fc.asyncProperty(values, async (value) => {
        await holds(value);
      });
      const numRuns = Math.max(1, Math.ceil(runs / cost));
      const details = await fc.check(checked, { numRuns, seed, path });
      return { runs: details.numRuns, finding: details.failed ? findingIn(details) : undefined };
    },
  };
}

interface Failure {
  readonly counterexample: readonly unknown[] | null;
  readonly counterexamplePath: string | null;
  readonly errorInstance: unknown;
}

function findingIn({ counterexample, counterexamplePath, errorInstance }: Failure): Finding {
  const problem =
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  return { example: shown(counterexample?.[0]), problem, path: counterexamplePath ?? "" };
}
