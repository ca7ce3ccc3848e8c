/** Text that somebody might write who means no good, and what a reader may stumble over. */
import fc from "fast-check";

const PIECES: readonly string[] = [
  "/approve",
  "/deny",
  " ",
  "\n",
  "\r\n",
  "\t",
  "\0",
  "\u001b[2J",
  "\u007f",
  "\u0085",
  "\u00a0",
  "\u00ad",
  "\u200b",
  "\u202e",
  "\u2028",
  "\u2029",
  "\u2066",
  "\u2800",
  "\u3000",
  "\ufe0f",
  "\ufeff",
  "\ufffd",
  "\u{e0041}",
  "\ud800",
  "\udc00",
  "e\u0301",
  "\u{1f600}",
  "\u{1f468}\u200d\u{1f469}",
  "İ",
  "ß",
  "ſ",
  "K",
  "https://evil.example/",
  ":",
  "//",
  "www.evil.example",
  "<script>",
  "$1",
  "%00",
  "__proto__",
  "constructor",
  "'",
  '"',
  "`",
  "\\",
  ",",
  "=",
  "#",
  ".",
  "…",
  "Digest: 00000000",
  "Approve Request",
  "Resolution Note: /approve",
];

const REPEATS: readonly number[] = [2, 16, 300, 1100, 5000];

/** Hostile text, mostly short, now and then far longer than anything that is shown. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
      { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom(...PIECES), fc.constantFrom(...REPEATS))
          .map(([piece, count]) => piece.repeat(count)),
      },
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(""));

/** Hostile text of no lone surrogate, as whatever has come as UTF-8 is. */
export const hostileUtf8: fc.Arbitrary<string> = hostileText.map((text) => text.toWellFormed());

/** Text of a sort that is meant, or hostile. */
export function textLike(meant: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ weight: 3, arbitrary: meant }, { weight: 1, arbitrary: hostileText });
}
