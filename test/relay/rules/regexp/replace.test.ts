import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Budget } from "../../../../relay/rules/budget.ts";
import { ConditionFault } from "../../../../relay/rules/fault.ts";
import { replaceMatches } from "../../../../relay/rules/regexp/replace.ts";

const replace = (text: string, pattern: string, replacement: string): string | undefined =>
  replaceMatches([text], pattern, replacement, new Budget())[0];

describe("replacing the matches of a pattern", () => {
  it.each([
    // The answers are those of Go's regexp.ReplaceAllString.
    ["baaac", "a*", "x", "xbxcx"],
    ["aaa", "a*?", "x", "xaxaxax"],
    ["abc", "", "-", "-a-b-c-"],
    ["abcabc", "(?:a|ab)(c|bcd)?", "[$0]", "[a]bc[a]bc"],
    ["bob-dev", "^(\\w+)-(.*)$", `$2/\${1}`, "dev/bob"],
    ["bob", "(?P<name>b)o(?<last>b)", `$last\${name}$nobody$$`, "bb$"],
    ["ab", "(a)(b)", "$1x", undefined],
    ["ab", "(a)(b)", `\${1}x`, "ax"],
    ["ab", "b", "$", "a$"],
    ["2024-01", "\\d{4}-(\\d{2,})", "$1", "01"],
    ["aaaa", "a{2}", "b", "bb"],
    ["aaaa", "a{1,3}?", "b", "bbbb"],
    ["a{,2}", "a{,2}", "b", "b"],
    ["Hello", "(?i)h(?-i)ello", "bye", "bye"],
    ["HELLO", "(?i:h)ello", "bye", undefined],
    ["a\nb", "a.b", "x", undefined],
    ["a\nb", "(?s)a.b", "x", "x"],
    ["a\nb", "(?m)^b$", "x", "a\nx"],
    ["a\nb", "^b$", "x", undefined],
    ["one two", "\\btwo\\b", "2", "one 2"],
    ["one two", "\\Bwo\\z", "_", "one t_"],
    ["a.b|c", "\\Q.b|\\E", "-", "a-c"],
    ["a-]b", "[]-]+", "_", "a_b"],
    ["a^b", "[\\^a]", "_", "__b"],
    ["tab\there", "[[:space:]]", " ", "tab here"],
    ["naïve", "[^[:ascii:]]", "i", "naive"],
    ["naïve", "[[:^ascii:]]", "i", "naive"],
    ["日本go", "\\p{Han}+", "x", "xgo"],
    ["aB1", "\\pL", "x", "xx1"],
    ["aB1", "[\\P{Lu}1]", "x", "xBx"],
    ["😀!", ".", "x", "xx"],
    ["A", "\\x41|\\x{1F600}", "x", "x"],
    ["é", "(?i)É", "e", "e"],
    ["aéb", "\\W", "_", "a_b"],
    ["٣", "\\d", "x", undefined],
    ["x", "y", "z", undefined],
    ["x", "x", "", undefined],
    ["aa", "(a*)*", "x", "x"],
    ["abab", "(a|b|(c))+", "[$1$2]", "[b]"],
  ])("in %j, %s by %j: %j", (text, pattern, replacement, expected) => {
    expect(replace(text, pattern, replacement)).toBe(expected);
  });

  it.each([
    "(",
    ")",
    "a(?=b)",
    "(?<!a)b",
    "(?U)a",
    "[a",
    "[z-a]",
    "[[:word",
    "[[:nobody:]]",
    "*",
    "a**",
    "a{2}{3}",
    "a{2,1}",
    "a{1001}",
    "\\",
    "\\q",
    "(a)\\1",
    "\\p{Nobody}",
    "\\x{110000}",
    "(?:(?:(?:){1000}){1000}){1000}",
    "((a{100}){100}){100}",
    "(".repeat(100) + ")".repeat(100),
    "a".repeat(1_001),
  ])("refuses the pattern %s", (pattern) => {
    expect(() => replace("aaa", pattern, "b")).toThrow(ConditionFault);
  });

  it.each([
    ["(a*)*b", 20_000],
    ["(a|a)*b", 20_000],
    ["(.*)(.*)(.*)(.*)(.*)[^a]", 20_000],
    ["a?".repeat(100) + "a".repeat(100), 100],
    ["(x+x+)+y", 20_000],
  ])("ends on %s, however much there is to try", (pattern, length) => {
    for (const letter of ["a", "x"]) {
      try {
        replace(letter.repeat(length), pattern, "$0$0");
      } catch (error) {
        expect(error).toBeInstanceOf(ConditionFault);
      }
    }
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
