/**
 * A pattern in Go's syntax (https://pkg.go.dev/regexp/syntax) → its tree. Recursive descent, bounded in length, depth and
 * in how often a part may be asked to repeat. Pure; what is no pattern, or has what we do not know, throws a
 * `ConditionFault`.
 */
import { ConditionFault } from "../fault.ts";
import { classAt, escapeAt, type Flags, memberFor, type Test, testFor } from "./character.ts";

/** The longest pattern that is read, in characters. */
export const MAX_PATTERN_CHARACTERS = 1_000;

/** How deep groups may nest. */
const MAX_DEPTH = 32;

/** Most times that `{n,m}` may ask for; Go's own limit. */
const MAX_REPEATS = 1_000;

/** A place between two characters. */
export type Place = "textBegin" | "textEnd" | "lineBegin" | "lineEnd" | "word" | "noWord";

/** `max` is null for any number of times. */
export type Pattern =
  | { readonly kind: "character"; readonly test: Test }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "sequence"; readonly parts: readonly Pattern[] }
  | { readonly kind: "choice"; readonly ways: readonly Pattern[] }
  | { readonly kind: "group"; readonly index: number; readonly inside: Pattern }
  | {
      readonly kind: "repeat";
      readonly of: Pattern;
      readonly min: number;
      readonly max: number | null;
      readonly isLazy: boolean;
    };

/** A pattern that has been read, and the names of its groups: the group at index 0 is the whole, without a name. */
export interface ReadPattern {
  readonly pattern: Pattern;
  readonly groups: readonly (string | null)[];
}

/** Reads a pattern. Throws {@link ConditionFault}. */
export function parsePattern(text: string): ReadPattern {
  if (text.length > MAX_PATTERN_CHARACTERS) {
    throw new ConditionFault(`A pattern is longer than ${MAX_PATTERN_CHARACTERS} characters.`);
  }
  return new Reader(text).whole();
}

const REPEAT = /(?:([*+?])|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})(\?)?/y;
const GROUP = /\((?:\?(?:P?<([A-Za-z_]\w*)>|([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])))?/y;
const PLACES: Readonly<Record<string, Place>> = { A: "textBegin", z: "textEnd", b: "word", B: "noWord" };
const KNOWN_FLAGS = /^[ims]*$/;

class Reader {
  readonly #text: string;
  readonly #groups: (string | null)[] = [null];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): ReadPattern {
    const pattern = this.#choice(new Set());
    if (this.#at < this.#text.length) throw new ConditionFault('A pattern has a ")" too many.');
    return { pattern, groups: this.#groups };
  }

  #choice(flags: Flags): Pattern {
    const ways: Pattern[] = [];
    let current = flags;
    do {
      const { parts, flags: after } = this.#sequence(current);
      current = after;
      ways.push({ kind: "sequence", parts });
    } while (this.#takes("|"));
    return { kind: "choice", ways };
  }

  // Flags that are set in the middle hold until the group ends.
  #sequence(from: Flags): { parts: Pattern[]; flags: Flags } {
    const parts: Pattern[] = [];
    let flags = from;
    while (this.#at < this.#text.length && !/[|)]/.test(this.#text[this.#at] ?? "")) {
      const atom = this.#atom(flags);
      if ("flags" in atom) flags = atom.flags;
      else parts.push(this.#repeated(atom));
    }
    return { parts, flags };
  }

  #atom(flags: Flags): Pattern | { flags: Flags } {
    const code = this.#text.codePointAt(this.#at) ?? 0;
    const character = String.fromCodePoint(code);
    switch (character) {
      case "(":
        return this.#group(flags);
      case "[": {
        const { inside, end } = classAt(this.#text, this.#at);
        this.#at = end;
        return { kind: "character", test: testFor(inside, flags) };
      }
      case "\\":
        return this.#escape(flags);
      case "*":
      case "+":
      case "?":
        throw new ConditionFault(`A pattern has a "${character}" with nothing to repeat.`);
    }
    this.#at += character.length;
    if (character === ".") return { kind: "character", test: (one) => flags.has("s") || one !== "\n" };
    if (character === "^") return { kind: "place", place: flags.has("m") ? "lineBegin" : "textBegin" };
    if (character === "$") return { kind: "place", place: flags.has("m") ? "lineEnd" : "textEnd" };
    return characterFor(character, flags);
  }

  #escape(flags: Flags): Pattern {
    const letter = this.#text[this.#at + 1] ?? "";
    const place = PLACES[letter];
    if (place !== undefined) {
      this.#at += 2;
      return { kind: "place", place };
    }
    if (letter === "Q") return this.#quoted(flags);
    const { inside, end } = escapeAt(this.#text, this.#at);
    this.#at = end;
    return { kind: "character", test: testFor(inside, flags) };
  }

  #quoted(flags: Flags): Pattern {
    const start = this.#at + 2;
    const end = this.#text.indexOf("\\E", start);
    const quoted = this.#text.slice(start, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#text.length : end + 2;
    return { kind: "sequence", parts: Array.from(quoted, (character) => characterFor(character, flags)) };
  }

  #group(flags: Flags): Pattern | { flags: Flags } {
    GROUP.lastIndex = this.#at;
    const [whole = "", name, on, off = "", close] = GROUP.exec(this.#text) ?? [];
    if (whole === "(" && this.#text[this.#at + 1] === "?") throw unknownGroup();
    this.#at += whole.length;
    if (on === undefined) {
      const index = this.#groups.push(name ?? null) - 1;
      return { kind: "group", index, inside: this.#inside(flags) };
    }
    if (!KNOWN_FLAGS.test(on + off)) throw unknownGroup();
    const changed = new Set([...flags, ...on].filter((flag) => !off.includes(flag)));
    return close === ")" ? { flags: changed } : this.#inside(changed);
  }

  #inside(flags: Flags): Pattern {
    if (++this.#depth > MAX_DEPTH) throw new ConditionFault(`A pattern nests deeper than ${MAX_DEPTH} levels.`);
    const inside = this.#choice(flags);
    this.#depth--;
    if (!this.#takes(")")) throw new ConditionFault('A pattern lacks a ")".');
    return inside;
  }

  #repeated(of: Pattern): Pattern {
    const repeat = this.#repeat();
    if (repeat === undefined) return of;
    if (this.#repeat() !== undefined) throw new ConditionFault("A pattern repeats what is repeated already.");
    return { kind: "repeat", of, ...repeat };
  }

  #repeat(): { min: number; max: number | null; isLazy: boolean } | undefined {
    REPEAT.lastIndex = this.#at;
    const found = REPEAT.exec(this.#text);
    if (found === null) return undefined;
    this.#at = REPEAT.lastIndex;
    const [, sign, least, comma, most, lazy] = found;
    const isLazy = lazy !== undefined;
    if (sign !== undefined) return { min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : null, isLazy };
    const min = Number(least);
    const max = most === undefined ? (comma === undefined ? min : null) : Number(most);
    if (min > MAX_REPEATS || (max !== null && (max > MAX_REPEATS || max < min))) {
      throw new ConditionFault("A pattern has a number of times that is none.");
    }
    return { min, max, isLazy };
  }

  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }
}

function characterFor(character: string, flags: Flags): Pattern {
  if (flags.has("i")) return { kind: "character", test: testFor(memberFor(character).inside, flags) };
  return { kind: "character", test: (one) => one === character };
}

function unknownGroup(): ConditionFault {
  return new ConditionFault("A pattern has a kind of group, unknown here; Go has no look-around.");
}
