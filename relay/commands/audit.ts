/** `teleport-pagerduty audit verify`: checks an audit log's hash chain and says where it breaks. Only reads. */
import { verifyAuditLog } from "../audit/verify.ts";
import { type Command, type ExitCode, parseFile, type Terminal, UsageError } from "./command.ts";
import { plain } from "./print.ts";

/** Most breaks that are named one by one. */
const MAX_NAMED = 100;

export const audit: Command = {
  summary: "Check an audit log's hash chain",
  help: `Usage: teleport-pagerduty audit verify [--after HASH] FILE

Reads an audit log (policy.audit_log) from its first line to its last. Prints its number of lines and the hash of the
last one, its head, and exits with 0; or says where its chain breaks, and exits with 1. A chain shows what was changed,
taken out or put in. Whether lines are missing at the end shows only against a head that was kept elsewhere.

  --after HASH   the head of the file before, for a log that was moved away and continued
`,
  async run([action, ...rest], terminal) {
    if (action !== "verify") {
      throw new UsageError(action === undefined ? "Say what to do: audit verify FILE" : `There is no audit ${action}`);
    }
    const { file, options } = parseFile(rest, { after: { type: "string" } });
    const { after } = options;
    if (after !== undefined && !/^[0-9a-f]{64}$/.test(after))
      throw new UsageError("--after takes 64 hexadecimal digits");
    try {
      return await verify(file, after, terminal);
    } catch (error) {
      terminal.stderr(`${file} cannot be read (${codeOf(error)}).\n`);
      return 1;
    }
  },
};

async function verify(file: string, after: string | undefined, { stdout, signal }: Terminal): Promise<ExitCode> {
  const reading = verifyAuditLog(file, after);
  let breaks = 0;
  let step = await reading.next();
  while (!step.done) {
    if (signal.aborted) return 1;
    breaks++;
    if (breaks <= MAX_NAMED) stdout(`FAIL, line ${step.value.line} ${plain(step.value.problem)}\n`);
    step = await reading.next();
  }
  const { lines, head } = step.value;
  if (breaks > MAX_NAMED) stdout(`FAIL, ${breaks - MAX_NAMED} more lines do not hold\n`);
  if (breaks === 0) stdout(`ok, ${lines} ${lines === 1 ? "line" : "lines"}, head ${head}\n`);
  return breaks === 0 ? 0 : 1;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
