import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuditLog } from "../../relay/audit.ts";
import { createLogger } from "../../shared/log.ts";
import { intent } from "../relay/audit/records.ts";
import { auditBreaks, intentsIn } from "./audit-logs.ts";

const log = createLogger({ severity: "error", format: "text", now: () => 0, write: () => {} });
const { requestId, clickId, time } = intent(1);
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-logs-"));
  file = join(folder, "audit.jsonl");
  const audit = await AuditLog.open(file, log);
  await audit.append(intent(1));
  await audit.append({ kind: "outcome", time, requestId, clickId, verdict: "approve", state: "APPROVED" });
  await audit.close();
});

afterEach(() => rm(folder, { recursive: true }));

describe("the audit logs of a run", () => {
  it("tell what was about to be sent, and nothing of what came of it", async () => {
    expect(await intentsIn(file)).toEqual([{ requestId, clickId, atMs: Date.parse(time) }]);
  });

  it("have no breaks when they hold", async () => {
    expect(await auditBreaks(file)).toEqual([]);
  });

  it("say where they break, and count nothing that is no line of theirs", async () => {
    await appendFile(file, '{"kind":"intent"}\n');
    expect(await auditBreaks(file)).toEqual([expect.stringContaining("audit.jsonl: line 3")]);
    expect(await intentsIn(file)).toHaveLength(1);
  });
});
