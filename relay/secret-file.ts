/**
 * Files of secrets, a line each. They are read whole or not at all, refused when others on this machine can read them,
 * and read again when they change, so that a rotation needs no restart. No secret ever appears in a fault or a log line.
 */
import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from "node:fs";
import type { Verdict } from "../shared/decisions.ts";
import type { Logger } from "../shared/log.ts";
import { MIN_SECRET_CHARACTERS } from "../shared/signature.ts";

/** What a file of secrets holds, or one sentence (without its subject) that says what is wrong with it. */
export type SecretsReading<Value> =
  | { readonly kind: "secrets"; readonly value: Value }
  | { readonly kind: "fault"; readonly problem: string };

/** Bits of a file's mode that let others than its owner and group at it. */
const OTHERS = 0o007;

/** Largest file of secrets that is read, in bytes: thousands of lines, while two are usual. */
const MAX_SECRET_FILE_BYTES = 256 * 1024;

/** Reads the webhook secrets: one or more lines, each at least {@link MIN_SECRET_CHARACTERS} bytes. Never throws. */
export function readWebhookSecrets(file: string): SecretsReading<readonly string[]> {
  return readLines(file, webhookSecretsIn);
}

/** Reads the two action tokens: a line `approve=…` and a line `deny=…`, different from each other. Never throws. */
export function readActionTokens(file: string): SecretsReading<Readonly<Record<Verdict, string>>> {
  return readLines(file, actionTokensIn);
}

/** What is wrong with a file that must be there and be unreadable for others; undefined when it is as it should be. */
export function accessProblem(file: string): string | undefined {
  try {
    return problemOf(statSync(file));
  } catch (error) {
    return unreadable(error);
  }
}

function problemOf(stats: Stats): string | undefined {
  if (!stats.isFile()) return "is not a regular file";
  if ((stats.mode & OTHERS) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
    return `may be used by others on this machine (mode ${mode}): chmod o= it, and replace the secret if others may have read it`;
  }
  if (stats.size > MAX_SECRET_FILE_BYTES) return "is too large to be a file of secrets";
  return undefined;
}

/** A file of secrets, read again when it changes. */
export interface Secrets<Value> {
  /** The secrets as they are now; the last good ones while the file is bad, which is logged once. Never throws. */
  current(): Value;
}

/**
 * Opens the webhook secrets.
 * @throws Error with one sentence when the file is not good now.
 */
export function openWebhookSecrets(file: string, log: Logger): Secrets<readonly string[]> {
  return open(file, readWebhookSecrets, log);
}

/**
 * Opens the action tokens.
 * @throws Error with one sentence when the file is not good now.
 */
export function openActionTokens(file: string, log: Logger): Secrets<Readonly<Record<Verdict, string>>> {
  return open(file, readActionTokens, log);
}

function open<Value>(file: string, read: (file: string) => SecretsReading<Value>, log: Logger): Secrets<Value> {
  let seen = fingerprintOf(file);
  const first = read(file);
  if (first.kind === "fault") throw new Error(`${file} ${first.problem}.`);
  let { value } = first;
  return {
    current() {
      const fingerprint = fingerprintOf(file);
      if (fingerprint === seen) return value;
      // Taken before the reading: a change in between shows as another fingerprint next time.
      seen = fingerprint;
      const reading = read(file);
      if (reading.kind === "secrets") {
        value = reading.value;
        log.info("A file of secrets has changed and was read again", { file });
      } else log.error(`The file ${reading.problem}; what it held before stays in use`, { file });
      return value;
    },
  };
}

// The time of the last status change also moves when the mode does, and cannot be set back by a copying tool.
function fingerprintOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? "absent" : [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(" ");
}

function readLines<Value>(
  file: string,
  parse: (lines: readonly string[]) => SecretsReading<Value>,
): SecretsReading<Value> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    // Of the open file, so that what is judged is what is read.
    const problem = problemOf(fstatSync(descriptor));
    if (problem !== undefined) return { kind: "fault", problem };
    return parse(linesOf(readFileSync(descriptor, "utf8")));
  } catch (error) {
    return { kind: "fault", problem: unreadable(error) };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "does not exist";
  if (code === "EACCES") return "cannot be read by the user that the relay runs as";
  return `cannot be read (${String(code)})`;
}

function webhookSecretsIn(lines: readonly string[]): SecretsReading<readonly string[]> {
  if (lines.length === 0)
    return { kind: "fault", problem: "holds no secret: put PagerDuty's webhook secret on a line of its own" };
  const short = lines.findIndex(isShort);
  if (short >= 0) return { kind: "fault", problem: tooShort(`secret ${short + 1}`) };
  return { kind: "secrets", value: lines };
}

const TOKEN_LINE = /^(approve|deny)\s*=\s*(.*)$/;

function actionTokensIn(lines: readonly string[]): SecretsReading<Readonly<Record<Verdict, string>>> {
  const fault = (problem: string) => ({ kind: "fault", problem }) as const;
  const pairs = lines.map((line) => TOKEN_LINE.exec(line));
  const token = (verdict: Verdict): string[] => pairs.flatMap((pair) => (pair?.[1] === verdict ? [pair[2] ?? ""] : []));
  const [approve, ...moreApprove] = token("approve");
  const [deny, ...moreDeny] = token("deny");
  if (approve === undefined || deny === undefined || lines.length !== 2 || moreApprove.length + moreDeny.length > 0) {
    return fault("must hold exactly two lines, approve=… and deny=…");
  }
  if (isShort(approve)) return fault(tooShort("the token of approve"));
  if (isShort(deny)) return fault(tooShort("the token of deny"));
  if (approve === deny) return fault("gives approve and deny the same token: each needs its own");
  return { kind: "secrets", value: { approve, deny } };
}

function isShort(secret: string): boolean {
  return Buffer.byteLength(secret) < MIN_SECRET_CHARACTERS;
}

function tooShort(which: string): string {
  return `holds a secret that is too short: ${which} must have at least ${MIN_SECRET_CHARACTERS} bytes`;
}
