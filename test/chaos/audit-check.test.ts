import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuditLog } from "../../relay/audit.ts";
import { createLogger } from "../../shared/log.ts";
import type { VerdictTaken } from "../checker/history.ts";
import { intent } from "../relay/audit/records.ts";
import { auditBreaks, unannounced } from "./audit-check.ts";

const log = createLogger({ severity: "error", format: "text", now: () => 0, write: () => {} });
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-check-"));
  file = join(folder, "audit.jsonl");
  const audit = await AuditLog.open(file, log);
  await audit.append(intent(1));
  await audit.close();
});

afterEach(() => rm(folder, { recursive: true }));

/** The verdict that the log's one line announces. */
function announced(): VerdictTaken {
  const { requestId, clickId } = intent(1);
  return { requestId, verdict: "approve", atMs: 0, reason: `fine [pd:${clickId}]`, delegator: null };
}

describe("the check of audit logs", () => {
  it("finds nothing wrong with a log that holds, and with what it announced", async () => {
    expect(await auditBreaks(file)).toEqual([]);
    expect(await unannounced([file], [announced()])).toEqual([]);
  });

  it("says where a chain breaks", async () => {
    await appendFile(file, "{}\n");
    expect(await auditBreaks(file)).toEqual([expect.stringContaining("audit.jsonl: line 2")]);
  });

  it.each<[string, Partial<VerdictTaken>]>([
    ["by another click", { reason: "fine [pd:01OTHER]" }],
    ["of another request", { requestId: "another" }],
    ["that names no click", { reason: "fine" }],
  ])("finds an approval %s", async (_, change) => {
    expect(await unannounced([file], [{ ...announced(), ...change }])).toHaveLength(1);
  });

  it("lets denials be announced late", async () => {
    expect(await unannounced([file], [{ ...announced(), verdict: "deny", reason: "no [pd:01OTHER]" }])).toEqual([]);
  });
});
