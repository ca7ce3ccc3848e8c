import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openActionTokens, openWebhookSecrets, readActionTokens, readWebhookSecrets } from "../../relay/secret-file.ts";
import { createLogger } from "../../shared/log.ts";

const OLD = "old-secret-0123456789";
const NEW = "new-secret-0123456789";

let file: string;
let lines: string[];
const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });

function write(text: string, mode = 0o600): void {
  writeFileSync(file, text, { mode });
}

beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "secrets-")), "secrets");
  lines = [];
});

describe("readWebhookSecrets", () => {
  it("takes a line each, without blank lines, comments and white space around", () => {
    write(`# current\r\n${OLD}\r\n\n  ${NEW}  \n# ${"x".repeat(40)}`);
    expect(readWebhookSecrets(file)).toEqual({ kind: "secrets", value: [OLD, NEW] });
  });

  it.each([
    ["nothing", "", "holds no secret"],
    ["comments alone", "# nothing\n", "holds no secret"],
    ["a short line", `${OLD}\n0123456789abcde\n`, "secret 2 must have at least 16 bytes"],
  ])("refuses a file with %s, without saying what it holds", (_, text, problem) => {
    write(text);
    const reading = readWebhookSecrets(file);
    expect(reading).toEqual({ kind: "fault", problem: expect.stringContaining(problem) });
    expect(JSON.stringify(reading)).not.toContain("0123456789");
  });

  it.each([0o604, 0o602, 0o601, 0o644, 0o666])("refuses mode %o", (mode) => {
    write(OLD);
    chmodSync(file, mode);
    expect(readWebhookSecrets(file)).toEqual({ kind: "fault", problem: expect.stringContaining("others") });
  });

  it("takes mode 0640, which its group reads", () => {
    write(OLD);
    chmodSync(file, 0o640);
    expect(readWebhookSecrets(file).kind).toBe("secrets");
  });

  it("refuses what is no file", () => {
    mkdirSync(file);
    expect(readWebhookSecrets(file)).toEqual({ kind: "fault", problem: "is not a regular file" });
    expect(readWebhookSecrets(`${file}/x/y`).kind).toBe("fault");
  });
});

describe("readActionTokens", () => {
  it("reads both, in either order", () => {
    write(`deny = ${OLD}\n# and\napprove=${NEW}\n`);
    expect(readActionTokens(file)).toEqual({ kind: "secrets", value: { approve: NEW, deny: OLD } });
  });

  it.each([
    ["one alone", `approve=${OLD}`, "exactly two lines"],
    ["one twice", `approve=${OLD}\napprove=${NEW}\ndeny=${NEW}`, "exactly two lines"],
    ["a third name", `approve=${OLD}\ndeny=${NEW}\nmaybe=${NEW}`, "exactly two lines"],
    ["bare secrets", `${OLD}\n${NEW}`, "exactly two lines"],
    ["a short token", `approve=short\ndeny=${NEW}`, "the token of approve must have"],
    ["an empty token", `approve=${NEW}\ndeny=`, "the token of deny must have"],
    ["the same token twice", `approve=${OLD}\ndeny=${OLD}`, "its own"],
  ])("refuses %s", (_, text, problem) => {
    write(text);
    expect(readActionTokens(file)).toEqual({ kind: "fault", problem: expect.stringContaining(problem) });
  });
});

describe("Secrets", () => {
  it("are read again when the file is replaced or rewritten", () => {
    write(OLD);
    const secrets = openWebhookSecrets(file, log);
    expect(secrets.current()).toEqual([OLD]);
    writeFileSync(`${file}.new`, `${OLD}\n${NEW}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    expect(secrets.current()).toEqual([OLD, NEW]);
    write(NEW);
    expect(secrets.current()).toEqual([NEW]);
  });

  it("are not read again while the file stays as it is", () => {
    write(OLD);
    const secrets = openWebhookSecrets(file, log);
    expect(secrets.current()).toBe(secrets.current());
  });

  it.each<[string, () => void]>([
    ["becomes bad", () => write("short")],
    ["is emptied", () => write("")],
    ["goes away", () => rmSync(file)],
    ["is opened to others", () => chmodSync(file, 0o644)],
  ])("stay as they were when the file %s, which is said once", (_, spoil) => {
    write(OLD);
    const secrets = openWebhookSecrets(file, log);
    spoil();
    expect([secrets.current(), secrets.current(), secrets.current()]).toEqual([[OLD], [OLD], [OLD]]);
    expect(lines.length).toBe(1);
    expect(lines[0]).toContain("stays in use");
    expect(lines.join()).not.toContain(OLD);
  });

  it("are taken once a bad file is good again", () => {
    write(`approve=${OLD}\ndeny=${NEW}`);
    const tokens = openActionTokens(file, log);
    rmSync(file);
    tokens.current();
    write(`approve=${NEW}\ndeny=${OLD}`);
    expect(tokens.current()).toEqual({ approve: NEW, deny: OLD });
  });

  it("cannot be opened from a bad file", () => {
    expect(() => openWebhookSecrets(file, log)).toThrow(`${file} does not exist.`);
  });
});
