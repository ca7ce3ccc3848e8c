/** What is wrong with a configuration, as sentences for the person who has to mend it. Pure. */
import type * as z from "zod";
import { documentSchema, sections } from "./schema.ts";

export interface Fault {
  /** Where it is: section, key, and what lies deeper. */
  readonly path: readonly PropertyKey[];
  /** Ends with a full stop and says how to mend it; never repeats a value, which might be a secret in the wrong place. */
  readonly problem: string;
}

/** The faults that one issue of the schema stands for. */
export function faultsFor(issue: z.core.$ZodIssue): Fault[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...issue.path, key]));
  return [{ path: issue.path, problem: problemFor(issue) }];
}

function problemFor(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? missingProblem(issue) : `must be ${KINDS[issue.expected] ?? issue.expected}.`;
    case "invalid_value":
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}.`;
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? "must not be empty."
        : `must be at least ${issue.minimum}.`;
    case "too_big":
      return issue.origin === "string" ? issue.message : `must be at most ${issue.maximum}.`;
    case "invalid_key":
      return issue.issues[0]?.message ?? issue.message;
    default:
      return issue.message;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text in quotes",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
  array: 'a list, such as ["…"]',
  object: "a section of keys",
  record: "a section of keys",
};

function missingProblem({ path: [section, key] }: z.core.$ZodIssue): string {
  const meaning = shapeOf(section)?.[String(key)]?.description;
  return `is required. ${meaning ?? ""}`.trim();
}

function unknownKey(path: readonly PropertyKey[]): Fault {
  const known = path.length === 1 ? Object.keys(documentSchema.shape) : Object.keys(shapeOf(path[0]) ?? {});
  const here = path.length <= 2 ? ` Known here: ${known.join(", ")}.` : "";
  return { path, problem: `is not a key of this configuration.${here}` };
}

function shapeOf(section: PropertyKey | undefined): Readonly<Record<string, z.ZodType>> | undefined {
  return Object.entries(sections).find(([name]) => name === section)?.[1].shape;
}

/** Whether a key is faulty as a whole. A faulty member of a list is not: the others can still be judged. */
export function isFaulty(faults: readonly Fault[], section: string, key: string): boolean {
  return faults.some(({ path }) => path[0] === section && path[1] === key && typeof path[2] !== "number");
}

/** A copy of a parsed document without what is faulty, so that the rest can still be judged. */
export function withoutFaults(document: unknown, faults: readonly Fault[]): object {
  return Object(
    prune(
      document,
      faults.map(({ path }) => path),
    ),
  );
}

function prune(value: unknown, paths: readonly (readonly PropertyKey[])[]): unknown {
  if (paths.length === 0 || typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).flatMap(([name, member]) => {
    const below = paths.filter(([first]) => String(first) === name).map(([, ...rest]) => rest);
    return below.some((path) => path.length === 0) ? [] : [[name, prune(member, below)] as const];
  });
  return Array.isArray(value) ? kept.map(([, member]) => member) : Object.fromEntries(kept);
}
