import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock, settled } from "../fakes/clock.ts";
import { Program } from "../stage/program.ts";
import { KeptProgram } from "./kept-program.ts";

/** Counts up as long as it lives; ends by itself when it is told to by a file. */
const SCRIPT = `
import { existsSync } from "node:fs";
const [stop] = process.argv.slice(2);
console.log("up");
let count = 0;
setInterval(() => {
  if (existsSync(stop)) process.exit(3);
  console.log("count " + ++count);
}, 5);
`;

const clock = new ManualClock();
let folder: string;
let kept: KeptProgram;
let lives: Program[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kept-program-"));
  const script = join(folder, "program.mjs");
  await writeFile(script, SCRIPT);
  lives = [];
  const launch = async (): Promise<Program> => {
    const program = Program.start("the program", script, [join(folder, "stop")]);
    lives.push(program);
    await program.line(/^up$/);
    return program;
  };
  kept = new KeptProgram({ name: "program", launch, logFile: join(folder, "log"), said: () => {}, clock });
  await kept.start();
});

afterEach(async () => {
  await kept.end();
  await rm(folder, { recursive: true });
});

/** Resolves once it has been started so often and is up. */
async function started(times: number): Promise<Program> {
  for (;;) {
    await settled();
    await clock.pass(100);
    const program = lives[times - 1];
    if (program !== undefined && kept.lives === times) {
      await program.line(/^up$/);
      return program;
    }
  }
}

describe("a kept program", () => {
  it("comes back after it was killed, and nobody is to blame", async () => {
    kept.kill(1_000);
    expect(await lives[0]?.ended).toBe("SIGKILL");
    await started(2);
    expect(kept.failures).toEqual([]);
  });

  it("comes back after it ended by itself, which is remembered with its last words", async () => {
    await writeFile(join(folder, "stop"), "");
    expect(await lives[0]?.ended).toBe(3);
    await rm(join(folder, "stop"));
    await started(2);
    expect(kept.failures).toEqual([
      expect.stringMatching(/^program ended by itself with 3; at last it said: .*(up|count)/),
    ]);
  });

  it("goes on in the same life once it is thawed", async () => {
    const [program] = lives;
    const thaw = kept.freeze();
    const before = program?.lines.length ?? 0;
    thaw?.();
    await program?.line(/^count/, before);
    expect(kept.lives).toBe(1);
  });

  it("ends for good, even while it is frozen", async () => {
    kept.freeze();
    await kept.end();
    expect(await lives[0]?.ended).toBe("SIGKILL");
    expect([kept.lives, kept.pid, kept.failures]).toEqual([1, undefined, []]);
  });

  it("keeps what each of its lives has said", async () => {
    kept.kill(0);
    await started(2);
    await kept.end();
    const text = await readFile(join(folder, "log"), "utf8");
    expect(text.match(/^up$/gm)).toHaveLength(2);
    expect(text.match(/^--- ended with SIGKILL$/gm)).toHaveLength(2);
  });

  it("cannot be killed or frozen while it is down", async () => {
    kept.kill(60_000);
    await lives[0]?.ended;
    await settled();
    expect([kept.kill(0), kept.freeze()]).toEqual([false, undefined]);
  });
});
