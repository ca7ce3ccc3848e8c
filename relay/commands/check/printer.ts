/** How the results of `check` are printed: a line each as they come, for people; or JSON at the end, for programs. */
import { wrapped } from "../../wrap.ts";
import type { Terminal } from "../command.ts";
import { paintFor, plain } from "../print.ts";
import type { CheckResult } from "./result.ts";

export interface Printer {
  readonly take: (result: CheckResult) => void;
  readonly end: () => void;
}

/** Width of the column of names, in characters: lines are printed as they come, before the longest name is known. */
const NAME_WIDTH = 27;

/** Where the details begin, in characters, and the least room in which it is worth while to keep to that. */
const INDENT = "FAIL  ".length + NAME_WIDTH + "  ".length;
const MIN_DETAIL_WIDTH = 40;

// One line a check, unless somebody looks at it and it would not fit.
function detailLines(detail: string, width = 0): string[] {
  return width - INDENT < MIN_DETAIL_WIDTH ? [detail] : wrapped(detail, width - INDENT);
}

/** For people; at the end the role that has what is missing, once. */
export function linePrinter(terminal: Terminal): Printer {
  const { good, bad, strong, faint } = paintFor(terminal);
  const roles = new Set<string>();
  const counts = { ok: 0, failed: 0 };
  return {
    take({ name, ok, detail, role }) {
      counts[ok ? "ok" : "failed"]++;
      const verdict = ok ? good("ok  ") : bad("FAIL");
      const [first = "", ...more] = detailLines(plain(detail), terminal.width);
      terminal.stdout(`${verdict}  ${plain(name).padEnd(NAME_WIDTH)}  ${first}\n`);
      for (const line of more) terminal.stdout(`${" ".repeat(INDENT)}${line}\n`);
      if (role !== undefined) roles.add(role);
    },
    end() {
      // A program that reads the lines has its own way of counting them.
      if (terminal.isTerminal) {
        const failures = counts.failed === 0 ? "" : `, ${bad(`${counts.failed} to mend`)}`;
        terminal.stdout(`\n${faint(`${counts.ok} ok`)}${failures}\n`);
      }
      for (const role of roles) {
        terminal.stdout(`\n${strong("The role that has what is missing, for `tctl create -f`:")}\n\n${role}`);
      }
    },
  };
}

/** For programs: one array when all is known. */
export function jsonPrinter({ stdout }: Terminal): Printer {
  const results: CheckResult[] = [];
  return {
    take: (result) => void results.push(result),
    end: () => stdout(`${JSON.stringify(results, null, 2)}\n`),
  };
}
