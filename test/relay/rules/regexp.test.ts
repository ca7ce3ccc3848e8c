import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Budget, MAX_COST } from "../../../relay/rules/budget.ts";
import { ConditionFault } from "../../../relay/rules/fault.ts";
import {
  MAX_PATTERN_CHARACTERS,
  MAX_TEXT_CHARACTERS,
  MAX_WRITTEN_OUT_CHARACTERS,
  replaceMatches,
} from "../../../relay/rules/regexp.ts";

const replace = (text: string, pattern: string, replacement: string): string | undefined =>
  replaceMatches([text], pattern, replacement, new Budget())[0];

function faultOf(text: string, pattern: string, replacement: string): string | undefined {
  try {
    replace(text, pattern, replacement);
    return undefined;
  } catch (error) {
    if (error instanceof ConditionFault) return error.message;
    throw error;
  }
}

const TOO_MUCH = "It takes too much work to answer.";

describe("replacing the matches of a pattern", () => {
  it.each([
    // The answers are those of Go's regexp.ReplaceAllString.
    ["baaac", "a*", "x", "xbxcx"],
    ["aaa", "a*?", "x", "xaxaxax"],
    ["abc", "", "-", "-a-b-c-"],
    ["abcabc", "(?:a|ab)(c|bcd)?", "[$0]", "[a]bc[a]bc"],
    ["bob-dev", "^(\\w+)-(.*)$", `$2/\${1}`, "dev/bob"],
    ["bob", "(?P<name>b)o(?<last>b)", `$last\${name}$nobody$$`, "bb$"],
    ["bob", "(?P<constructor>b)ob", "$constructor$__proto__$toString", "b"],
    ["ab", "(a)(b)", "$1x", undefined],
    ["ab", "(a)(b)", `\${1}x`, "ax"],
    ["ab", "(a)(b)", "$2-$3-$01-$999999999999", "b---"],
    ["ab", "(?P<01>a)(b)", "$01", "a"],
    ["ab", "(a)|(b)", "[$1$2]", "[a][b]"],
    ["ab", "b", "$", "a$"],
    ["ab", "b", "$-$&${", "a$-$&${"],
    ["ab", "b", "\\$0", "a\\b"],
    ["ab", "a", `$é\${1x}-`, "-b"],
    ["2024-01", "\\d{4}-(\\d{2,})", "$1", "01"],
    ["a\nb", "a.b", "x", undefined],
    ["a\nb", "^b$", "x", undefined],
    ["b\n", "b$", "x", undefined],
    ["😀!", ".", "x", "xx"],
    ["a😀b", "", "-", "-a-😀-b-"],
    ["٣", "\\d", "x", undefined],
    ["ba", "\\ba", "x", undefined],
    ["one two", "\\btwo\\b", "2", "one 2"],
    ["aaa", "^a", "x", "xaa"],
    ["x", "y", "z", undefined],
    ["x", "x", "", undefined],
    ["abab", "(a|b|(c))+", "[$1$2]", "[b]"],
  ])("in %j, %s by %j: %j", (text, pattern, replacement, expected) => {
    expect(replace(text, pattern, replacement)).toBe(expected);
  });

  it("leaves out the texts without a match, and what becomes empty", () => {
    expect(replaceMatches(["eu-dev", "us-ops", "-dev", "eu-dev"], "^(.*)-dev$", "$1", new Budget())).toEqual([
      "eu",
      "eu",
    ]);
  });

  it("finds first what JavaScript finds first, where both mean the same", () => {
    const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "(a)", "(b|ab)", "(?:a|)");
    const times = fc.constantFrom("", "", "?", "*", "+?", "{2}", "{1,2}");
    const part = fc.oneof(fc.tuple(atom, times), fc.constant(["\\b", ""]));
    const letters = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), letters, (parts, text) => {
        const pattern = parts.flat().join("");
        const found = new RegExp(pattern, "u").exec(text.join(""))?.[0];
        const first = replace(text.join(""), `^.*?(?P<found>${pattern}).*$`, "<$found>");
        expect(first).toBe(found === undefined ? undefined : `<${found}>`);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a pattern", () => {
  it.each([
    ["(", "missing closing )"],
    [")", "unexpected )"],
    ["[a", "missing closing ]"],
    ["[z-a]", "invalid character class range"],
    ["[[:nobody:]]", "invalid character class range"],
    ["\\p{Nobody}", "invalid character class range"],
    ["*", "missing argument to repetition operator"],
    ["a**", "invalid nested repetition operator"],
    ["a{2,1}", "invalid repeat count"],
    ["a{1001}", "invalid repeat count"],
    ["(?:a{60}){20}", "invalid repeat count"],
    ["\\", "trailing backslash at end of expression"],
    ["(a)\\1", "invalid escape sequence"],
    ["\\x{110000}", "invalid escape sequence"],
    ["a(?=b)", "invalid or unsupported Perl syntax"],
    ["(?<!a)b", "invalid named capture"],
    ["(?P<a>b)(?P<a>c)", "duplicate capture group name"],
  ])("%s is at fault as in Go: %s", (pattern, why) => {
    expect(faultOf("aaa", pattern, "b")).toBe(`A pattern cannot be read: ${why}.`);
  });

  it("may be so long, and no longer", () => {
    expect(faultOf("a", "a".repeat(MAX_PATTERN_CHARACTERS), "b")).toBeUndefined();
    expect(faultOf("a", "a".repeat(MAX_PATTERN_CHARACTERS + 1), "b")).toBe("A pattern is longer than 1000 characters.");
  });

  it.each([
    "a{0,1000}".repeat(5),
    "(?:a?){0,1000}",
    "((a{100}){100}){100}",
    "(?:(?:(?:){1000}){1000}){1000}",
    `(?:${"a".repeat(100)}){${MAX_WRITTEN_OUT_CHARACTERS / 100}}`,
    `(a){${"9".repeat(400)}}`,
    "\\\\x{1000}".repeat(5),
  ])("is refused before it is written out at too great a length: %s", (pattern) => {
    expect(faultOf("a", pattern, "b")).toBe("A pattern is too large when written out.");
  });

  it.each([
    ["^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "123e4567-e89b-12d3-a456-426614174000"],
    ["^arn:aws:iam::(\\d{12}):role/([\\w+=,.@-]{1,64})$", "arn:aws:iam::123456789012:role/dev"],
    ["(?i)^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.){1,10}com$", "Db-1.Example.com"],
    ["^(\\d{1,3}\\.){3}\\d{1,3}$", "10.0.0.1"],
    ["[\\x{1000}-\\x{9999}]+\\){1}", "\u4e2d)"],
  ])("of everyday size costs little: %s", (pattern, text) => {
    const budget = new Budget();
    budget.spend(MAX_COST * 0.9);
    expect(replaceMatches([text], pattern, "found", budget)).toEqual(["found"]);
  });

  it("that folds the case of very many characters is paid for", () => {
    expect(faultOf("a", `(?i)[${"A-\u{1e942}".repeat(100)}]`, "b")).toBe(TOO_MUCH);
    expect(faultOf("a", `(?s)(?mi:[${"A-\\x{1e942}".repeat(60)}])`, "b")).toBe(TOO_MUCH);
    expect(faultOf("a", `[${"A-\u{1e942}".repeat(100)}]`, "b")).toBeUndefined();
  });
});

describe("a search", () => {
  it("is of texts so long, and no longer", () => {
    expect(faultOf("a".repeat(MAX_TEXT_CHARACTERS), "a+", "b")).toBeUndefined();
    expect(faultOf("a".repeat(MAX_TEXT_CHARACTERS + 1), "a+", "b")).toBe(
      "A text to search is longer than 16384 characters.",
    );
  });

  it.each([
    ["(a*)*b", "x"],
    ["(a|a)*b", "x"],
    ["(a+a+)+y", "x"],
    ["(.*)(.*)(.*)(.*)(.*)[^a]", "$1"],
  ])("for what is not there is short, whatever the pattern: %s", (pattern, replacement) => {
    expect(replace("a".repeat(MAX_TEXT_CHARACTERS), pattern, replacement)).toBeUndefined();
  });

  it.each([
    ["that starts over at every character", "a.*b|a", "x"],
    ["that finds nothing at every place", "(?:a.*b)?", "x"],
    ["with many threads", "(?:a?){300}$", "x"],
    ["with many groups", `(?:${"(a|)".repeat(100)})*$`, "$1"],
    ["whose replacement multiplies", "a*", "$0".repeat(100)],
  ])("%s gives up past the budget", (_, pattern, replacement) => {
    expect(faultOf("a".repeat(MAX_TEXT_CHARACTERS), pattern, replacement)).toBe(TOO_MUCH);
  });

  it("takes a replacement of very many references", () => {
    expect(replace("a", "a", "$1$0".repeat(50_000))).toBe("a".repeat(50_000));
    expect(faultOf("a", "a", "$0".repeat(MAX_COST))).toBe(TOO_MUCH);
  });

  it("adds up over all texts of a set", () => {
    const texts = Array.from({ length: 400 }, (_, at) => `${at}${"a".repeat(4_000)}`);
    expect(() => replaceMatches(texts, "(a)+", "$1", new Budget())).toThrow(TOO_MUCH);
    expect(replaceMatches(texts.slice(0, 50), "(a)+", "$1", new Budget())).toHaveLength(50);
  });

  it("answers or faults, whatever the pattern, the replacement and the text", () => {
    const words = [
      "(",
      ")",
      "[",
      "]",
      "^",
      "-",
      "\\",
      "{2}",
      "*",
      "?",
      "|",
      "(?i)",
      "(?P<n>",
      "\\pL",
      "é",
      "😀",
      "$",
      "a",
    ];
    const pattern = fc.array(fc.constantFrom(...words), { maxLength: 10 }).map((parts) => parts.join(""));
    const replacement = fc.array(fc.constantFrom("$", "{", "}", "0", "1", "n", "é"), { maxLength: 6 });
    fc.assert(
      fc.property(pattern, replacement, fc.string({ unit: "binary" }), (given, parts, text) => {
        expect(typeof (faultOf(text, given, parts.join("")) ?? "")).toBe("string");
      }),
      { numRuns: 300 },
    );
  });
});
