/** A folder for the files that a target needs, gone when the process is. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes a new one. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
