/**
 * The relays' audit logs against what Teleport took: each log's chain holds, and no approval reached Teleport without its
 * line. What the checker cannot see, because neither Teleport nor PagerDuty does.
 */
import { readFile } from "node:fs/promises";
import { readAuditLine } from "../../relay/audit/record.ts";
import { verifyAuditLog } from "../../relay/audit/verify.ts";
import type { VerdictTaken } from "../checker/history.ts";

/** Where a log's chain breaks, a sentence each. */
export async function auditBreaks(file: string): Promise<string[]> {
  const breaks: string[] = [];
  for await (const { line, problem } of verifyAuditLog(file)) breaks.push(`${file}: line ${line} ${problem}`);
  return breaks;
}

/** Approvals that Teleport took and that no log announced, a sentence each. */
export async function unannounced(files: readonly string[], verdicts: readonly VerdictTaken[]): Promise<string[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const announced = new Set(texts.flatMap((text) => text.split("\n").flatMap(approvalIn)));
  return verdicts
    .filter(
      ({ verdict, requestId, reason }) => verdict === "approve" && !announced.has(`${requestId} ${clickIn(reason)}`),
    )
    .map(({ requestId, reason }) => `request ${requestId} was approved and no audit log said so before: ${reason}`);
}

function approvalIn(text: string): string[] {
  const reading = readAuditLine(text);
  if (reading.kind === "broken" || reading.record.kind !== "intent" || reading.record.verdict !== "approve") return [];
  return [`${reading.record.requestId} ${reading.record.clickId}`];
}

function clickIn(reason: string): string {
  return /\[pd:([^\]]+)\]$/.exec(reason)?.[1] ?? "";
}
