import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Program } from "../stage/program.ts";
import { emptyDisk, fillDisk, fullDiskProblem } from "./full-disk.ts";

/** Appends ten bytes again and again and says how it went. */
const SCRIPT = `
import { appendFileSync } from "node:fs";
const [file] = process.argv.slice(2);
setInterval(() => {
  try { appendFileSync(file, "0123456789"); console.log("written"); }
  catch ({ code }) { console.log("failed " + code); }
}, 5);
`;

const problem = await fullDiskProblem();
let folder: string;
let file: string;
let program: Program;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "full-disk-"));
  file = join(folder, "file");
  const script = join(folder, "program.mjs");
  await writeFile(script, SCRIPT);
  await writeFile(file, "0123456789");
  program = Program.start("the program", script, [file]);
});

afterEach(async () => {
  await program.kill();
  await rm(folder, { recursive: true });
});

it.skipIf(problem !== undefined)(
  "takes the last write in part, fails the next, and takes more once it is empty",
  async () => {
    await fillDisk(program.pid, file, 14);
    await program.line(/^failed EFBIG/);
    expect(await readFile(file, "utf8")).toMatch(/^(0123456789)+\d{0,9}$/);
    const seen = program.lines.length;
    await emptyDisk(program.pid);
    await program.line(/^written/, seen);
  },
);

it.skipIf(problem !== undefined)("is no matter to a process that has just ended", async () => {
  const { pid } = program;
  await program.kill();
  await fillDisk(pid, file, 0);
});
