/**
 * Bundles the Worker into one file, which `wrangler deploy` uploads and `npm run edge` serves, unless the bundle that is
 * there is newer than everything that went into it. Run as a program it does just that.
 */
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { parse } from "smol-toml";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OUTPUT = join(ROOT, "dist", "edge");

/** The Worker, ready to be run. */
export interface BuiltWorker {
  /** Path of the one module. */
  readonly script: string;
  readonly compatibilityDate: string;
}

/** The built Worker, built first when stale. Several processes may do it at once. */
export async function buildWorker(): Promise<BuiltWorker> {
  const script = join(OUTPUT, "worker.js");
  const record = join(OUTPUT, "worker.inputs.json");
  if (await isStale(script, record)) await bundle(script, record);
  return { script, compatibilityDate: await compatibilityDate() };
}

async function bundle(script: string, record: string): Promise<void> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["edge/worker.ts"],
    outfile: script,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const [module] = outputFiles;
  if (module === undefined) throw new Error("the bundler wrote nothing");
  await mkdir(OUTPUT, { recursive: true });
  await replace(script, module.contents);
  await replace(record, JSON.stringify(Object.keys(metafile.inputs)));
}

// Whoever reads it meanwhile sees the old file or the new one, whole.
async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

async function isStale(script: string, record: string): Promise<boolean> {
  try {
    const built = (await stat(script)).mtimeMs;
    const inputs: unknown = JSON.parse(await readFile(record, "utf8"));
    if (!Array.isArray(inputs)) return true;
    const relevant = ["package-lock.json", "edge/serve/build.ts", ...inputs.map(String)];
    const changed = await Promise.all(relevant.map(async (input) => (await stat(join(ROOT, input))).mtimeMs));
    return changed.some((mtimeMs) => mtimeMs >= built);
  } catch {
    return true;
  }
}

async function compatibilityDate(): Promise<string> {
  const { compatibility_date: date } = parse(await readFile(join(ROOT, "wrangler.toml"), "utf8"));
  if (typeof date !== "string") throw new Error("wrangler.toml has no compatibility_date");
  return date;
}

if (import.meta.main) await buildWorker();
