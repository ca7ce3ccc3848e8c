/**
 * One character in Go's regular expressions (https://pkg.go.dev/regexp/syntax): an escape or a class → a JavaScript class
 * that is only ever tried on one character, where nothing can backtrack. Pure; what Go does not know, or we do not, throws
 * a `ConditionFault`.
 */
import { ConditionFault } from "../fault.ts";

/** Letters of the flags that are on. */
export type Flags = ReadonlySet<string>;

/** The inside of JavaScript classes for Go's `\d`, `\s`, `\w` and their opposites: ASCII only. */
const PERL: Readonly<Record<string, string>> = {
  d: "0-9",
  D: "\\0-\\x2f\\x3a-\\u{10ffff}",
  s: "\\t\\n\\f\\r ",
  S: "\\0-\\x08\\x0b\\x0e-\\x1f\\x21-\\u{10ffff}",
  w: "0-9A-Za-z_",
  W: "\\0-\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\u{10ffff}",
};

const POSIX: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\0-\\x7f",
  blank: "\\t ",
  cntrl: "\\0-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t-\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

const CONTROL: Readonly<Record<string, string>> = {
  a: "\x07",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

const ESCAPED =
  /\\(?:([pP])(?:([A-Z])|\{(\^?)([A-Za-z_]+)\})|x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]{1,6})\}|([1-7][0-7]{1,2}|0[0-7]{0,2})|(.))/suy;
const POSIX_NAME = /\[:(\^?)([a-z]+):\]/y;

/** What stands for one character in a pattern: the inside of a JavaScript class, and the character when it is just one. */
export interface Member {
  readonly inside: string;
  readonly character?: string;
  /** Where the pattern goes on. */
  readonly end: number;
}

/** The escape at a place in a pattern, where there is a backslash. */
export function escapeAt(pattern: string, at: number): Member {
  ESCAPED.lastIndex = at;
  const found = ESCAPED.exec(pattern);
  if (found === null) throw new ConditionFault("A pattern ends in a backslash.");
  const end = ESCAPED.lastIndex;
  const [whole, property, letter, not, name, short, long, octal, plain = ""] = found;
  if (property !== undefined) {
    const isOpposite = (property === "P") !== (not === "^");
    return { inside: propertyFor(letter ?? name ?? "", isOpposite), end };
  }
  const hex = short ?? long;
  if (hex !== undefined) return { ...literal(Number.parseInt(hex, 16), whole), end };
  if (octal !== undefined) return { ...literal(Number.parseInt(octal, 8), whole), end };
  const perl = PERL[plain];
  if (perl !== undefined) return { inside: perl, end };
  const character = CONTROL[plain] ?? (/[\w\u0080-\u{10ffff}]/u.test(plain) ? undefined : plain);
  if (character === undefined) throw new ConditionFault(`A pattern has the escape ${whole}, unknown here.`);
  return { ...memberFor(character), end };
}

function literal(code: number, whole: string): Omit<Member, "end"> {
  if (code > 0x10ffff) throw new ConditionFault(`${whole} in a pattern is no character.`);
  return memberFor(String.fromCodePoint(code));
}

/** A character that stands for itself. */
export function memberFor(character: string): Omit<Member, "end"> {
  return { inside: `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`, character };
}

// Go names general categories and scripts without saying which; so does nothing else.
function propertyFor(name: string, isOpposite: boolean): string {
  const letter = isOpposite ? "P" : "p";
  if (name === "Any") return isOpposite ? "" : "\\0-\\u{10ffff}";
  for (const inside of [`\\${letter}{${name}}`, `\\${letter}{Script=${name}}`]) {
    const isShort = name.length <= 2 || inside.includes("=");
    if (isShort && isClass(inside)) return inside;
  }
  throw new ConditionFault(`A pattern names the characters ${name}, unknown here.`);
}

function isClass(inside: string): boolean {
  try {
    return new RegExp(`[${inside}]`, "u").test("") === false;
  } catch {
    return false;
  }
}

/** The class `[…]` at a place in a pattern, as the inside of a JavaScript class, `^` included. */
export function classAt(pattern: string, start: number): { readonly inside: string; readonly end: number } {
  let at = start + 1;
  const isOpposite = pattern[at] === "^";
  if (isOpposite) at++;
  const parts: string[] = [];
  const first = at;
  while (pattern[at] !== "]" || at === first) {
    POSIX_NAME.lastIndex = at;
    const posix = POSIX_NAME.exec(pattern);
    if (posix !== null) {
      parts.push(posixFor(posix));
      at = POSIX_NAME.lastIndex;
      continue;
    }
    const from = memberAt(pattern, at);
    at = from.end;
    if (pattern[at] !== "-" || pattern[at + 1] === "]" || from.character === undefined) {
      parts.push(from.inside);
      continue;
    }
    const to = memberAt(pattern, at + 1);
    at = to.end;
    parts.push(rangeFor(from, to));
  }
  return { inside: `${isOpposite ? "^" : ""}${parts.join("")}`, end: at + 1 };
}

function memberAt(pattern: string, at: number): Member {
  const code = pattern.codePointAt(at);
  if (code === undefined) throw new ConditionFault("A pattern has a class that does not end.");
  const character = String.fromCodePoint(code);
  return character === "\\" ? escapeAt(pattern, at) : { ...memberFor(character), end: at + character.length };
}

function rangeFor(from: Member, to: Member): string {
  const [low, high] = [from.character?.codePointAt(0) ?? 1, to.character?.codePointAt(0) ?? 0];
  if (low > high) throw new ConditionFault("A pattern has a range of characters that ends before it begins.");
  return `${from.inside}-${to.inside}`;
}

function posixFor([whole, not, name = ""]: RegExpExecArray): string {
  const inside = POSIX[name];
  if (inside === undefined) throw new ConditionFault(`A pattern names the characters ${whole}, unknown here.`);
  if (not === "") return inside;
  // Its opposite within another class: everything around the ASCII characters that it has.
  const isIn = new RegExp(`[${inside}]`, "u");
  const others = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter((one) => !isIn.test(one));
  return `${others.map((one) => memberFor(one).inside).join("")}\\x80-\\u{10ffff}`;
}

/** Whether one character is in a JavaScript class. */
export type Test = (character: string) => boolean;

/** The test for the inside of a class. */
export function testFor(inside: string, flags: Flags): Test {
  if (inside === "") return () => false;
  const one = new RegExp(`^[${inside}]$`, flags.has("i") ? "iu" : "u");
  return (character) => one.test(character);
}
