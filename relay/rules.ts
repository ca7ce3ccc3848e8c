/**
 * Whom Teleport's Access Monitoring Rules say to notify of an access request: the names of PagerDuty services. Pure. A
 * rule that cannot be read or answered is a named fault and notifies nobody; it never keeps another from doing so.
 */
import type { AccessRequest } from "../shared/access-request.ts";
import { type Condition, parseCondition } from "./rules/condition.ts";
import type { Traits } from "./teleport/port.ts";

/** A rule as Teleport holds it (`AccessMonitoringRule`), as far as it concerns notifications. */
export interface MonitoringRule {
  readonly name: string;
  /** What it is about, such as `access_request`. */
  readonly subjects: readonly string[];
  /** In Teleport's predicate language. */
  readonly condition: string;
  /** The integration that is to notify; empty when none is. */
  readonly notifier: string;
  /** For PagerDuty: names of services. */
  readonly recipients: readonly string[];
}

/** A rule whose condition has been read. */
export interface ReadRule {
  readonly rule: MonitoringRule;
  readonly condition: Condition | { readonly fault: string };
}

/** A rule that cannot be read or answered, and why, as one sentence. */
export interface RuleFault {
  readonly rule: string;
  readonly problem: string;
}

/** The notifier that is ours, by the predecessor's name. */
export const NOTIFIER = "pagerduty";

/** The subject that is ours. */
export const SUBJECT = "access_request";

/** Whether a rule is about access requests and notifies PagerDuty. */
export function concernsUs({ notifier, subjects }: MonitoringRule): boolean {
  return notifier === NOTIFIER && subjects.includes(SUBJECT);
}

/** Reads a rule's condition, once for all requests. */
export function readRule(rule: MonitoringRule): ReadRule {
  return { rule, condition: parseCondition(rule.condition) };
}

/** Whether some rule cannot be answered without the requester's traits. */
export function askTraits(rules: Iterable<ReadRule>): boolean {
  return [...rules].some(({ condition }) => "asksTraits" in condition && condition.asksTraits);
}

/** The recipients of all rules that match, each once, in the order of the rules' names; and the rules that are at fault. */
export function recipientsFor(
  rules: Iterable<ReadRule>,
  request: AccessRequest,
  traits: Traits,
): { readonly recipients: readonly string[]; readonly faults: readonly RuleFault[] } {
  const recipients = new Set<string>();
  const faults: RuleFault[] = [];
  for (const { rule, condition } of [...rules].sort(byName)) {
    if (!concernsUs(rule)) continue;
    const answer = "fault" in condition ? condition : condition.answer({ request, traits });
    if ("fault" in answer) faults.push({ rule: rule.name, problem: answer.fault });
    else if (answer.holds) for (const name of rule.recipients) recipients.add(name.trim());
  }
  recipients.delete("");
  return { recipients: [...recipients], faults };
}

function byName({ rule: one }: ReadRule, { rule: other }: ReadRule): number {
  return one.name < other.name ? -1 : Number(one.name > other.name);
}
