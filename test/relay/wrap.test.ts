import { expect, it } from "vitest";
import { wrapped } from "../../relay/wrap.ts";

it.each([
  ["", 5, [""]],
  ["one two three", 7, ["one two", "three"]],
  ["one two", 100, ["one two"]],
  ["a veryverylong word", 6, ["a", "veryverylong", "word"]],
])("wraps %j at %d", (text, width, lines) => {
  expect(wrapped(text, width)).toEqual(lines);
});
