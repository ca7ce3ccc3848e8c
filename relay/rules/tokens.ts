/**
 * The text of a condition → its tokens, as Go's scanner reads an expression: comments are skipped, and a line that could
 * end there does. Pure and linear in the length of the text.
 */
import { ConditionFault } from "./fault.ts";
import { interpretedText, rawText } from "./go-string.ts";

/** The longest condition that is read, in characters. */
export const MAX_CHARACTERS = 32_768;

/** Most tokens in a condition. */
export const MAX_TOKENS = 4_096;

/** `line` is the end of a line where Go would end the expression; `end` is behind the last token. */
export type Token =
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "symbol"; readonly text: string }
  | { readonly kind: "line" | "end" };

const SPACE = /[ \t\r]+/y;
const LINE = /\n/y;
const COMMENT = /\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//y;
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const NUMBER = /[0-9][0-9A-Za-z_.]*/y;
const INTERPRETED = /"((?:[^"\\\n]|\\[^\n])*)"/y;
const RAW = /`([^`]*)`/y;
const SYMBOL = /&&|\|\||[!=]=|[!().,[\]]/y;

/** https://go.dev/ref/spec#Keywords: no names to Go, and so none here. */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "break case chan const continue default defer else fallthrough for func go goto if import interface map package " +
    "range return select struct switch type var"
  ).split(" "),
);

const MAX_INTEGER = 2n ** 63n - 1n;

/** Reads a condition's tokens; the last is `end`. Throws {@link ConditionFault}. */
export function tokensOf(text: string): Token[] {
  if (text.length > MAX_CHARACTERS) throw new ConditionFault(`It is longer than ${MAX_CHARACTERS} characters.`);
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < text.length) {
    if (take(SPACE) !== null) continue;
    const comment = take(COMMENT)?.[0];
    if (comment !== undefined && !comment.includes("\n")) continue;
    if (comment !== undefined || take(LINE) !== null) {
      if (mayEnd(tokens.at(-1))) tokens.push({ kind: "line" });
      continue;
    }
    tokens.push(tokenBy(take) ?? unreadable(text, at));
    if (tokens.length > MAX_TOKENS) throw new ConditionFault(`It has more than ${MAX_TOKENS} words.`);
  }
  return [...tokens, { kind: "end" }];
}

function tokenBy(take: (pattern: RegExp) => RegExpExecArray | null): Token | undefined {
  const name = take(NAME)?.[0];
  if (name !== undefined) return nameFor(name);
  const number = take(NUMBER)?.[0];
  if (number !== undefined) return integerFor(number);
  const interpreted = take(INTERPRETED)?.[1];
  if (interpreted !== undefined) return { kind: "string", value: interpretedText(interpreted) };
  const raw = take(RAW)?.[1];
  if (raw !== undefined) return { kind: "string", value: rawText(raw) };
  const symbol = take(SYMBOL)?.[0];
  return symbol === undefined ? undefined : { kind: "symbol", text: symbol };
}

function nameFor(text: string): Token {
  if (KEYWORDS.has(text)) throw new ConditionFault(`"${text}" is a keyword of Go and no name; write ["${text}"].`);
  return { kind: "name", text };
}

// Teleport takes decimal integers of 64 bits; what else Go calls a number is none here.
function integerFor(text: string): Token {
  const value = /^[0-9]{1,40}$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value > MAX_INTEGER) throw new ConditionFault(`"${text.slice(0, 40)}" is no integer.`);
  return { kind: "integer", value };
}

// Go ends a line behind whatever could end an expression.
function mayEnd(token: Token | undefined): boolean {
  if (token?.kind === "symbol") return token.text === ")" || token.text === "]";
  return token?.kind === "name" || token?.kind === "string" || token?.kind === "integer";
}

function unreadable(text: string, at: number): never {
  const [character = ""] = text.slice(at);
  const hint = character === "'" ? " Strings are in double quotes or in backquotes." : "";
  const what = /["`]/.test(character) ? "a string that does not end" : JSON.stringify(character);
  throw new ConditionFault(`There is ${what} at character ${at + 1}.${hint}`);
}
