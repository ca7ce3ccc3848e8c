import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readPrivate, writePrivate } from "../../../../relay/commands/setup/private-file.ts";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "relay-private-file-"));
  file = join(directory, "secrets");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("takes the place of what was there, for its owner alone, and leaves nothing beside it", () => {
  writeFileSync(file, "old", { mode: 0o666 });
  writeFileSync(join(directory, ".secrets.new"), "of a run that was killed", { mode: 0o644 });
  expect(writePrivate(file, "new")).toBe(true);
  expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["new", 0o600]);
  expect(readdirSync(directory)).toEqual(["secrets"]);
});

it("leaves a file alone that has the same text, but for its mode", () => {
  writeFileSync(file, "same", { mode: 0o644 });
  utimesSync(file, 1000, 1000);
  expect(writePrivate(file, "same")).toBe(false);
  expect([statSync(file).mtimeMs, statSync(file).mode & 0o777]).toEqual([1_000_000, 0o600]);
});

it("reads no file as nothing, and says in a sentence what it cannot read or write", () => {
  expect(readPrivate(file)).toBeUndefined();
  expect(() => readPrivate(directory)).toThrow(`${directory} cannot be read by this user (EISDIR).`);
  expect(() => writePrivate(join(directory, "no", "file"), "x")).toThrow("cannot be written by this user (ENOENT).");
});
