/** What has been counted in a cluster's life, as Prometheus reads it. Pure. */
import { REQUEST_ENDS } from "../../shared/access-request.ts";
import { VERDICTS } from "../../shared/decisions.ts";
import { type Family, histogramSamples } from "../../shared/metrics.ts";
import { REFUSALS } from "../../shared/refusal.ts";
import { PAGERDUTY_ERROR_CODES } from "../pagerduty/error.ts";
import { CLICK_CHANNELS } from "../record.ts";
import { each, familyOf, plain } from "./family.ts";
import type { Tally } from "./tally.ts";

/** The key that a tally has it under; every value of a label is told from the start, so that the first of it shows. */
type Counter = readonly [key: string, name: string, help: string, label?: string, values?: readonly string[]];

const COUNTERS: readonly Counter[] = [
  ["seen", "requests_seen_total", "Access requests that relays told of."],
  ["ended", "requests_ended_total", "Access requests that ended.", "end", REQUEST_ENDS],
  ["opened", "incidents_opened_total", "Incidents opened or taken over."],
  ["clicks", "clicks_total", "Answers given in PagerDuty.", "channel", CLICK_CHANNELS],
  ["decisions", "decisions_total", "Answers that Teleport took.", "verdict", VERDICTS],
  ["refusals", "refusals_total", "Answers that were refused.", "reason", REFUSALS],
  ["calls", "api_calls_total", "Calls to PagerDuty.", "outcome", ["ok", ...PAGERDUTY_ERROR_CODES]],
  ["disabled", "subscriptions_disabled_total", "Webhook subscriptions that PagerDuty had disabled."],
];

const HISTOGRAMS = [
  ["paging", "paging_seconds", "From Teleport's request to the incident."],
  ["decision", "decision_seconds", "From an answer's arrival to Teleport's word."],
] as const;

/** Every counter and histogram that a tally holds. */
export function countersOf(tally: Tally): Family[] {
  const count = (key: string): number => tally[key] ?? 0;
  return [
    ...COUNTERS.map(([key, name, help, label, values]) => {
      const samples = label && values ? each(label, values, (value) => count(`${key} ${value}`)) : plain(count(key));
      return familyOf("counter", name, help, samples);
    }),
    ...HISTOGRAMS.map(([key, name, help]) => {
      const samples = histogramSamples([], (bucket) => count(`${key} ${bucket}`), count(`${key} sum`));
      return familyOf("histogram", name, help, samples);
    }),
  ];
}
