/** The commands that notes are, against a reference that walks through the characters one by one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { commandIn, isNearMiss } from "../../../shared/click.ts";
import { property, type Target } from "../target.ts";
import { mutatedText } from "../values/bytes.ts";
import { hostileText } from "../values/text.ts";

/** White space and line ends as ECMAScript has them (sections 12.2 and 12.3), which is `\s`. */
const BLANKS = new Set(
  "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
);

/** `^\s*\/(approve|deny)(\s|$)`, any case. */
function verdictBy(note: string): "approve" | "deny" | undefined {
  let begin = 0;
  while (BLANKS.has(note.charAt(begin))) begin++;
  for (const verdict of ["approve", "deny"] as const) {
    const end = begin + 1 + verdict.length;
    const word = note.slice(begin, end);
    const isCommand = word.charAt(0) === "/" && sameAscii(word.slice(1), verdict);
    if (isCommand && (note.length === end || BLANKS.has(note.charAt(end)))) return verdict;
  }
  return undefined;
}

// Letter by letter, so that no letter of another alphabet folds to one of these.
function sameAscii(word: string, lower: string): boolean {
  return [...lower].every((letter, index) => {
    const code = word.charCodeAt(index);
    return code === letter.charCodeAt(0) || code === letter.charCodeAt(0) - 32;
  });
}

const note = fc.oneof(
  hostileText,
  mutatedText(
    ["/approve looks fine", "/deny", "  /APPROVE\nall of it", "/approved", "Resolution Note: /deny", "approve"],
    3,
  ),
  fc
    .tuple(
      fc.constantFrom("", " ", "\n\t", "\u00a0", "\u200b", "x"),
      fc.constantFrom("/approve", "/Deny", "/ſeny"),
      hostileText,
    )
    .map((parts) => parts.join("")),
);

export const commands: Target = {
  name: "commands",
  about: "notes that are commands, and those that are nearly",
  properties: () => [
    property("a note is a command exactly when the grammar says so", note, (text) => {
      assert.equal(commandIn(text)?.verdict, verdictBy(text));
    }),
    property("of a trimmed note a command counts only when it is whole", note, (text) => {
      const command = commandIn(text, true);
      if (command === undefined) return;
      assert.equal(verdictBy(`${text}x`), command.verdict);
    }),
    property("what is nearly a command is none", note, (text) => {
      if (isNearMiss(text)) assert.equal(commandIn(text), undefined);
    }),
    property("a reason is a part of its note, without blanks around it", note, (text) => {
      const reason = commandIn(text)?.reason ?? "";
      assert(text.includes(reason) && reason === reason.trim());
    }),
  ],
};
