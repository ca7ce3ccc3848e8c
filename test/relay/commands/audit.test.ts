import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { auditLineFor } from "../../../relay/audit/record.ts";
import { GENESIS } from "../../../shared/audit-chain.ts";
import { run } from "./run.ts";

let file: string;

beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "relay-audit-verify-")), "audit.jsonl");
});

/** Lines of a chain that holds. */
function chain(count: number, after = GENESIS): { readonly texts: string[]; readonly head: string } {
  let end = { lines: 0, head: after };
  const texts: string[] = [];
  for (let index = 0; index < count; index++) {
    const subject = { requestId: `request-${index}`, clickId: `click-${index}`, verdict: "approve" } as const;
    const line = auditLineFor(
      { kind: "outcome", time: "2026-11-20T12:00:00.000Z", ...subject, state: "APPROVED" },
      end,
    );
    texts.push(line.text);
    end = line.end;
  }
  return { texts, head: end.head };
}

const written = (texts: readonly string[]): void => writeFileSync(file, texts.map((text) => `${text}\n`).join(""));

describe("audit verify", () => {
  it("prints how many lines hold, and the head", async () => {
    const { texts, head } = chain(3);
    written(texts);
    expect(await run(["audit", "verify", file])).toEqual({
      status: 0,
      stdout: `ok, 3 lines, head ${head}\n`,
      stderr: "",
    });
  });

  it("says the same as JSON, breaks and all", async () => {
    const { texts, head } = chain(3);
    written(texts);
    const whole = JSON.parse((await run(["audit", "verify", "--json", file])).stdout);
    expect(whole).toEqual({ ok: true, lines: 3, lastNumber: 3, head, holds: true, breaks: [], unnamed: 0 });
    written(texts.toSpliced(1, 1));
    const { status, stdout } = await run(["audit", "verify", "--json", file]);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, breaks: [{ line: 2 }] });
  });

  it("takes an empty log for one that holds", async () => {
    written([]);
    expect(await run(["audit", "verify", file])).toMatchObject({ status: 0, stdout: `ok, 0 lines, head ${GENESIS}\n` });
  });

  it("goes on from the head of the file before", async () => {
    const { head } = chain(2);
    written(chain(1, head).texts);
    expect((await run(["audit", "verify", file])).status).toBe(1);
    expect(await run(["audit", "verify", "--after", head, file])).toMatchObject({ status: 0 });
  });

  it("says that the last of a log that goes on from another has another number", async () => {
    const after = { lines: 7, head: "a".repeat(64) };
    const subject = { requestId: "request", clickId: "click", verdict: "approve" } as const;
    const { text, end } = auditLineFor(
      { kind: "outcome", time: "2026-11-20T12:00:00.000Z", ...subject, state: "APPROVED" },
      after,
    );
    written([text]);
    const { stdout } = await run(["audit", "verify", "--after", after.head, file]);
    expect(stdout).toBe(`ok, 1 line, the last is number 8, head ${end.head}\n`);
  });

  it("says whether the log comes by a head that was kept elsewhere", async () => {
    const { texts, head } = chain(3);
    written(texts);
    expect(await run(["audit", "verify", "--holds", head, file])).toMatchObject({ status: 0 });
    written(texts.slice(0, 2));
    const { status, stdout } = await run(["audit", "verify", "--holds", head, file]);
    expect([status, stdout]).toEqual([1, expect.stringContaining("FAIL, the head that it must hold is in no line")]);
  });

  it.each([
    ["changed", (texts: string[]) => texts.with(1, (texts[1] ?? "").replace("APPROVED", "DENIED")), 2],
    ["taken out", (texts: string[]) => texts.toSpliced(1, 1), 2],
    ["put in twice", (texts: string[]) => texts.toSpliced(1, 0, texts[1] ?? ""), 3],
    ["that is none", (texts: string[]) => texts.with(2, "hello"), 3],
  ])("says where a line was %s, and exits with 1", async (_, change, line) => {
    written(change(chain(3).texts));
    const { status, stdout } = await run(["audit", "verify", file]);
    expect(status).toBe(1);
    expect(stdout).toMatch(new RegExp(`^FAIL, line ${line} `));
    expect(stdout).not.toContain("ok,");
  });

  it("says that the last line is cut short", async () => {
    const { texts } = chain(2);
    writeFileSync(file, texts.join("\n"));
    expect(await run(["audit", "verify", file])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("cut short"),
    });
  });

  it("names a hundred breaks of a log that is none, and counts the others", async () => {
    written(Array.from({ length: 150 }, () => "hello"));
    const { stdout } = await run(["audit", "verify", file]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(101);
    expect(stdout).toContain("FAIL, 50 more lines do not hold\n");
  });

  it("says that a file cannot be read", async () => {
    expect(await run(["audit", "verify", file])).toEqual({
      status: 1,
      stdout: "",
      stderr: `${file} cannot be read (ENOENT).\n`,
    });
  });

  it.each([
    [["audit"], "Say what to do"],
    [["audit", "mend", "x"], "There is no audit mend"],
    [["audit", "verify"], "No file is named"],
    [["audit", "verify", "a", "b"], "More than one file is named"],
    [["audit", "verify", "--after", "beef", "a"], "64 hexadecimal digits"],
    [["audit", "verify", "--holds", "beef", "a"], "64 hexadecimal digits"],
    [["audit", "verify", "--loud", "a"], "Unknown option '--loud'"],
  ])("exits with 2 and the usage on %j", async (args, message) => {
    const { status, stdout, stderr } = await run(args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Usage: teleport-pagerduty audit verify");
  });
});
