/**
 * Bundles the simulation: the shipped code of both halves as it stands, with one seed's world around it, into one module
 * that loads fast. Planted bugs are put in on the way; the code that ships knows nothing of them.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import type { Mutant, Patch } from "./mutants/mutant.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A module that was bundled; `remove` takes it away. */
export interface Bundle {
  readonly path: string;
  remove(): Promise<void>;
}

/** Bundles the module that runs seeds, with a mutant's patches if there is one. */
export async function bundleSimulation(mutant?: Mutant): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), "sim-"));
  const path = join(folder, "seeds.mjs");
  const patches = [SILENT_LOG, ...(mutant?.patches ?? [])];
  await build({
    absWorkingDir: ROOT,
    entryPoints: ["test/sim/seeds.ts"],
    outfile: path,
    bundle: true,
    format: "esm",
    target: "esnext",
    platform: "node",
    // What was written for CommonJS asks for its built-ins by require.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    sourcemap: "inline",
    logLevel: "error",
    plugins: [patching(patches)],
  });
  return { path, remove: () => rm(folder, { recursive: true }) };
}

/** The routes log to the console of whatever runs them; here nobody reads it. */
const SILENT_LOG: Patch = {
  file: "edge/log.ts",
  find: "write: (line) => console.log(line),",
  replace: "write: () => {},",
};

/** Replaces text in files as they are read. Each text must be there, once. */
function patching(patches: readonly Patch[]): Plugin {
  return {
    name: "patches",
    setup({ onLoad }) {
      onLoad({ filter: /\/(edge|relay|shared)\/.*\.ts$/ }, async ({ path }) => {
        const file = relative(ROOT, path);
        const fitting = patches.filter((patch) => patch.file === file);
        if (fitting.length === 0) return undefined;
        const contents = fitting.reduce(patched, await readFile(path, "utf8"));
        return { contents, loader: "ts" };
      });
    },
  };
}

/** Text with a patch in it. Throws when the patch does not fit exactly once. */
export function patched(text: string, { file, find, replace }: Patch): string {
  const count = text.split(find).length - 1;
  if (count === 1) return text.replace(find, () => replace);
  throw new Error(`the patch of ${file} fits ${count} times, and must fit once: ${find}`);
}
