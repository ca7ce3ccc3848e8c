/** `teleport-pagerduty audit verify`: checks an audit log's hash chain and says where it breaks. Only reads. */
import { type AuditBreak, type AuditSummary, verifyAuditLog } from "../audit/verify.ts";
import { type Command, type ExitCode, JSON_OUTPUT, parseFile, type Terminal, UsageError } from "./command.ts";
import { paintFor, plain } from "./print.ts";

/** Most breaks that are named one by one. */
const MAX_NAMED = 100;

const options = {
  after: {
    type: "string",
    value: "HASH",
    meaning: "the head of the file before, for a log that was moved away and continued",
  },
  holds: {
    type: "string",
    value: "HASH",
    meaning: "a head that the log must come by, such as the edge's status shows of each relay",
  },
  json: { ...JSON_OUTPUT, meaning: "print {ok, lines, lastNumber, head, holds, breaks} as JSON instead" },
} as const;

export const audit: Command = {
  summary: "Check an audit log's hash chain",
  usage: ["verify [--after HASH] [--holds HASH] [--json] FILE"],
  about: [
    "Reads an audit log (policy.audit_log) from its first line to its last. Prints its number of lines and the hash of the last one, its head, and exits with 0; or says where its chain breaks, and exits with 1.",
    "A chain shows what was changed, taken out or put in. Whether lines are missing at the end, or all were written anew, shows only against a head that was kept elsewhere: the edge keeps the last of each relay.",
  ],
  options,
  operands: ["verify"],
  async run([action, ...rest], terminal) {
    if (action !== "verify") {
      throw new UsageError(action === undefined ? "Say what to do: audit verify FILE" : `There is no audit ${action}`);
    }
    const { file, options: asked } = parseFile(rest, options);
    const { after, holds, json } = asked;
    for (const [name, hash] of Object.entries({ after, holds })) {
      if (hash !== undefined && !/^[0-9a-f]{64}$/.test(hash))
        throw new UsageError(`--${name} takes 64 hexadecimal digits`);
    }
    try {
      const reading = verifyAuditLog(file, { after, holding: holds });
      return await verify(reading, json ? jsonPrinter(terminal) : linePrinter(terminal), terminal.signal);
    } catch (error) {
      terminal.stderr(`${file} cannot be read (${codeOf(error)}).\n`);
      return 1;
    }
  },
};

/** What tells what was found: each break that is named, and then the rest; `breaks` counts them all. */
interface Printer {
  broken(found: AuditBreak): void;
  end(verified: AuditSummary, breaks: number): void;
}

async function verify(
  reading: AsyncGenerator<AuditBreak, AuditSummary>,
  printer: Printer,
  signal: AbortSignal,
): Promise<ExitCode> {
  let breaks = 0;
  let step = await reading.next();
  while (!step.done) {
    if (signal.aborted) return 1;
    if (++breaks <= MAX_NAMED) printer.broken(step.value);
    step = await reading.next();
  }
  printer.end(step.value, breaks);
  return breaks === 0 && step.value.holds ? 0 : 1;
}

function linePrinter(terminal: Terminal): Printer {
  const { good, bad } = paintFor(terminal);
  const fail = (what: string): void => terminal.stdout(`${bad("FAIL")}, ${what}\n`);
  return {
    broken: ({ line, problem }) => fail(`line ${line} ${plain(problem)}`),
    end({ lines, lastNumber, head, holds }, breaks) {
      if (breaks > MAX_NAMED) fail(`${breaks - MAX_NAMED} more lines do not hold`);
      if (!holds) fail("the head that it must hold is in no line: lines were changed, or are missing");
      if (breaks > 0 || !holds) return;
      const numbered = lastNumber === lines ? "" : `, the last is number ${lastNumber}`;
      terminal.stdout(`${good("ok")}, ${lines} ${lines === 1 ? "line" : "lines"}${numbered}, head ${head}\n`);
    },
  };
}

function jsonPrinter({ stdout }: Terminal): Printer {
  const named: AuditBreak[] = [];
  return {
    broken: (found) => void named.push(found),
    end(verified, breaks) {
      const told = { ok: breaks === 0 && verified.holds, ...verified, breaks: named, unnamed: breaks - named.length };
      stdout(`${JSON.stringify(told, null, 2)}\n`);
    },
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
