import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

it.each([
  ["--help", 0, "stdout"],
  ["--sedonds", 2, "stderr"],
] as const)("answers %s with its usage and exit code %i", (option, code, stream) => {
  const run = spawnSync(process.execPath, [MAIN, option], { encoding: "utf8" });
  expect([run.status, run[stream]]).toEqual([code, expect.stringContaining("Usage: npm run chaos -- [--seconds N]")]);
});
