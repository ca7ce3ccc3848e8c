/**
 * The byte mutator: samples with a few edits each, at random places and with what readers stumble over. The edits are
 * values of fast-check, so that a seed repeats them and a finding shrinks to the one edit that matters.
 */
import fc from "fast-check";

type Edit = (bytes: Uint8Array) => Uint8Array;

/** Taken modulo what there is, so that a place stays a place while the bytes shrink. */
const place = fc.nat({ max: 0xffff });
const byte = fc.nat({ max: 0xff });

const encoder = new TextEncoder();

/** What is put in between: pieces of JSON, TOML and PEM, broken UTF-8, and what bombs are made of. */
const PIECES: readonly Uint8Array[] = [
  ...[
    '"__proto__":{"polluted":true},',
    '"constructor":{"prototype":{"polluted":true}},',
    '"type":"decide",',
    '"event":{},',
    '"id":"",',
    '"seq":1e999,',
    "1e999",
    "-0",
    "9007199254740993",
    "0.1",
    "\\ud800",
    "\\u0000",
    "null",
    "true",
    "[]",
    "{}",
    "[".repeat(33),
    '{"a":'.repeat(40),
    "[".repeat(5000),
    '"',
    "'",
    "\\",
    ",",
    ":",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\ufeff",
    "\ufffd",
    "\u202e",
    "[[x]]\n",
    "a.b.c.d = 1\n",
    "1979-13-41",
    "0x7fffffffffffffff",
    "nan",
    '"""',
    "-----BEGIN CERTIFICATE-----\n",
    "-----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\n",
  ].map((text) => encoder.encode(text)),
  Uint8Array.of(0xff),
  Uint8Array.of(0xc0, 0xaf),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xf0, 0x9f, 0x98),
  Uint8Array.of(0xef, 0xbb, 0xbf),
  new Uint8Array(1024).fill(0x20),
];

const flipped = fc.tuple(place, fc.nat({ max: 7 })).map(
  ([at, bit]): Edit =>
    (bytes) => {
      const index = at % bytes.length;
      return bytes.with(index, (bytes[index] ?? 0) ^ (1 << bit));
    },
);

const replaced = fc.tuple(place, byte).map(
  ([at, value]): Edit =>
    (bytes) =>
      bytes.with(at % bytes.length, value),
);

const inserted = fc.tuple(place, fc.oneof(fc.constantFrom(...PIECES), fc.uint8Array({ maxLength: 8 }))).map(
  ([at, piece]): Edit =>
    (bytes) => {
      const index = at % (bytes.length + 1);
      return joined(bytes.subarray(0, index), piece, bytes.subarray(index));
    },
);

const removed = fc.tuple(place, fc.nat({ max: 40 })).map(
  ([at, length]): Edit =>
    (bytes) => {
      const index = at % bytes.length;
      return joined(bytes.subarray(0, index), bytes.subarray(index + length + 1));
    },
);

const copied = fc.tuple(place, fc.nat({ max: 80 }), place).map(
  ([from, length, to]): Edit =>
    (bytes) => {
      const [begin, index] = [from % bytes.length, to % (bytes.length + 1)];
      return joined(bytes.subarray(0, index), bytes.subarray(begin, begin + length + 1), bytes.subarray(index));
    },
);

const cutOff = place.map(
  (at): Edit =>
    (bytes) =>
      bytes.slice(0, at % (bytes.length + 1)),
);

const edit: fc.Arbitrary<Edit> = fc.oneof(flipped, replaced, inserted, inserted, removed, copied, cutOff);

/**
 * One of the samples with up to `maxEdits` edits, or now and then none at all. Mostly it is one: what is broken in many
 * places is refused at the first.
 */
export function mutatedBytes(samples: readonly Uint8Array[], maxEdits = 5): fc.Arbitrary<Uint8Array> {
  const edits = fc.oneof(
    { weight: 3, arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(edit, { maxLength: maxEdits }) },
  );
  return fc
    .tuple(fc.constantFrom(...samples), edits)
    .map(([sample, edits]) => edits.reduce((bytes, change) => (bytes.length === 0 ? bytes : change(bytes)), sample));
}

/** As {@link mutatedBytes}, for readers of text: what is no UTF-8 reads as U+FFFD, as when a file is read. */
export function mutatedText(samples: readonly string[], maxEdits = 5): fc.Arbitrary<string> {
  const bytes = samples.map((sample) => Uint8Array.from(encoder.encode(sample)));
  return mutatedBytes(bytes, maxEdits).map((mutated) => Buffer.from(mutated).toString("utf8"));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
