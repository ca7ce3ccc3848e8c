import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { auditEvidenceFor, auditLineFor, MAX_LINE_BYTES } from "../../relay/audit/record.ts";
import { AuditTrail } from "../../relay/audit/trail.ts";
import { AuditError, AuditLog } from "../../relay/audit.ts";
import { verifiedClick } from "../../relay/decider/evidence.ts";
import { continuesFrom, GENESIS } from "../../shared/audit-chain.ts";
import { createLogger } from "../../shared/log.ts";
import { MAX_FRAME_BYTES } from "../../shared/protocol.ts";
import { ManualClock } from "../fakes/clock.ts";
import { intent, verify } from "./audit/records.ts";
import { decideOf, verifiersOf } from "./clicks.ts";

/** A click whose frame is as large as a frame may be, most of it in its signature. */
function decisionOfSize(bytes: number) {
  const frame = decideOf();
  const click = verifiedClick(frame.evidence, frame.clickId, verifiersOf());
  if (click === undefined || frame.evidence.kind !== "signed") throw new Error("the note shows no click");
  const signature = "x".repeat(bytes - JSON.stringify(frame).length);
  return { click, frame: { ...frame, evidence: { ...frame.evidence, signature } } };
}

let file: string;
let logged: string[];
const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => logged.push(line) });

beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "audit-")), "audit.jsonl");
  logged = [];
});

async function write(...numbers: number[]): Promise<void> {
  const audit = await AuditLog.open(file, log);
  for (const number of numbers) await audit.append(intent(number));
  await audit.close();
}

function lines(): Record<string, unknown>[] {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function edit(change: (lines: string[]) => string[]): void {
  const kept = readFileSync(file, "utf8").trimEnd().split("\n");
  writeFileSync(
    file,
    change(kept)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

describe("AuditLog", () => {
  it("writes records as JSON lines, each naming the hash of the one before", async () => {
    await write(1, 2);
    const [first, second] = lines();
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(first).toEqual({ number: 1, ...intent(1), prev: GENESIS, hash });
    expect(second).toMatchObject({ number: 2, clickId: "click-2", prev: first?.hash });
    const summary = { lines: 2, lastNumber: 2, head: second?.hash, holds: true };
    expect(await verify(file)).toEqual({ breaks: [], summary });
  });

  it("takes every kind of record", async () => {
    const audit = await AuditLog.open(file, log);
    const { evidence, edgeWord, personId, ...subject } = intent(1);
    await audit.append({ ...subject, evidence, edgeWord, personId, kind: "late" });
    await audit.append({ ...subject, kind: "outcome", state: "APPROVED" });
    const refusal = { refusal: "stale", detail: "too late" } as const;
    await audit.append({ ...subject, evidence, edgeWord, personId, kind: "refusal", ...refusal });
    await audit.append({ kind: "resumed", time: subject.time, since: subject.time, lost: 3 });
    await audit.close();
    expect(await verify(file)).toMatchObject({ breaks: [], summary: { lines: 4 } });
  });

  it("is for its owner's eyes only", async () => {
    await write(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("goes on with the chain after a restart", async () => {
    await write(1);
    await write(2, 3);
    expect(await verify(file)).toMatchObject({ breaks: [], summary: { lines: 3 } });
  });

  it("keeps the order of many appends that wait together", async () => {
    const audit = await AuditLog.open(file, log);
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    await Promise.all(numbers.map((number) => audit.append(intent(number))));
    await audit.close();
    expect(lines().map(({ clickId }) => clickId)).toEqual(numbers.map((number) => `click-${number}`));
    expect((await verify(file)).breaks).toEqual([]);
  });

  it("finds the end of its chain behind lines longer than a block", async () => {
    const audit = await AuditLog.open(file, log);
    const raw = "A".repeat(350_000);
    const record = { ...intent(1), evidence: { kind: "signed", raw, signature: "v1=00" } } as const;
    await audit.append(record);
    await audit.append(record);
    await audit.close();
    await write(2);
    expect(await verify(file)).toMatchObject({ breaks: [], summary: { lines: 3 } });
  });

  it("has room in a line for whatever a frame can bring", async () => {
    const audit = await AuditLog.open(file, log);
    const { frame, click } = decisionOfSize(MAX_FRAME_BYTES);
    const trail = new AuditTrail({ sink: audit, concern: () => {}, clock: new ManualClock(), log });
    expect(await trail.intended(frame, click)).toBe(true);
    await trail.refused(frame, click, "not_pending", "x".repeat(10_000));
    await trail.refused(frame, undefined, "bad_evidence", "");
    await audit.close();
    await write(1);
    expect(statSync(file).size).toBeGreaterThan(2 * 1024 * 1024);
    expect(lines().every((line) => JSON.stringify(line).length <= MAX_LINE_BYTES)).toBe(true);
    expect(await verify(file)).toMatchObject({ breaks: [], summary: { lines: 4 } });
  });

  it("never holds an action's token", () => {
    const evidence = auditEvidenceFor({ kind: "action", action: "deny", token: "canary-token", logEntry: "e30=" });
    expect(evidence).toEqual({ kind: "action", action: "deny", logEntry: "e30=" });
  });
});

describe("AuditLog: a last line cut short", () => {
  it.each([1, 100, 300])("is taken off, and the next line tells of it (%i bytes lost)", async (lost) => {
    await write(1, 2);
    truncateSync(file, statSync(file).size - lost);
    expect((await verify(file)).breaks).toEqual([{ line: 2, problem: expect.stringContaining("cut short") }]);
    await write(3);
    expect(lines().map(({ kind }) => kind)).toEqual(["intent", "cut", "intent"]);
    expect(lines()[1]).toMatchObject({ bytes: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect((await verify(file)).breaks).toEqual([]);
    expect(logged.join()).toContain("cut short");
  });

  it("is taken off when it is the only one", async () => {
    writeFileSync(file, '{"number":1,"kind":"intent"');
    await write(1);
    expect(lines().map(({ kind }) => kind)).toEqual(["cut", "intent"]);
    expect((await verify(file)).breaks).toEqual([]);
  });

  it.each(["hello", "{}", '{"number"; rubbish'])("is left alone when no relay began it: %s", async (text) => {
    writeFileSync(file, text);
    chmodSync(file, 0o644);
    await expect(AuditLog.open(file, log)).rejects.toThrow("name another file in policy.audit_log");
    expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual([text, 0o644]);
    expect((await verify(file)).breaks).toEqual([{ line: 1, problem: "is not a line of an audit log" }]);
  });

  it("is taken off when a crash left zeros in its place", async () => {
    await write(1);
    appendFileSync(file, "\0".repeat(3_000_000));
    await write(2);
    expect(lines().map(({ kind }) => kind)).toEqual(["intent", "cut", "intent"]);
  });

  it("does not hide that the line before was written by somebody else", async () => {
    writeFileSync(file, "hello\n");
    await write(1);
    expect(logged.join()).toContain("are not as a relay wrote them");
    expect((await verify(file)).breaks).toEqual([{ line: 1, problem: "is not a line of an audit log" }]);
  });
});

describe("verifyAuditLog", () => {
  beforeEach(() => write(1, 2, 3, 4));

  const swapped = ([first = "", second = "", ...rest]: string[]): string[] => [second, first, ...rest];
  it.each<[string, (lines: string[]) => string[], number[]]>([
    ["a changed value", (all) => all.map((line) => line.replace("request-2", "request-9")), [2]],
    ["a changed white space", (all) => all.map((line, index) => (index === 1 ? line.replace(":", ": ") : line)), [2]],
    [
      "a changed hash",
      (all) => all.map((line, index) => (index === 1 ? line.replace(/.{3}"\}$/, '000"}') : line)),
      [2, 3],
    ],
    ["a line taken out", ([first = "", , ...rest]) => [first, ...rest], [2]],
    ["the first line taken out", ([, ...rest]) => rest, [1]],
    ["two lines swapped", swapped, [1, 2, 3]],
    ["a line twice", ([first = "", ...rest]) => [first, first, ...rest], [2]],
    ["a line of something else", ([first = "", ...rest]) => [first, "{}", ...rest], [2, 3]],
    ["a line without end", ([first = "", ...rest]) => [first, "x".repeat(2_000_000), ...rest], [2]],
    ["nesting without end", ([first = "", ...rest]) => [first, "[".repeat(100_000), ...rest], [2, 3]],
  ])("finds %s", async (_, change, broken) => {
    edit(change);
    expect((await verify(file)).breaks.map(({ line }) => line)).toEqual(broken);
  });

  it("does not call cut short what is longer than a record can be", async () => {
    appendFileSync(file, "\0".repeat(3_000_000));
    expect((await verify(file)).breaks).toEqual([{ line: 5, problem: "is longer than a record can be" }]);
  });

  it("knows no record that was made up, even with a right hash", async () => {
    const { summary } = await verify(file);
    const made = { ...intent(5), verdict: "maybe" } as unknown as ReturnType<typeof intent>;
    appendFileSync(file, `${auditLineFor(made, { lines: 4, head: summary.head }).text}\n`);
    expect((await verify(file)).breaks).toEqual([{ line: 5, problem: expect.stringContaining("no record") }]);
  });

  it("finds a line that bears another's number, even with a right hash", async () => {
    const { summary } = await verify(file);
    appendFileSync(file, `${auditLineFor(intent(5), { lines: 9, head: summary.head }).text}\n`);
    expect((await verify(file)).breaks).toEqual([{ line: 5, problem: "bears the number of another line" }]);
  });

  it("reads no bytes that are no text as a line", async () => {
    const { summary } = await verify(file);
    const { text } = auditLineFor({ ...intent(5), clickId: "\ufffd" }, { lines: 4, head: summary.head });
    const bytes = Buffer.from(`${text}\n`);
    const at = bytes.indexOf("\ufffd");
    const broken = Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff]), bytes.subarray(at + 3)]);
    expect(broken.toString("utf8")).toBe(bytes.toString("utf8"));
    appendFileSync(file, broken);
    expect((await verify(file)).breaks).toMatchObject([{ line: 5 }]);
  });

  it("cannot tell that the end was taken off, or everything written anew, except by a head that was kept", async () => {
    const { summary } = await verify(file);
    const holding = summary.head;
    expect((await verify(file, { holding })).summary.holds).toBe(true);
    edit((all) => all.slice(0, 3));
    expect(await verify(file, { holding })).toMatchObject({ breaks: [], summary: { lines: 3, holds: false } });
    rmSync(file);
    await write(1, 2, 3, 5, 6);
    expect(await verify(file, { holding })).toMatchObject({ breaks: [], summary: { lines: 5, holds: false } });
  });
});

describe("what an AuditLog shows of itself", () => {
  it("lets whoever kept a head see that it goes on: while it is open, after a restart, in a new file", async () => {
    const audit = await AuditLog.open(file, log);
    await audit.append(intent(1));
    const known = audit.end;
    await Promise.all([audit.append(intent(2)), audit.append(intent(3))]);
    expect(continuesFrom(known, { ...audit.end, digests: [...audit.digests] })).toBe(true);
    renameSync(file, `${file}.1`);
    await audit.append(intent(4));
    expect(continuesFrom(known, { ...audit.end, digests: [...audit.digests] })).toBe(true);
    const moved = audit.end;
    await audit.close();
    await write(5);
    const again = await AuditLog.open(file, log);
    expect(again.end.lines).toBe(5);
    expect(continuesFrom(moved, { ...again.end, digests: [...again.digests] })).toBe(true);
    await again.close();
  });

  it("does not let a log that was cut back, or written anew, pass for the one that was", async () => {
    await write(1, 2, 3);
    const standing = async () => {
      const { end, digests } = await AuditLog.open(file, log);
      return { ...end, digests: [...digests] };
    };
    const known = await standing();
    edit((all) => all.slice(0, 2));
    expect(continuesFrom(known, await standing())).toBe(false);
    await write(4, 5);
    expect((await standing()).lines).toBe(4);
    expect(continuesFrom(known, await standing())).toBe(false);
    rmSync(file);
    await write(1, 2, 3);
    expect(continuesFrom(known, await standing())).toBe(true);
  });

  it("is what the file holds when somebody cut it back under way", async () => {
    const audit = await AuditLog.open(file, log);
    await audit.append(intent(1));
    const first = audit.end;
    await audit.append(intent(2));
    const known = audit.end;
    edit((all) => all.slice(0, 1));
    await audit.append(intent(3));
    expect(continuesFrom(known, { ...audit.end, digests: [...audit.digests] })).toBe(false);
    expect(continuesFrom(first, { ...audit.end, digests: [...audit.digests] })).toBe(true);
    await audit.close();
  });

  it("is what had been begun and not ended when it was opened", async () => {
    const audit = await AuditLog.open(file, log);
    for (const number of [1, 2]) await audit.append(intent(number));
    const { time, requestId, clickId } = intent(1);
    await audit.append({ kind: "outcome", time, requestId, clickId, verdict: "approve", state: "APPROVED" });
    await audit.close();
    const again = await AuditLog.open(file, log);
    expect(again.openIntents).toEqual([{ requestId: "request-2", clickId: "click-2", verdict: "approve" }]);
    await again.close();
  });
});

describe("AuditLog: trouble", () => {
  it("cannot be opened where it cannot be written, and says what to mend", async () => {
    const missing = AuditLog.open(join(file, "none", "audit.jsonl"), log);
    await expect(missing).rejects.toThrow(/cannot be written \(ENOENT\): its directory does not exist/);
    await expect(AuditLog.open(tmpdir(), log)).rejects.toBeInstanceOf(AuditError);
  });

  it("rejects while the file cannot be written, and comes back by itself", async () => {
    const audit = await AuditLog.open(file, log);
    await audit.append(intent(1));
    const moved = `${file}.moved`;
    renameSync(file, moved);
    mkdirSync(file);
    await expect(audit.append(intent(2))).rejects.toThrow(/cannot be written \(EISDIR\): it is a directory/);
    await expect(Promise.all([audit.append(intent(3)), audit.append(intent(4))])).rejects.toBeInstanceOf(AuditError);
    rmSync(file, { recursive: true });
    renameSync(moved, file);
    await audit.append(intent(5));
    await audit.close();
    expect(lines().map(({ clickId }) => clickId)).toEqual(["click-1", "click-5"]);
    expect((await verify(file)).breaks).toEqual([]);
  });

  it("goes on in a new file when the old one was moved away, from the old one's head", async () => {
    const audit = await AuditLog.open(file, log);
    await audit.append(intent(1));
    const { head } = (await verify(file)).summary;
    renameSync(file, `${file}.1`);
    await audit.append(intent(2));
    await audit.close();
    expect(lines().map(({ clickId }) => clickId)).toEqual(["click-2"]);
    expect(await verify(file, { after: head })).toMatchObject({ breaks: [], summary: { lines: 1, lastNumber: 2 } });
    expect((await verify(file)).breaks.map(({ line }) => line)).toEqual([1]);
  });

  it("goes on behind what somebody else has written meanwhile", async () => {
    const audit = await AuditLog.open(file, log);
    await audit.append(intent(1));
    await write(2);
    await audit.append(intent(3));
    await audit.close();
    expect(await verify(file)).toMatchObject({ breaks: [], summary: { lines: 3 } });
  });

  it("leaves whole lines behind when the disk is full in the middle of one", () => {
    const script = fileURLToPath(new URL("audit/fill-the-disk.ts", import.meta.url));
    const command = 'ulimit -f 2; exec "$0" "$@"';
    const child = spawnSync("bash", ["-c", command, process.execPath, script, file], { encoding: "utf8" });
    const { written, message, again } = JSON.parse(child.stdout);
    expect(message).toContain("cannot be written (EFBIG)");
    expect(again).toContain("cannot be written (EFBIG)");
    expect(readFileSync(file, "utf8").endsWith("\n")).toBe(true);
    expect(lines().length).toBe(written);
  });
});
