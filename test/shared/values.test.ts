import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { countSchema, instantSchema, nonEmptySchema, ordinalSchema, orElse, textOf } from "../../shared/values.ts";

describe.each([
  ["a count", countSchema, [0, 1, 2 ** 53 - 1], [-1, 0.5, Number.NaN, 2 ** 53, "1", null, undefined]],
  ["an ordinal", ordinalSchema, [1, 2 ** 53 - 1], [0, -1, 1.5, Number.POSITIVE_INFINITY, "1", null]],
  ["text that is not empty", nonEmptySchema, ["a", " "], ["", 1, null, undefined, ["a"]]],
  ["text of two to three", textOf(2, 3), ["ab", "abc"], ["", "a", "abcd", 12, null]],
])("%s", (_, schema: z.ZodMiniType, taken: unknown[], refused: unknown[]) => {
  it.each(taken)("may be %j", (value) => {
    expect(schema.parse(value)).toBe(value);
  });

  it.each(refused)("is never %j", (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

describe("an instant", () => {
  it.each([
    ["2026-03-01T12:00:00Z", Date.UTC(2026, 2, 1, 12)],
    ["2026-03-01T12:00:00.250Z", Date.UTC(2026, 2, 1, 12, 0, 0, 250)],
    ["2026-03-01T12:00:00-05:30", Date.UTC(2026, 2, 1, 17, 30)],
  ])("reads %s as milliseconds", (text, expected) => {
    expect(instantSchema.parse(text)).toBe(expected);
  });

  it.each([
    "2026-03-01T12:00:00",
    "2026-03-01",
    "2026-02-30T12:00:00Z",
    "2026-13-01T12:00:00Z",
    "2026-03-01T12:60:00Z",
    "2026-03-01T12:00:00+25:00",
    "2026-03-01T12:00:00Z\n",
    "March 1, 2026",
    "yesterday",
    "",
    1,
    null,
  ])("is never %j", (value) => {
    expect(instantSchema.safeParse(value).success).toBe(false);
  });
});

describe("orElse", () => {
  const schema = z.object({ name: orElse(nonEmptySchema, null), other: z.string() });

  it("reads what the schema reads", () => {
    expect(schema.parse({ name: "a", other: "b" })).toEqual({ name: "a", other: "b" });
  });

  it.each([{}, { name: undefined }, { name: null }, { name: "" }, { name: { deep: [1] } }])(
    "falls back in %j, and hides no fault beside it",
    (value) => {
      expect(schema.parse({ ...value, other: "b" })).toEqual({ name: null, other: "b" });
      expect(schema.safeParse({ ...value, other: 1 }).success).toBe(false);
    },
  );
});
