/** What a run did and found, for people. */
import type { Findings } from "./findings.ts";
import type { Tally } from "./tally.ts";

/** Tells it; whether everything passed. The last line is what scripts read. */
export function tellFindings(findings: Findings, tell: (line: string) => void): boolean {
  const { history, tally, passed, failures, lives, folder } = findings;
  const { requests, clicks, incidents, verdicts, calls } = history;
  const count = (verdict: string): number => verdicts.filter((each) => each.verdict === verdict).length;
  tell("\nWhat happened");
  row(tell, "requests", requests.length, `${incidents.length} incidents`);
  row(tell, "clicks", clicks.length, listed(tally, "click: "));
  row(tell, "decisions", verdicts.length, `${count("approve")} approvals, ${count("deny")} denials`);
  row(tell, "refusals", tally.total("refusal: "), listed(tally, "refusal: "));
  row(tell, "in Teleport", tally.total("in Teleport: "), listed(tally, "in Teleport: "));
  row(
    tell,
    "starts",
    sum(Object.values(lives)),
    Object.entries(lives)
      .map(([name, times]) => `${name} ${times}`)
      .join(", "),
  );
  row(tell, "relays", tally.total("relay: "), listed(tally, "relay: "));
  row(tell, "calls", calls.length, "that reached Teleport or PagerDuty");
  tell(`\nWhat went wrong: ${tally.total("fault: ")} faults`);
  for (const [name, times] of tally.under("fault: ")) tell(`${String(times).padStart(8)}  ${name}`);
  for (const { what, sentences } of failures) {
    tell(`\nFAILED ${what}`);
    for (const sentence of sentences) tell(`  ${sentence}`);
  }
  if (failures.length > 0) tell(`\nEverybody's logs are in ${folder}`);
  tell(`\n${passed} passed, ${failures.length} failed`);
  return failures.length === 0;
}

function row(tell: (line: string) => void, what: string, times: number, more: string): void {
  tell(`${what.padStart(12)}  ${String(times).padStart(6)}  ${more}`.trimEnd());
}

function listed(tally: Tally, prefix: string): string {
  return tally
    .under(prefix)
    .map(([what, times]) => `${times} ${what}`)
    .join(", ");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
