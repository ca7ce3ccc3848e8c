/**
 * Bundles the Worker into one file, which `wrangler deploy` uploads and `npm run edge` serves, unless the bundle that is
 * there is newer than everything that went into it. Run as a program it does just that.
 */
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
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
  // Served as it is, the bundle costs no bundler.
  const { rolldown } = await import("rolldown");
  const bundled = await rolldown({
    cwd: ROOT,
    input: "edge/worker.ts",
    external: /^(cloudflare|node):/,
    platform: "browser",
    resolve: { conditionNames: ["workerd", "worker", "browser", "import", "default"] },
    logLevel: "silent",
  });
  const { output } = await bundled.generate({ format: "esm", minify: true, comments: false });
  const inputs = await bundled.watchFiles;
  await bundled.close();
  await mkdir(OUTPUT, { recursive: true });
  await replace(script, output[0].code);
  await replace(record, JSON.stringify(inputs.map((path) => relative(ROOT, path))));
}

// Whoever reads it meanwhile sees the old file or the new one, whole.
async function replace(path: string, content: string): Promise<void> {
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
