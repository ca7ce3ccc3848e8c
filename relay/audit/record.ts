/**
 * What the audit log says, and how its lines are chained: each carries the hash of the one before, so that a line that is
 * changed, taken out or put in between shows. Pure. A line's hash is the SHA-256 of its bytes without `,"hash":"…"`.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { requestStateSchema } from "../../shared/access-request.ts";
import { parseJsonText } from "../../shared/bytes.ts";
import { verdictSchema } from "../../shared/decisions.ts";
import { type Evidence, edgeWordSchema } from "../../shared/protocol.ts";
import { refusalSchema } from "../../shared/refusal.ts";

/** What a decision rests on, as raw bytes in base64; without the action token, which is a secret. */
export const auditEvidenceSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("signed"),
    raw: z.string(),
    signature: z.string(),
    /** What PagerDuty showed of it when it was asked again: by the edge's word. */
    confirmation: z.string().optional(),
  }),
  z.object({ kind: z.literal("action"), action: verdictSchema, logEntry: z.string() }),
]);
export type AuditEvidence = z.infer<typeof auditEvidenceSchema>;

/** The part of a decision's evidence that may be written down. */
export function auditEvidenceFor(evidence: Evidence): AuditEvidence {
  if (evidence.kind === "signed") return evidence;
  return { kind: "action", action: evidence.action, logEntry: evidence.logEntry };
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
 * when its evidence shows none. `auto_intent` and `auto_refusal` are the same of what nobody clicked: on-call auto-approval.
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

/** What a line holds beside its record. */
const chainSchema = z.looseObject({ prev: z.string().regex(/^[0-9a-f]{64}$/), hash: z.string() });
const recordSchema = z.discriminatedUnion("kind", [...auditRecordSchema.options, cutSchema]);

/** Longest line, in bytes: a record with the largest delivery and confirmation, in base64, is under three quarters of it. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** What comes before the first line. */
export const GENESIS = "0".repeat(64);

export interface AuditLine {
  readonly hash: string;
  /** Without its line break. */
  readonly text: string;
}

/** A record as the line that follows the one with the hash `prev`. */
export function auditLineFor(record: AuditRecord | CutRecord, prev: string): AuditLine {
  const unhashed = JSON.stringify({ ...record, prev });
  const hash = sha256(unhashed);
  return { hash, text: `${unhashed.slice(0, -1)},"hash":"${hash}"}` };
}

export type AuditLineReading =
  | { readonly kind: "line"; readonly record: AuditRecord | CutRecord; readonly prev: string; readonly hash: string }
  | { readonly kind: "broken"; readonly problem: string };

const HASH_AT_END = /,"hash":"([0-9a-f]{64})"\}$/;

/** Reads one line and checks its own hash; that it follows the line before is the caller's to check. Never throws. */
export function readAuditLine(text: string): AuditLineReading {
  const hash = hashOf(text);
  if (hash === undefined) return { kind: "broken", problem: "is not a line of an audit log" };
  if (sha256(text.replace(HASH_AT_END, "}")) !== hash)
    return { kind: "broken", problem: "was changed: its hash is another" };
  const chain = chainSchema.safeParse(parseJsonText(text)).data;
  if (chain === undefined) return { kind: "broken", problem: "does not say which line it follows" };
  const { prev, hash: _, ...rest } = chain;
  const record = recordSchema.safeParse(rest).data;
  if (record === undefined) return { kind: "broken", problem: "holds no record that this release knows" };
  return { kind: "line", record, prev, hash };
}

/** The hash that a line carries, whether or not it is right; undefined when it carries none. */
export function hashOf(text: string): string | undefined {
  return HASH_AT_END.exec(text)?.[1];
}

/** SHA-256 in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
