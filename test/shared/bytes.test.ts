import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64, MAX_JSON_DEPTH, parseJsonBytes, parseJsonText, toBase64 } from "../../shared/bytes.ts";
import { DELIVERIES, fixture } from "./fixtures.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("toBase64 and fromBase64", () => {
  it.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foobar", "Zm9vYmFy"],
  ])("take %j for %j and back (RFC 4648 section 10)", (text, base64) => {
    expect(toBase64(encode(text))).toBe(base64);
    expect(fromBase64(base64)).toEqual(encode(text));
  });

  it("take all bytes there and back, as Node does it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each(["Zg", "Zm9v\n", " Zm9v"])("lets missing padding and white space pass in %j", (text) => {
    expect(fromBase64(text)).toEqual(new Uint8Array(Buffer.from(text, "base64")));
  });

  it.each(["Z", "Zg=", "Zm9v!", "Zm-_", "é", "====", "Zm9vZ"])("has no bytes for %j", (text) => {
    expect(fromBase64(text)).toBeUndefined();
  });
});

/** JSON that nests to a depth: arrays and objects in turn, with brackets in its strings. */
function nested(depth: number): string {
  const levels = Array.from({ length: depth }, (_, level) => level % 2 === 0);
  const open = levels.map((isArray) => (isArray ? "[" : '{"]}":')).join("");
  return `${open}"[{"${levels
    .toReversed()
    .map((isArray) => (isArray ? "]" : "}"))
    .join("")}`;
}

describe("parseJsonBytes and parseJsonText", () => {
  it.each(DELIVERIES)("read %s as JSON.parse does", (name) => {
    const raw = fixture(name);
    const text = new TextDecoder().decode(raw);
    expect(parseJsonBytes(raw)).toEqual(JSON.parse(text));
    expect(parseJsonText(text)).toEqual(JSON.parse(text));
  });

  it.each([MAX_JSON_DEPTH - 1, MAX_JSON_DEPTH])("read %i levels", (depth) => {
    expect(parseJsonText(nested(depth))).toEqual(JSON.parse(nested(depth)));
  });

  it.each([MAX_JSON_DEPTH + 1, 1000])("do not read %i levels", (depth) => {
    expect(parseJsonText(nested(depth))).toBeUndefined();
    expect(parseJsonBytes(encode(nested(depth)))).toBeUndefined();
  });

  it("do not read 100,000 levels of arrays or objects, closed or not", () => {
    const depth = 100_000;
    for (const text of ["[".repeat(depth), '{"a":'.repeat(depth), "[".repeat(depth) + "]".repeat(depth)]) {
      expect(parseJsonBytes(encode(text))).toBeUndefined();
    }
  });

  it("do not let closing brackets pay for opening ones to come", () => {
    expect(parseJsonText(`${"]".repeat(100)}${nested(100)}`)).toBeUndefined();
    expect(parseJsonText(`"${"]".repeat(100)}"${nested(100)}`)).toBeUndefined();
    expect(parseJsonText(`["${"]".repeat(100)}",${nested(MAX_JSON_DEPTH)}]`)).toBeUndefined();
  });

  it.each([
    ['["\\"[[", "\\\\"]', ['"[[', "\\"]],
    [`"\\"${"[".repeat(99)}"`, `"${"[".repeat(99)}`],
    [`{"a":"${"[".repeat(99)}"}`, { a: "[".repeat(99) }],
    [`"${"\\\\".repeat(3)}"`, "\\\\\\"],
    ["null", null],
    ["[[],[],[],{}]", [[], [], [], {}]],
  ])("count no bracket in a string: %s", (text, value) => {
    expect(parseJsonText(text)).toEqual(value);
  });

  it("count levels, not brackets", () => {
    const wide = `[${Array.from({ length: 1000 }, () => "[{}]").join()}]`;
    expect(parseJsonText(wide)).toHaveLength(1000);
  });

  it.each(["[]", "{}", '[{"a":[]}]'])("do not forget the levels around %s when it ends", (inner) => {
    expect(parseJsonText(`[${inner},${nested(MAX_JSON_DEPTH - 1)}]`)).toHaveLength(2);
    expect(parseJsonText(`[${inner},${nested(MAX_JSON_DEPTH)}]`)).toBeUndefined();
  });

  it.each([
    ["nothing", []],
    ["a byte order mark", [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ["Latin 1", [0x22, 0xe9, 0x22]],
    ["a cut UTF-8 sequence", [0x22, 0xe2, 0x80]],
    ["an overlong form", [0x22, 0xc0, 0xa2, 0x22]],
    ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["UTF-16", [0x7b, 0x00, 0x7d, 0x00]],
    ["two values", [0x31, 0x20, 0x32]],
  ])("read nothing from %s", (_, bytes) => {
    expect(parseJsonBytes(Uint8Array.from(bytes))).toBeUndefined();
  });

  it("agree with JSON.parse about every shallow value, and never throw", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: "binary" }), (value) => {
        const text = JSON.stringify(value);
        expect(parseJsonText(text)).toEqual(JSON.parse(text));
        expect(parseJsonBytes(encode(text))).toEqual(JSON.parse(text));
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (raw) => void parseJsonBytes(raw)));
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'[]{}"\\,:1') }), (text) => void parseJsonText(text)));
  });

  it("bound the depth of whatever they do read", () => {
    const depthOf = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 * MAX_JSON_DEPTH }), (depth) => {
        const value = parseJsonText(nested(depth));
        expect(value === undefined ? depth > MAX_JSON_DEPTH : depthOf(value) === depth).toBe(true);
      }),
    );
  });

  it("leave prototypes alone", () => {
    parseJsonText('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
