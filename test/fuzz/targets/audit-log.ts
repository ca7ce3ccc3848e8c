/** The audit log: any byte of it that is changed is found, and no file brings its reader down. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type AuditRecord, auditLineFor, auditRecordSchema, readAuditLine } from "../../../relay/audit/record.ts";
import { type AuditHead, GENESIS } from "../../../shared/audit-chain.ts";
import { refusalSchema } from "../../../shared/refusal.ts";
import { verify } from "../../relay/audit/records.ts";
import { newFolder } from "../folder.ts";
import { property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedBytes } from "../values/bytes.ts";
import { hostileText } from "../values/text.ts";

const subject = {
  time: fc.constant("2026-01-01T00:00:00.000Z"),
  requestId: fc.uuid(),
  clickId: hostileText,
  verdict: fc.constantFrom("approve", "deny"),
};
const click = {
  ...subject,
  personId: fc.option(hostileText),
  edgeWord: fc.record({
    email: fc.option(hostileText),
    name: fc.option(hostileText),
    onCallLevels: fc.array(fc.nat({ max: 3 })),
  }),
  evidence: fc.record({ kind: fc.constant("signed"), raw: fc.constant("e30="), signature: hostileText }),
};
const record: fc.Arbitrary<AuditRecord> = fc.oneof(
  fc.record({ kind: fc.constantFrom("intent" as const, "late" as const), ...click }),
  fc.record({ kind: fc.constant("outcome"), ...subject, state: fc.constantFrom("APPROVED", "DENIED") }),
  fc.record({
    kind: fc.constant("refusal"),
    ...click,
    refusal: fc.constantFrom(...refusalSchema.options),
    detail: hostileText,
  }),
);

const BEGINNING: AuditHead = { lines: 0, head: GENESIS };

/** A log as the relay writes it. */
const log = fc.array(record, { minLength: 1, maxLength: 4 }).map((records) => {
  let end = BEGINNING;
  const lines = records.map((each) => {
    const line = auditLineFor(each, end);
    end = line.end;
    return `${line.text}\n`;
  });
  return Uint8Array.from(Buffer.from(lines.join("")));
});

const SAMPLE = fc.sample(log, { numRuns: 5, seed: 1 });

interface Spoiling {
  readonly at: number;
  readonly mask: number;
}

/** Every bit by itself, and masks that make another broken character of a broken one. */
const spoiling = fc.record({
  at: fc.nat({ max: 0xffff }),
  mask: fc.oneof(fc.constantFrom(1, 2, 4, 8, 16, 32, 64, 128, 0x1f), fc.integer({ min: 1, max: 255 })),
});

/** Half of the places are where the text is not ASCII, which is where a reader may overlook something. */
function spoiled(bytes: Uint8Array, { at, mask }: Spoiling): Uint8Array {
  const beyondAscii = [...bytes.keys()].filter((index) => (bytes[index] ?? 0) > 0x7f);
  const places = at % 2 === 0 && beyondAscii.length > 0 ? beyondAscii : [...bytes.keys()];
  const index = places[at % places.length] ?? 0;
  return bytes.with(index, (bytes[index] ?? 0) ^ mask);
}

export const auditLog: Target = {
  name: "audit-log",
  about: "the audit log's chain",
  properties: () => {
    const directory = newFolder();
    const file = join(directory, "audit.jsonl");
    const breaksIn = async (bytes: Uint8Array) => {
      writeFileSync(file, bytes);
      return (await verify(file)).breaks;
    };
    return [
      property("what was written is read as it was written", record, (each) => {
        const { text, digest, end } = auditLineFor(each, BEGINNING);
        const written = { kind: "line", record: auditRecordSchema.parse(each), digest, prev: GENESIS, end };
        assert.deepEqual(readAuditLine(text), written);
      }),
      property("a log that nobody touched holds", log, async (bytes) => assert.deepEqual(await breaksIn(bytes), []), {
        cost: 10,
      }),
      property(
        "one byte that is changed anywhere is found",
        fc.record({ bytes: log, spoilings: fc.array(spoiling, { minLength: 1, maxLength: 20 }) }),
        async ({ bytes, spoilings }) => {
          for (const each of spoilings) {
            const breaks = await breaksIn(spoiled(bytes, each));
            assert(breaks.length > 0, `nobody sees the change at ${each.at} by ${each.mask}`);
          }
        },
        { cost: 50 },
      ),
      property(
        "whatever is in the file, is a log or breaks",
        mutatedBytes(SAMPLE),
        async (bytes) => {
          for (const { line, problem } of await breaksIn(bytes)) assert(line >= 1 && problem.length > 0);
          assertUnpolluted();
        },
        { cost: 10 },
      ),
    ];
  },
};
