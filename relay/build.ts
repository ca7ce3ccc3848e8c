/**
 * `npm run build`, the relay's part: one file for Node, everything in it, under dist/relay/. CommonJS, because it starts
 * faster and grpc-js is.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import * as z from "zod";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUTFILE = `${ROOT}dist/relay/teleport-pagerduty.cjs`;

const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")));

await build({
  absWorkingDir: ROOT,
  entryPoints: ["relay/main.ts"],
  outfile: OUTFILE,
  bundle: true,
  minifySyntax: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  banner: { js: "#!/usr/bin/env node" },
  define: { __RELEASE_VERSION__: JSON.stringify(version), __RELEASE_COMMIT__: JSON.stringify(commit()) },
  // Only a run from source asks where it lies.
  logOverride: { "empty-import-meta": "silent" },
});
chmodSync(OUTFILE, 0o755);
console.log("dist/relay/teleport-pagerduty.cjs");

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: "pipe",
    }).trim();
  } catch {
    return "unknown";
  }
}
