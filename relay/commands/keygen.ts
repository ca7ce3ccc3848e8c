/**
 * `teleport-pagerduty keygen`: makes the relay's key, or prints the public half of one that is there. It never writes
 * over a file and never prints a private key.
 */
import { closeSync, fsyncSync, openSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { generateRelayKey, readRelayKey } from "../link/relay-key.ts";
import { DEFAULT_KEY_FILE } from "../paths.ts";
import { type Command, type ExitCode, parseOptions, type Terminal, UsageError } from "./command.ts";

const options = {
  out: {
    type: "string",
    value: "FILE",
    meaning: `where the private key goes (PKCS#8 PEM, mode 0600); a file that exists is left as it is (default: ${DEFAULT_KEY_FILE})`,
  },
  public: { type: "string", value: "FILE", meaning: "print the public half of this private key again" },
} as const;

export const keygen: Command = {
  summary: "Make the relay's key and print its public half",
  usage: ["[--out FILE]", "--public FILE"],
  about: [
    "Makes the relay's Ed25519 key and prints its public half, 43 characters, which goes into relay_public_keys of the " +
      "edge's configuration.",
  ],
  options,
  async run(args, terminal) {
    const { out, public: shown } = parseOptions(args, options);
    if (shown === undefined) return make(out ?? DEFAULT_KEY_FILE, terminal);
    if (out !== undefined) throw new UsageError("--out and --public exclude each other");
    return print(shown, terminal);
  },
};

function make(file: string, { stdout, stderr }: Terminal): ExitCode {
  const { pem, publicKey } = generateRelayKey();
  try {
    writeNew(file, pem);
  } catch (error) {
    stderr(`${problemOf(file, error)}\n`);
    return 1;
  }
  stdout(`${publicKey}\n`);
  return 0;
}

function print(file: string, { stdout, stderr }: Terminal): ExitCode {
  try {
    stdout(`${readRelayKey(file).publicKey}\n`);
    return 0;
  } catch (error) {
    stderr(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function writeNew(file: string, text: string): void {
  const descriptor = openSync(file, "wx", 0o600);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function problemOf(file: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EEXIST":
      return `${file} exists already and was left as it is; \`teleport-pagerduty keygen --public ${file}\` prints its public key.`;
    case "ENOENT":
      return `The directory ${dirname(file)} does not exist: make it, or choose a file with --out.`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `${file} cannot be written by this user (${code}): run this as the user that the relay will run as, or choose a file with --out.`;
    default:
      return `${file} cannot be written (${String(code ?? error)}).`;
  }
}
