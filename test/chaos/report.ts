/** What a run did and found, for people. */
import type { Failure, Findings } from "./findings.ts";

type Tell = (line: string) => void;

/** Tells it; whether everything passed. The last line is what scripts read. */
export function tellFindings(findings: Findings, tell: Tell): boolean {
  const { tally, passed, failures, folder } = findings;
  tellDeeds(findings, tell);
  tell(`\nWhat went wrong: ${tally.total("fault: ")} faults`);
  for (const [name, times] of tally.under("fault: ")) tell(`${String(times).padStart(8)}  ${name}`);
  for (const failure of failures) tellFailure(failure, tell);
  if (failures.length > 0) tell(`\nEverybody's logs are in ${folder}`);
  tell(`\n${passed} passed, ${failures.length} failed`);
  return failures.length === 0;
}

function tellDeeds({ history, tally, answers, lives }: Findings, tell: Tell): void {
  const { requests, clicks, incidents, verdicts, calls } = history;
  const row = (what: string, times: number, more: string): void =>
    tell(`${what.padStart(12)}  ${String(times).padStart(6)}  ${more}`.trimEnd());
  const counted = (what: string, prefix: string): void => row(what, tally.total(prefix), listed(tally.under(prefix)));
  const approvals = verdicts.filter(({ verdict }) => verdict === "approve").length;
  const starts = Object.entries(lives);
  tell("\nWhat happened");
  row("requests", requests.length, `${incidents.length} incidents`);
  row("clicks", clicks.length, `among what people did: ${listed(tally.under("click: "))}`);
  row("decisions", verdicts.length, `${approvals} approvals, ${verdicts.length - approvals} denials`);
  counted("refusals", "refusal: ");
  counted("in Teleport", "in Teleport: ");
  row(
    "starts",
    starts.reduce((sum, [, times]) => sum + times, 0),
    listed(starts),
  );
  counted("relays", "relay: ");
  const { rateLimited, failed, none } = answers;
  row("calls", calls.length, `by PagerDuty ${rateLimited} limited (429), ${failed} failed (5xx), ${none} not answered`);
}

function tellFailure({ what, sentences }: Failure, tell: Tell): void {
  tell(`\nFAILED ${what}`);
  for (const sentence of sentences) tell(`  ${sentence}`);
}

function listed(counts: readonly (readonly [what: string, times: number])[]): string {
  return counts.map(([what, times]) => `${times} ${what}`).join(", ");
}
