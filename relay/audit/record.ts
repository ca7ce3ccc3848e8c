/**
 * What the audit log says, and how it is written: one line of JSON for each record, which carries its number and ends in
 * `"prev"`, the head before it, and `"hash"`, the head after it. A line's digest is the SHA-256 of its bytes without these
 * two, `shared/audit-chain.ts` makes heads of digests. Pure.
 */
import * as z from "zod";
import { requestStateSchema } from "../../shared/access-request.ts";
import { type AuditHead, headAfter, sha256 } from "../../shared/audit-chain.ts";
import { parseJsonText } from "../../shared/bytes.ts";
import { verdictSchema } from "../../shared/decisions.ts";
import { type Evidence, edgeWordSchema } from "../../shared/edge-frames.ts";
import { MAX_FRAME_BYTES } from "../../shared/protocol.ts";
import { refusalSchema } from "../../shared/refusal.ts";

/**
 * What a decision rests on, as raw bytes in base64; without the action token, which is a secret. Of what is not authentic
 * and longer than a delivery is, no more than its size and digest: whoever forges it must not fill the disk.
 */
export const auditEvidenceSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("signed"),
    raw: z.string(),
    signature: z.string(),
    /** What PagerDuty showed of it when it was asked again: by the edge's word. */
    confirmation: z.string().optional(),
  }),
  z.object({ kind: z.literal("action"), action: verdictSchema, logEntry: z.string() }),
  z.object({ kind: z.literal("unproven"), bytes: z.int(), sha256: z.string() }),
]);
export type AuditEvidence = z.infer<typeof auditEvidenceSchema>;

/** The part of a decision's evidence that may be written down. */
export function auditEvidenceFor(evidence: Evidence): AuditEvidence {
  if (evidence.kind === "signed") return evidence;
  return { kind: "action", action: evidence.action, logEntry: evidence.logEntry };
}

/** Longest evidence that is not authentic and is written down as it came, in characters: several times a delivery. */
const MAX_UNPROVEN_CHARACTERS = 16 * 1024;

/** The part of evidence that may be written down where it is not authentic. */
export function unprovenEvidenceFor(evidence: Evidence): AuditEvidence {
  const known = auditEvidenceFor(evidence);
  if (JSON.stringify(known).length <= MAX_UNPROVEN_CHARACTERS) return known;
  const bytes = Buffer.from(evidence.kind === "signed" ? evidence.raw : evidence.logEntry, "base64");
  return { kind: "unproven", bytes: bytes.length, sha256: sha256(bytes) };
}

/** The subject of every record. Times are ISO 8601, UTC. */
const subject = { time: z.iso.datetime(), requestId: z.string(), clickId: z.string(), verdict: verdictSchema };

/** A click as it was judged. */
const click = {
  ...subject,
  /** The PagerDuty user, from the evidence; null when it names none. */
  personId: z.string().nullable(),
  /** What is known by the edge's word alone. */
  edgeWord: z.object(edgeWordSchema.shape).pick({ email: true, name: true, onCallLevels: true }),
  evidence: auditEvidenceSchema,
};

/** A request of somebody who is on call, as it was judged; all of it is the edge's word. */
const offer = {
  ...subject,
  personId: z.string(),
  edgeWord: z.object({ email: z.string(), name: z.string() }),
  /** For which they are on call, and at which levels. */
  services: z.array(z.object({ name: z.string(), id: z.string(), levels: z.array(z.int()) })),
};

/**
 * `intent`: written before Teleport is called. `late`: a denial that went through while the log could not be written.
 * `outcome`: what Teleport then says of the request. `refusal`: a click that the guard did not let through, without a verdict
 * when its evidence shows none. `auto_intent` and `auto_refusal` are the same of what nobody clicked: on-call auto-approval. `resumed`:
 * the log could not be written since a moment, and so many records of that time are in no log.
 */
export const auditRecordSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("intent"), ...click }),
  z.strictObject({ kind: z.literal("late"), ...click }),
  z.strictObject({ kind: z.literal("outcome"), ...subject, state: requestStateSchema }),
  z.strictObject({
    kind: z.literal("refusal"),
    ...click,
    verdict: z.nullable(verdictSchema),
    refusal: refusalSchema,
    detail: z.string(),
  }),
  z.strictObject({ kind: z.literal("auto_intent"), ...offer }),
  z.strictObject({ kind: z.literal("auto_refusal"), ...offer, refusal: refusalSchema }),
  z.strictObject({
    kind: z.literal("resumed"),
    time: z.iso.datetime(),
    since: z.iso.datetime(),
    lost: z.int(),
  }),
]);
export type AuditRecord = z.infer<typeof auditRecordSchema>;

/** Said by the log itself: the last line had been cut short by a crash, and was taken off. */
const cutSchema = z.strictObject({
  kind: z.literal("cut"),
  time: z.iso.datetime(),
  bytes: z.int(),
  sha256: z.string(),
});
export type CutRecord = z.infer<typeof cutSchema>;

const numberedSchema = z.looseObject({ number: z.int().positive() });
const recordSchema = z.discriminatedUnion("kind", [...auditRecordSchema.options, cutSchema]);

/** Longest line, in bytes: whatever one frame brought and was judged by, and what is said of it. */
export const MAX_LINE_BYTES = MAX_FRAME_BYTES + 64 * 1024;

const LINE_START = Buffer.from('{"number":');

/** Whether bytes could be how a line begins. */
export function couldBeginLine(bytes: Uint8Array): boolean {
  return LINE_START.subarray(0, bytes.length).equals(bytes.subarray(0, LINE_START.length));
}

export interface AuditLine {
  readonly digest: string;
  /** Without its line break. */
  readonly text: string;
  /** Where the log ends with it. */
  readonly end: AuditHead;
}

/** A record as the line that follows the one with which a log ended. */
export function auditLineFor(record: AuditRecord | CutRecord, { lines, head: prev }: AuditHead): AuditLine {
  const number = lines + 1;
  const said = JSON.stringify({ number, ...record });
  const digest = sha256(said);
  const head = headAfter(prev, digest);
  return { digest, text: `${said.slice(0, -1)},"prev":"${prev}","hash":"${head}"}`, end: { lines: number, head } };
}

/** A line whose own hash is right. */
export interface ChainedLine {
  readonly kind: "line";
  readonly record: AuditRecord | CutRecord;
  readonly digest: string;
  /** The head that it follows. */
  readonly prev: string;
  /** Where the log ended with it. */
  readonly end: AuditHead;
}

export type AuditLineReading = ChainedLine | { readonly kind: "broken"; readonly problem: string };

/** What is said of what is no line of an audit log at all. */
export const NO_LINE = "is not a line of an audit log";

const CHAINED = /,"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;

/** Reads one line and checks its own hash; that it follows the line before is the caller's to check. Never throws. */
export function readAuditLine(text: string): AuditLineReading {
  const [ending, prev, head] = CHAINED.exec(text) ?? [];
  if (ending === undefined || prev === undefined || head === undefined) {
    return { kind: "broken", problem: NO_LINE };
  }
  const said = `${text.slice(0, -ending.length)}}`;
  const digest = sha256(said);
  if (headAfter(prev, digest) !== head) return { kind: "broken", problem: "was changed: its hash is another" };
  const numbered = numberedSchema.safeParse(parseJsonText(said)).data;
  if (numbered === undefined) return { kind: "broken", problem: "does not say which line it is" };
  const { number, ...rest } = numbered;
  const record = recordSchema.safeParse(rest).data;
  if (record === undefined) return { kind: "broken", problem: "holds no record that this release knows" };
  return { kind: "line", record, digest, prev, end: { lines: number, head } };
}

/** The head that a line says comes after it, whether or not it is right; of what says nothing, one that nothing follows. */
export function headIn(text: string): string {
  return CHAINED.exec(text)?.[2] ?? sha256(text);
}
