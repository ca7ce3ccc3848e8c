/**
 * How the lines of a relay's audit log are chained. Each line has a digest of what it says; the head after it is the hash of
 * the head before and of that digest. So whoever has kept a head can follow the log by digests alone, without what its
 * lines hold, and no line behind that head can be changed, taken out or put in without another head. Pure.
 */
import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { countSchema } from "./values.ts";

/** The head before the first line. */
export const GENESIS = "0".repeat(64);

/** Most digests that one frame tells. */
export const MAX_AUDIT_DIGESTS = 2048;

/** A SHA-256 in hex. */
export const sha256Schema = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** Where a log ends: how many lines it has had since its beginning, and the head after the last. */
export interface AuditHead {
  readonly lines: number;
  readonly head: string;
}

/** What a relay tells of its audit log. */
export const auditStandingSchema = z.object({
  lines: countSchema,
  head: sha256Schema,
  /** Of the last lines, oldest first: at least of those that have not been told in this session. */
  digests: z.array(sha256Schema).check(z.maxLength(MAX_AUDIT_DIGESTS)),
  /** Whether the log can be written. */
  writable: z.boolean(),
});
export type AuditStanding = z.infer<typeof auditStandingSchema>;

/** SHA-256 in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The head after a line with this digest. */
export function headAfter(head: string, digest: string): string {
  return sha256(`${head}${digest}`);
}

/** Whether a log shows that it goes on from where it was known to end: with nothing before that changed or taken away. */
export function continuesFrom({ lines: known, head }: AuditHead, told: Omit<AuditStanding, "writable">): boolean {
  const first = told.digests.length - (told.lines - known);
  if (told.lines < known || first < 0) return false;
  return told.digests.slice(first).reduce(headAfter, head) === told.head;
}
