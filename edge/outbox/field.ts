/** The custom field that decides, put back after its click was refused, so that it shows no verdict that does not count. */
import { verdictSchema } from "../../shared/decisions.ts";
import { readWebhook } from "../../shared/webhook-event.ts";
import type { Ledger } from "../ledger.ts";
import { PagerDutyError } from "../pagerduty/error.ts";
import type { PagerDuty } from "../pagerduty.ts";
import type { Decision, RequestRecord } from "../record.ts";
import type { Requests } from "../requests.ts";
import { fieldPutBack } from "../steps/click.ts";

export interface FieldOptions {
  readonly ledger: Ledger;
  readonly pagerDuty: PagerDuty;
  readonly requests: () => Requests;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
}

/**
 * Puts the field of a refused click back to what it was before, unless somebody has set it anew. Never to a verdict: the
 * event of our own writing must decide nothing.
 */
export async function putBack(options: FieldOptions, record: RequestRecord, decision: Decision): Promise<void> {
  const { ledger, pagerDuty, requests, fault } = options;
  const { clickId, incidentId, verdict } = decision;
  const field = ledger.session()?.hello.decisions.field;
  try {
    if (field !== undefined && (await pagerDuty.fieldValue(incidentId, field)) === verdict)
      await pagerDuty.setField(incidentId, field, valueBefore(ledger.delivery(clickId)?.raw, field));
  } catch (error) {
    if (!(error instanceof PagerDutyError) || (error.code !== "not_found" && error.code !== "invalid")) throw error;
    fault(`the field ${field} of incident ${incidentId} could not be put back: ${error.message}`);
  }
  requests().change(record.request.id, (current) => fieldPutBack(current, clickId));
}

/** What a field was before a delivery told that it changed; null for nothing, for a verdict, and when nobody knows. */
export function valueBefore(raw: Uint8Array | undefined, field: string): string | null {
  const event = raw && readWebhook(raw);
  const before = event?.kind === "field_values_updated" ? event.before.get(field) : undefined;
  return before === undefined || verdictSchema.safeParse(before).success ? null : before;
}
