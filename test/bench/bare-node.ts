/** Node by itself, doing nothing: what the relay is compared with. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { pause } from "./monotonic.ts";
import { residentBytes } from "./processes.ts";

/** How long a program is left alone before its memory is looked at, in ms. */
export const SETTLES_IN_MS = 2_000;

/** How long Node takes until it runs a line of its own, in ms. */
export async function bareStartMs(): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ["-e", "console.log(1)"], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  const tookMs = performance.now() - startedMs;
  await once(child, "exit");
  return tookMs;
}

/** What an idle Node has resident, in bytes. */
export async function bareResidentBytes(): Promise<number> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { detached: true, stdio: "ignore" });
  await pause(SETTLES_IN_MS);
  const bytes = residentBytes(child.pid ?? 0);
  child.kill("SIGKILL");
  return bytes;
}
