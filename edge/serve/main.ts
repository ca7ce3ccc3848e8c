/**
 * `npm run edge`: the edge without a Cloudflare account. Serves the built Worker with plain workerd, its objects on disk.
 * Standard output carries exactly one line, when it is ready; everything else goes to standard error.
 */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { buildWorker } from "./build.ts";
import { startWorkerd } from "./supervisor.ts";
import { parseVars } from "./vars.ts";
import { writeConfig } from "./workerd-config.ts";

const USAGE = `Usage: npm run -s edge -- [--host 127.0.0.1] [--port 8787] --data DIR --vars FILE

Serves the edge on this machine with plain workerd, without a Cloudflare account.

  --host HOST   address to listen on (default 127.0.0.1)
  --port PORT   port to listen on (default 8787; 0 picks a free one)
  --data DIR    folder that keeps the clusters' objects; made when it is missing
  --vars FILE   variables and secrets, a line each: NAME=value, quotes optional, # comments;
                CLUSTERS and CLUSTER_SECRETS as JSON on one line; PUBLIC_URL; PAGERDUTY_API_URL
  --help        this text

Prints "edge listening on http://HOST:PORT" when ready. SIGTERM and SIGINT end it cleanly.
Exit codes: 0; 1 a fault; 2 bad usage or a bad file of variables.
`;

/** Plain workerd has no cron, so that each object's own alarm has to come round as often as ours would. */
const WAKE_EVERY_MINUTES = "30";

/** How long a signal to end may come after workerd's own end, in ms. */
const SIGNAL_WITHIN_MS = 250;

/** A mistake of whoever called; its message is all they need. */
class UsageError extends Error {}

interface Options {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly vars: ReadonlyMap<string, string>;
}

function parseOptions(args: string[]): { host: string; port: number; data: string; vars: string } | "help" {
  const { values } = parse(args);
  if (values.help === true) return "help";
  const { host = "127.0.0.1", port = "8787", data, vars } = values;
  if (data === undefined) throw new UsageError("--data DIR is required");
  if (vars === undefined) throw new UsageError("--vars FILE is required");
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new UsageError("--port must be a number from 0 to 65535");
  if (!/^[A-Za-z0-9.:_-]+$/.test(host)) throw new UsageError("--host must be an address or a name");
  return { host, port: Number(port), data: resolve(data), vars: resolve(vars) };
}

function parse(args: string[]): {
  values: Partial<Record<"host" | "port" | "data" | "vars", string>> & { help?: boolean };
} {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args,
      options: { host: text, port: text, data: text, vars: text, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

async function readVars(file: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${messageOf(error)}`);
  });
  const reading = parseVars(text);
  if (reading.kind === "faulty") throw new UsageError(reading.faults.map((fault) => `${file}: ${fault}`).join("\n"));
  for (const warning of reading.warnings) console.error(`${file}: ${warning}`);
  return reading.vars;
}

/** Serves until a signal comes; resolves with the exit code. */
async function serve({ host, port, data, vars }: Options): Promise<number> {
  const worker = await buildWorker();
  await mkdir(data, { recursive: true, mode: 0o700 });
  const folder = join(data, ".config");
  const bindings = new Map([...vars, ["WAKE_EVERY_MINUTES", WAKE_EVERY_MINUTES]]);
  const config = await writeConfig(folder, { worker, vars: bindings, host, port, data });
  const running = startWorkerd(config);
  let asked = false;
  const end = (): void => {
    asked = true;
    running.end();
  };
  process.on("SIGTERM", end).on("SIGINT", end);
  whenNpmIsGone(() => {
    asked = true;
    running.kill();
  });
  try {
    const actual = await running.listening;
    console.log(`edge listening on http://${host.includes(":") ? `[${host}]` : host}:${actual}`);
  } catch (error) {
    if (!asked) throw new Error(`nothing listens on ${host}:${port}: ${messageOf(error)}; what it said is above`);
  } finally {
    // It holds secrets, and workerd has read it.
    await rm(folder, { recursive: true, force: true });
  }
  const code = await running.ended;
  // Who asks the whole process group may reach workerd first.
  if (!asked) await delay(SIGNAL_WITHIN_MS);
  if (asked) return 0;
  console.error(`workerd ended with ${code}`);
  return 1;
}

// npm passes signals on, but cannot when it is killed itself.
function whenNpmIsGone(end: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    end();
  }, 100).unref();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  return serve({ ...options, vars: await readVars(options.vars) });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  if (error instanceof UsageError) console.error("Try --help.");
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
