/**
 * Clicks that are read again from PagerDuty before the relay hears of them: each press of a button, whose log entry is its
 * evidence; approvals under `confirm = "all"`; and notes that came trimmed, for the reason in them. What is found goes along
 * as it is; it is the relay that judges it.
 */
import { toBase64 } from "../../shared/bytes.ts";
import { clickIn, clickInEvidence } from "../../shared/click.ts";
import {
  type Confirmation,
  fieldShows,
  LOG_TIME_TOLERANCE_MS,
  logEntryShows,
  wholeNote,
} from "../../shared/confirmation.ts";
import { type Decisions, needsConfirmation } from "../../shared/decisions.ts";
import { MAX_CONFIRMATION_BYTES } from "../../shared/protocol.ts";
import { readWebhook, type WebhookEvent } from "../../shared/webhook-event.ts";
import type { ClusterConfig } from "../config/cluster-config.ts";
import type { Ledger } from "../ledger.ts";
import { PagerDutyError } from "../pagerduty/error.ts";
import type { PagerDuty } from "../pagerduty.ts";
import type { Decision, RequestRecord } from "../record.ts";
import type { Requests } from "../requests.ts";
import { deliveryReread, logEntryRead, lookUpFailed } from "../steps/click.ts";

/** How often what PagerDuty does not show yet is asked for, each wait twice the one before: for a minute. */
const ATTEMPTS = 6;
const RETRY_MS = 1_000;

export interface RereadingOptions {
  readonly config: ClusterConfig;
  readonly ledger: Ledger;
  readonly pagerDuty: PagerDuty;
  readonly requests: () => Requests;
  readonly now: () => number;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
}

/** Reads one click again, and takes the step that follows. Throws a `PagerDutyError` when PagerDuty does not answer. */
export async function reread(options: RereadingOptions, record: RequestRecord, decision: Decision): Promise<void> {
  const decisions = options.ledger.session()?.hello.decisions;
  if (decision.channel === "action") await rereadPress(options, record, decision, decisions);
  else await rereadDelivery(options, record, decision, decisions);
}

async function rereadPress(
  options: RereadingOptions,
  record: RequestRecord,
  decision: Decision,
  decisions: Decisions | undefined,
): Promise<void> {
  const { pagerDuty, ledger, requests, now, fault, config } = options;
  const { clickId, verdict, incidentId } = decision;
  const raw = await shownYet(() => pagerDuty.logEntry(clickId));
  if (raw === undefined && askAgain(options, record, decision)) return;
  const token = config.actionTokens?.[verdict] ?? "";
  const press = raw && ({ kind: "action", action: verdict, token, logEntry: toBase64(raw) } as const);
  const click = press && decisions && clickInEvidence(press, decisions);
  if (click === undefined)
    fault(`a button was reported on incident ${incidentId}, but log entry ${clickId} does not show it`);
  if (raw !== undefined) ledger.addDelivery({ eventId: clickId, incidentId, raw, signature: "" }, now(), false);
  requests().change(record.request.id, (current) => logEntryRead(current, clickId, click, now()));
}

async function rereadDelivery(
  options: RereadingOptions,
  record: RequestRecord,
  decision: Decision,
  decisions: Decisions | undefined,
): Promise<void> {
  const { pagerDuty, ledger, requests, now, fault } = options;
  const { clickId, verdict, incidentId } = decision;
  const raw = ledger.delivery(clickId)?.raw;
  const event = raw && readWebhook(raw);
  const isClick = decisions !== undefined && event !== undefined && "incidentId" in event;
  const found = isClick ? await shownYet(() => confirmationOf(pagerDuty, event, decisions)) : undefined;
  if (isClick && found === undefined && askAgain(options, record, decision)) return;
  const bytes = new TextEncoder().encode(JSON.stringify(found ?? {}));
  if (found !== undefined && bytes.length <= MAX_CONFIRMATION_BYTES) ledger.addConfirmation(clickId, bytes);
  else if (decisions !== undefined && needsConfirmation(decisions, verdict))
    fault(`PagerDuty does not show the approval ${clickId} on incident ${incidentId} again: it will not count`);
  requests().change(record.request.id, (current) => deliveryReread(current, clickId, now()));
}

/** What in PagerDuty shows the click that an event is; undefined while nothing does. */
async function confirmationOf(
  pagerDuty: PagerDuty,
  event: WebhookEvent,
  decisions: Decisions,
): Promise<Confirmation | undefined> {
  const click = clickIn(event, decisions);
  if (click === undefined || event.kind === "resolved") return undefined;
  if (event.kind === "annotated") {
    const notes = await pagerDuty.notesAsGiven(event.incidentId);
    const note = notes.find((candidate) => wholeNote(click, event.noteId, candidate) !== undefined);
    return note === undefined ? undefined : { note };
  }
  const entries = await pagerDuty.logEntriesAsGiven(event.incidentId, {
    sinceMs: event.occurredMs - LOG_TIME_TOLERANCE_MS,
    untilMs: event.occurredMs + LOG_TIME_TOLERANCE_MS,
  });
  const log_entry = entries.find((entry) => logEntryShows(click, entry));
  if (log_entry === undefined || event.kind === "workflow_started")
    return log_entry === undefined ? undefined : { log_entry };
  const values = await pagerDuty.fieldValuesAsGiven(event.incidentId);
  const custom_field = values.find((value) => fieldShows(click, decisions.field, value));
  return custom_field === undefined ? undefined : { log_entry, custom_field };
}

// PagerDuty tells of a click before every reader of it can see it.
function askAgain(
  { requests, now }: RereadingOptions,
  record: RequestRecord,
  { clickId, attempts }: Decision,
): boolean {
  if (attempts >= ATTEMPTS) return false;
  const failure = { nowMs: now(), random: 0, retryAfterMs: RETRY_MS * 2 ** attempts };
  requests().change(record.request.id, (current) => lookUpFailed(current, clickId, failure));
  return true;
}

async function shownYet<Shown>(ask: () => Promise<Shown>): Promise<Shown | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof PagerDutyError && error.code === "not_found") return undefined;
    throw error;
  }
}
