/**
 * Runs workerd so that it never outlives its parent, not even one that was killed: a shell between the two holds the other
 * end of our pipe, and the pipe's end is workerd's.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import workerd from "workerd";

/** How long workerd may take to finish what it is doing once it was asked to end, in ms. */
const END_WITHIN_MS = 3000;

/**
 * Descriptor 3 is workerd's control channel, 4 our pipe. A line on the pipe asks workerd to end; its end, whoever closed
 * it, kills. A SIGTERM to the whole process group must not take the watcher away, for workerd may have to be killed.
 * Workerd's own output goes to stderr.
 */
const SCRIPT = `
exec 4<&0 </dev/null
"$@" 4<&- >&2 &
workerd=$!
trap : TERM INT
{ trap : TERM INT; read -r line && kill -TERM $workerd && read -r line; kill -KILL $workerd; } <&4 3>&- 2>/dev/null &
watch=$!
while kill -0 $workerd 2>/dev/null; do wait $workerd; status=$?; done
kill -KILL $watch 2>/dev/null
exit $status
`;

export interface Running {
  /** The port that it listens on; rejects when workerd ends before it listens. */
  readonly listening: Promise<number>;
  /** Workerd's exit code, once it is gone. */
  readonly ended: Promise<number>;
  /** Asks it to end, and makes it end soon. */
  end(): void;
  /** Ends it at once. */
  kill(): void;
}

/** Starts workerd with a configuration file. */
export function startWorkerd(configFile: string): Running {
  const command = [workerd.default, "serve", configFile, "edge", "--control-fd=3"];
  const child = spawn("/bin/sh", ["-c", SCRIPT, "edge", ...command], { stdio: ["pipe", 2, 2, "pipe"] });
  const pipe = child.stdin;
  const control = child.stdio[3];
  if (pipe === null || !isReadable(control)) throw new Error("workerd could not be given its pipes");
  // Whatever it says, its end is what tells us that the other side has gone.
  pipe.on("error", () => {});
  const ended = exitOf(child);
  return { listening: portFrom(control, ended), ended, end: () => endSoon(pipe, ended), kill: () => pipe.end() };
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === "object" && stream !== null && "read" in stream;
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function portFrom(control: Readable, ended: Promise<number>): Promise<number> {
  const listening = (async (): Promise<number | undefined> => {
    let text = "";
    for await (const chunk of control) {
      text += String(chunk);
      const port = /"event":"listen"[^}]*"port":(\d+)/.exec(text)?.[1];
      if (port !== undefined) return Number(port);
    }
    return undefined;
  })();
  const port = await listening;
  if (port !== undefined) return port;
  throw new Error(`workerd ended with ${await ended} before it listened`);
}

function endSoon(pipe: Writable, ended: Promise<number>): void {
  pipe.write("end\n");
  const impatience = setTimeout(() => pipe.end(), END_WITHIN_MS);
  const calm = (): void => clearTimeout(impatience);
  ended.then(calm, calm);
}
