/** What the relays' audit logs hold once a run is over: whether their chains hold, and what they announced. */
import { readFile } from "node:fs/promises";
import { readAuditLine } from "../../relay/audit/record.ts";
import { verifyAuditLog } from "../../relay/audit/verify.ts";
import type { Intent } from "../checker/history.ts";

/** Where a log's chain breaks, a sentence each. */
export async function auditBreaks(file: string): Promise<string[]> {
  const breaks: string[] = [];
  for await (const { line, problem } of verifyAuditLog(file)) breaks.push(`${file}: line ${line} ${problem}`);
  return breaks;
}

/** The verdicts that a log said were about to be sent. */
export async function intentsIn(file: string): Promise<Intent[]> {
  const text = await readFile(file, "utf8");
  return text.split("\n").flatMap((line) => {
    const reading = readAuditLine(line);
    if (reading.kind === "broken" || reading.record.kind !== "intent") return [];
    const { requestId, clickId, time } = reading.record;
    return [{ requestId, clickId, atMs: Date.parse(time) }];
  });
}
