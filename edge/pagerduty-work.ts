/**
 * One piece of work with PagerDuty each, and the step that follows: open, note, resolve, re-read, identify. Whatever is not
 * idempotent is looked for first, unless it cannot have been tried before.
 */
import { toBase64 } from "../shared/bytes.ts";
import { clickInEvidence } from "../shared/click.ts";
import type { Decisions } from "../shared/decisions.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { bodyFor, carriesDigest, titleFor } from "./incident.ts";
import type { Ledger, Session } from "./ledger.ts";
import type { Worker } from "./outbox.ts";
import type { Incident, User } from "./pagerduty/answers.ts";
import { PagerDutyError } from "./pagerduty/error.ts";
import type { PagerDuty } from "./pagerduty.ts";
import type { Paging } from "./paging.ts";
import type { People } from "./people.ts";
import { type Decision, pagingOf, type RequestRecord } from "./record.ts";
import type { Requests } from "./requests.ts";
import { identified, logEntryRead, lookUpFailed } from "./steps/click.ts";
import {
  incidentClosed,
  incidentOpened,
  keyTaken,
  neverOpened,
  noteRefused,
  noteWritten,
  notOpenedYet,
  textTooLong,
} from "./steps/paging.ts";
import type { PagerDutyTask } from "./todo.ts";

/** How often a log entry that PagerDuty does not find yet is asked for, each wait twice the one before: for a minute. */
const LOG_ENTRY_ATTEMPTS = 6;
const LOG_ENTRY_RETRY_MS = 1_000;

export interface PagerDutyWorkOptions {
  readonly config: ClusterConfig;
  readonly ledger: Ledger;
  readonly pagerDuty: PagerDuty;
  readonly people: People;
  readonly requests: () => Requests;
  readonly now: () => number;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
}

/** The worker for an outbox. */
export function pagerDutyWorker(options: PagerDutyWorkOptions): Worker {
  return async (record, task, isFresh) => {
    switch (task.task) {
      case "open":
        return openOrFind(options, record, task.paging, isFresh);
      case "note":
        return writeNote(options, record, task, isFresh);
      case "resolve":
        return resolve(options, record, task);
      case "reread":
        return reread(options, record, task.decision);
      case "identify":
        return identify(options, record, task.decision);
    }
  };
}

async function openOrFind(
  options: PagerDutyWorkOptions,
  record: RequestRecord,
  paging: Paging,
  isFresh: boolean,
): Promise<void> {
  const { requests, now } = options;
  const step = (change: (current: RequestRecord) => RequestRecord) => requests().change(record.request.id, change);
  if (!isFresh && (await adoptExisting(options, record, paging))) return;
  if (paging.closing) {
    const given = isFresh ? neverOpened : notOpenedYet;
    return void step((current) => given(current, paging.id, now()));
  }
  const { text, shown } = writtenBody(options, record, paging);
  const { config, pagerDuty } = options;
  const creation = await pagerDuty.createIncident({
    title: titleFor(record.request),
    details: text,
    serviceId: paging.serviceId,
    key: paging.key,
    urgency: config.urgency,
    priorityId: await priorityId(options),
  });
  switch (creation.kind) {
    case "created":
      return opened(options, record, paging, creation.incident, shown);
    case "key_in_use":
      if (!(await adoptExisting(options, record, paging))) keyIsTaken(options, record, paging);
      return;
    case "too_long":
      if (paging.shortened) throw new TypeError("PagerDuty takes not even the shortest text");
      return void step((current) => textTooLong(current, paging.id, now()));
  }
}

async function priorityId({ config, pagerDuty, fault }: PagerDutyWorkOptions): Promise<string | null> {
  const wanted = config.priority?.toLowerCase();
  if (wanted === undefined) return null;
  const found = (await pagerDuty.priorities()).find(({ name }) => name.toLowerCase() === wanted);
  if (found === undefined) fault(`PagerDuty has no priority named ${config.priority}: incidents open without one`);
  return found?.id ?? null;
}

/** Whether the key stood for anything: an incident that carries our digest is ours, another takes the key from us. */
async function adoptExisting(options: PagerDutyWorkOptions, record: RequestRecord, paging: Paging): Promise<boolean> {
  const { pagerDuty } = options;
  const found = await pagerDuty.findIncidents({ key: paging.key, serviceId: paging.serviceId });
  for (const incident of found) {
    const body = incident.body ?? (await pagerDuty.incident(incident.id)).body;
    if (body === null || !carriesDigest(body, paging.digest)) continue;
    opened(options, record, paging, incident, writtenBody(options, record, paging).shown);
    return true;
  }
  if (!found.some(({ status }) => status !== "resolved")) return false;
  keyIsTaken(options, record, paging);
  return true;
}

function keyIsTaken({ requests, now, fault }: PagerDutyWorkOptions, record: RequestRecord, paging: Paging): void {
  fault(`an incident that is not ours has the key ${paging.key}: the next key is used`);
  requests().change(record.request.id, (current) => keyTaken(current, paging.id, now()));
}

function opened(
  { requests, now, ledger }: PagerDutyWorkOptions,
  record: RequestRecord,
  paging: Paging,
  incident: Incident,
  shown: boolean,
): void {
  const { id: incidentId, url, escalationPolicyId, status, mergedInto } = incident;
  const asOpened = { incidentId, url, escalationPolicyId, resolved: status === "resolved", mergedInto };
  requests().change(record.request.id, (current) =>
    incidentOpened(current, paging.id, asOpened, { shown, nowMs: now() }),
  );
  requests().release(incidentId, ledger.session()?.hello.decisions);
}

/** Before any relay has said what counts: a body must promise nothing. */
const NO_DECISIONS: Decisions = {
  channels: [],
  workflowTriggers: { approve: "", deny: "" },
  field: "",
  onResolve: "nothing",
};

function writtenBody(
  { ledger, config }: PagerDutyWorkOptions,
  record: RequestRecord,
  paging: Paging,
): { text: string; shown: boolean } {
  const hello: Session["hello"] | undefined = ledger.session()?.hello;
  return bodyFor(record.request, {
    cluster: config.cluster,
    digest: record.digest,
    decisions: hello?.decisions ?? NO_DECISIONS,
    proxyAddress: hello?.proxyAddress ?? null,
    remarks: [],
    shortened: paging.shortened,
  });
}

async function writeNote(
  { pagerDuty, people, requests, now, fault }: PagerDutyWorkOptions,
  record: RequestRecord,
  { paging, note, incidentId }: Extract<PagerDutyTask, { task: "note" }>,
  isFresh: boolean,
): Promise<void> {
  const step = (change: (current: RequestRecord) => RequestRecord) => requests().change(record.request.id, change);
  try {
    const written = isFresh
      ? undefined
      : await findOwnNote({ pagerDuty, people }, incidentId, note.text, paging.noteIds);
    const noteId = written ?? (await pagerDuty.addNote(incidentId, note.text));
    step((current) => noteWritten(current, paging.id, noteId, now()));
  } catch (error) {
    if (!(error instanceof PagerDutyError) || (error.code !== "not_found" && error.code !== "invalid")) throw error;
    fault(`a note could not be written on incident ${incidentId}: ${error.message}`);
    step((current) => noteRefused(current, paging.id, now()));
  }
}

async function findOwnNote(
  { pagerDuty, people }: { pagerDuty: PagerDuty; people: People },
  incidentId: string,
  text: string,
  knownIds: readonly string[],
): Promise<string | undefined> {
  const botId = await people.botId();
  const notes = await pagerDuty.notes(incidentId);
  return notes.find(({ id, content, userId }) => content === text && userId === botId && !knownIds.includes(id))?.id;
}

async function resolve(
  { pagerDuty, requests, now, fault }: PagerDutyWorkOptions,
  record: RequestRecord,
  { paging, incidentId }: Extract<PagerDutyTask, { task: "resolve" }>,
): Promise<void> {
  try {
    await pagerDuty.resolveIncident(incidentId);
  } catch (error) {
    if (!(error instanceof PagerDutyError) || error.code !== "not_found") throw error;
    fault(`incident ${incidentId} is gone from PagerDuty`);
  }
  requests().change(record.request.id, (current) => incidentClosed(current, paging.id, now()));
}

async function reread(options: PagerDutyWorkOptions, record: RequestRecord, decision: Decision): Promise<void> {
  const { pagerDuty, ledger, requests, now, fault, config } = options;
  const { clickId, verdict, incidentId, attempts } = decision;
  const raw = await logEntryBytes(pagerDuty, clickId);
  if (raw === undefined && attempts < LOG_ENTRY_ATTEMPTS) {
    const failure = { nowMs: now(), random: 0, retryAfterMs: LOG_ENTRY_RETRY_MS * 2 ** attempts };
    return void requests().change(record.request.id, (current) => lookUpFailed(current, clickId, failure));
  }
  const decisions = ledger.session()?.hello.decisions ?? NO_DECISIONS;
  const token = config.actionTokens?.[verdict] ?? "";
  const click = raw && clickInEvidence({ kind: "action", action: verdict, token, logEntry: toBase64(raw) }, decisions);
  if (click === undefined)
    fault(`a button was reported on incident ${incidentId}, but log entry ${clickId} does not show it`);
  if (raw !== undefined) ledger.addDelivery({ eventId: clickId, incidentId, raw, signature: "" }, now(), false);
  requests().change(record.request.id, (current) => logEntryRead(current, clickId, click, now()));
}

// PagerDuty reports a press before every reader of its log can see it.
async function logEntryBytes(pagerDuty: PagerDuty, clickId: string): Promise<Uint8Array | undefined> {
  try {
    return await pagerDuty.logEntry(clickId);
  } catch (error) {
    if (error instanceof PagerDutyError && error.code === "not_found") return undefined;
    throw error;
  }
}

async function identify(
  { pagerDuty, people, ledger, requests, now }: PagerDutyWorkOptions,
  record: RequestRecord,
  { clickId, personId, incidentId, occurredMs }: Decision,
): Promise<void> {
  const [user] = await Promise.all([personId === null ? null : existingUser(people, personId), people.botId()]);
  const escalationPolicyId = pagingOf(record, incidentId)?.escalationPolicyId;
  const asked = ledger.session()?.hello.asksOnCall === true && escalationPolicyId && personId;
  const onCallLevels = asked
    ? await pagerDuty.onCallLevels({ userId: personId, escalationPolicyId, atMs: occurredMs })
    : null;
  const identity = { email: user?.email ?? null, name: user?.name ?? null, onCallLevels };
  requests().change(record.request.id, (current) => identified(current, clickId, identity, now()));
}

// Somebody deleted since the click is nobody now; every other failure is asked again, never assumed.
async function existingUser(people: People, userId: string): Promise<User | null> {
  try {
    return await people.user(userId);
  } catch (error) {
    if (error instanceof PagerDutyError && error.code === "not_found") return null;
    throw error;
  }
}
