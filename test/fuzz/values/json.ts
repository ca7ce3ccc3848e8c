/** JSON of a known shape with something in it that does not belong there: what a mutator of bytes seldom gets to. */
import fc from "fast-check";
import { hostileText } from "./text.ts";

/** Values of a kind that nobody asked for. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    "",
    0,
    -1,
    0.5,
    2 ** 31,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    8_640_000_000_000_001,
    1e308,
    [],
    {},
    [null],
    [[]],
    { id: null },
    "x".repeat(70_000),
    "9".repeat(300),
    "2026-02-30T00:00:00Z",
    "+275760-09-13T00:00:00Z",
  ),
  hostileText,
  fc.constantFrom(31, 33, 64).map(nested),
  fc.array(fc.constant("x"), { minLength: 200, maxLength: 200 }),
);

const KEYS = ["__proto__", "constructor", "toString", "id", "type", "seq", "", "extra"] as const;

type Change =
  | { readonly kind: "replace" | "remove"; readonly at: number; readonly value: unknown }
  | { readonly kind: "add"; readonly at: number; readonly key: string; readonly value: unknown };

const at = fc.nat({ max: 0xffff });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constantFrom("replace", "replace", "remove"), at, value: junk }),
  fc.record({ kind: fc.constant("add"), at, key: fc.constantFrom(...KEYS), value: junk }),
);

/** One of the samples, changed in up to `maxChanges` places, mostly in one. */
export function mutatedJson<Sample>(samples: readonly Sample[], maxChanges = 3): fc.Arbitrary<unknown> {
  const changes = fc.oneof(
    { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(change, { maxLength: maxChanges }) },
  );
  return fc.tuple(fc.constantFrom(...samples), changes).map(([sample, changes]) => {
    const root = { root: structuredClone<unknown>(sample) };
    for (const each of changes) apply(root, each);
    return root.root;
  });
}

/** As {@link mutatedJson}, as JSON text; empty when nothing is left of it. */
export function mutatedJsonText<Sample>(samples: readonly Sample[], maxChanges = 3): fc.Arbitrary<string> {
  return mutatedJson(samples, maxChanges).map((value) => JSON.stringify(value) ?? "");
}

// What is put in is a copy: the next change may be one of it.
function apply(root: object, wanted: Change): void {
  const value = structuredClone(wanted.value);
  const slots = slotsIn(root);
  const slot = slots[wanted.at % slots.length];
  if (slot === undefined) return;
  const [holder, key] = slot;
  switch (wanted.kind) {
    case "replace":
      return define(holder, key, value);
    case "remove":
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else if (holder !== root) Reflect.deleteProperty(holder, key);
      return;
    case "add": {
      const inside: unknown = Reflect.get(holder, key);
      if (Array.isArray(inside)) inside.push(value);
      else if (isHolder(inside)) define(inside, wanted.key, value);
    }
  }
}

// An assignment to `__proto__` would not make a key of it.
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function slotsIn(holder: object): [object, string][] {
  return Object.entries(holder).flatMap(([key, value]): [object, string][] => [
    [holder, key],
    ...(isHolder(value) ? slotsIn(value) : []),
  ]);
}

function isHolder(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}
