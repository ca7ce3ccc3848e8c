/** Records for tests of the audit log, and a reader of its chain. */
import type { AuditRecord } from "../../../relay/audit/record.ts";
import { type AuditBreak, type AuditSummary, type VerifyOptions, verifyAuditLog } from "../../../relay/audit/verify.ts";

/** An intent for the n-th click. */
export function intent(number: number): Extract<AuditRecord, { kind: "intent" }> {
  return {
    kind: "intent",
    time: "2026-01-01T00:00:00.000Z",
    requestId: `request-${number}`,
    clickId: `click-${number}`,
    verdict: "approve",
    personId: "PABC123",
    edgeWord: { email: "bob@example.com", name: "Bob", onCallLevels: [1] },
    evidence: { kind: "signed", raw: "e30=", signature: "v1=00" },
  };
}

/** Every break of a log, and what was read. */
export async function verify(
  file: string,
  asked?: VerifyOptions,
): Promise<{ breaks: AuditBreak[]; summary: AuditSummary }> {
  const breaks: AuditBreak[] = [];
  const verification = verifyAuditLog(file, asked);
  for (;;) {
    const { done, value } = await verification.next();
    if (done) return { breaks, summary: value };
    breaks.push(value);
  }
}
