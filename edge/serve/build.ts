/**
 * Bundles the Worker into its two modules, which `wrangler deploy` uploads and `npm run edge` serves, unless the bundles
 * that are there are newer than everything that went into them. Run as a program it does just that.
 */
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OUTPUT = join(ROOT, "dist", "edge");

/** What each module is made of. The first loads the second when somebody asks for it; nothing else joins them. */
const MODULES = { "worker.js": "edge/worker.ts", "view.js": "edge/view.ts" } as const;

/** The Worker, ready to be run. */
export interface BuiltWorker {
  /** Paths of its modules, the main one first; they are known to each other by their files' names. */
  readonly modules: readonly string[];
  readonly compatibilityDate: string;
}

/** The built Worker, built first when stale. Several processes may do it at once. */
export async function buildWorker(): Promise<BuiltWorker> {
  const modules = Object.keys(MODULES).map((name) => join(OUTPUT, name));
  const record = join(OUTPUT, "worker.inputs.json");
  if (await isStale(modules, record)) await bundleAll(record);
  return { modules, compatibilityDate: await compatibilityDate() };
}

async function bundleAll(record: string): Promise<void> {
  await mkdir(OUTPUT, { recursive: true });
  const inputs: string[] = [];
  for (const [name, source] of Object.entries(MODULES)) inputs.push(...(await bundle(source, join(OUTPUT, name))));
  await replace(record, JSON.stringify(inputs.map((path) => relative(ROOT, path))));
}

/** Bundles a module into a file, and tells what went into it. */
async function bundle(source: string, file: string): Promise<string[]> {
  // Served as it is, the bundle costs no bundler.
  const { rolldown } = await import("rolldown");
  const bundled = await rolldown({
    cwd: ROOT,
    input: source,
    external: /^(cloudflare|node):/,
    plugins: [{ name: "modules-apart", resolveId: moduleApart }],
    platform: "browser",
    resolve: { conditionNames: ["workerd", "worker", "browser", "import", "default"] },
    // Making a schema, by zod or with what shared/values.ts makes of it, does nothing else: one that is not used goes.
    treeshake: { propertyReadSideEffects: false, manualPureFunctions: ["z", "textOf", "orElse"] },
    logLevel: "silent",
  });
  const { output } = await bundled.generate({ format: "esm", minify: true, comments: false });
  const inputs = await bundled.watchFiles;
  await bundled.close();
  await replace(file, output[0].code);
  return inputs;
}

// Where one module imports another's source, it stays an import, of its neighbour.
function moduleApart(source: string, importer?: string): { id: string; external: true } | null {
  if (importer === undefined) return null;
  const path = relative(ROOT, resolve(dirname(importer), source));
  const [name] = Object.entries(MODULES).find(([, main]) => main === path) ?? [];
  return name === undefined ? null : { id: `./${name}`, external: true };
}

// Whoever reads it meanwhile sees the old file or the new one, whole.
async function replace(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

async function isStale(modules: readonly string[], record: string): Promise<boolean> {
  try {
    const built = Math.min(...(await Promise.all(modules.map(modifiedMs))));
    const inputs: unknown = JSON.parse(await readFile(record, "utf8"));
    if (!Array.isArray(inputs)) return true;
    const relevant = ["package-lock.json", "edge/serve/build.ts", ...inputs.map(String)];
    const changed = await Promise.all(relevant.map((input) => modifiedMs(join(ROOT, input))));
    return changed.some((mtimeMs) => mtimeMs >= built);
  } catch {
    return true;
  }
}

async function modifiedMs(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}

async function compatibilityDate(): Promise<string> {
  const { compatibility_date: date } = parse(await readFile(join(ROOT, "wrangler.toml"), "utf8"));
  if (typeof date !== "string") throw new Error("wrangler.toml has no compatibility_date");
  return date;
}

if (import.meta.main) await buildWorker();
