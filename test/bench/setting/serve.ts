/** Serves a Worker of the bench's own with plain workerd, as `npm run edge` serves the edge: the same configuration. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildWorker } from "../../../edge/serve/build.ts";
import { startWorkerd } from "../../../edge/serve/supervisor.ts";
import { writeConfig } from "../../../edge/serve/workerd-config.ts";
import { WEBHOOK_SECRET } from "../../stage/stage.ts";

/** A Worker that is being served. */
export interface Served {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Bundles and serves one, with its objects on disk in `folder`, which must be there. */
export async function serveWorker(source: "bare" | "counts", folder: string): Promise<Served> {
  const script = join(folder, "worker.js");
  await build({
    entryPoints: [fileURLToPath(new URL(`../workers/${source}.ts`, import.meta.url))],
    outfile: script,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:*", "node:*"],
    conditions: ["workerd", "worker", "browser"],
  });
  const { compatibilityDate } = await buildWorker();
  const vars = new Map([["SECRET", WEBHOOK_SECRET]]);
  const worker = { modules: [script], compatibilityDate };
  const config = await writeConfig(join(folder, "config"), { worker, vars, host: "127.0.0.1", port: 0, data: folder });
  const { listening, ended, end } = startWorkerd(config);
  const stop = async (): Promise<void> => {
    end();
    await ended;
  };
  return { url: `http://127.0.0.1:${await listening}`, stop };
}
