/**
 * One piece of work with PagerDuty each, and the step that follows: route, open, note, resolve, re-read, identify, put back. Whatever
 * is not idempotent is looked for first, unless it cannot have been tried before.
 */
import type { Decisions } from "../../shared/decisions.ts";
import type { LogFields } from "../../shared/log.ts";
import type { ClusterConfig } from "../config/cluster-config.ts";
import { bodyFor, carriesDigest, isBodyFor, titleFor, UNCOVERED_REMARK } from "../incident.ts";
import type { Session } from "../ledger/session.ts";
import type { Ledger } from "../ledger.ts";
import type { Worker } from "../outbox.ts";
import type { Incident, User } from "../pagerduty/answers.ts";
import { isRefused, PagerDutyError } from "../pagerduty/error.ts";
import type { OnCall } from "../pagerduty/on-call.ts";
import type { People } from "../pagerduty/people.ts";
import type { Priorities } from "../pagerduty/priorities.ts";
import type { Services } from "../pagerduty/services.ts";
import type { Subscriptions } from "../pagerduty/subscriptions.ts";
import type { PagerDuty } from "../pagerduty.ts";
import type { Paging } from "../paging.ts";
import { type Decision, pagingOf, type RequestRecord } from "../record.ts";
import type { Requests } from "../requests.ts";
import { identified } from "../steps/click.ts";
import { onCallAnswered, onCallForgotten } from "../steps/on-call.ts";
import {
  incidentClosed,
  incidentOpened,
  keyTaken,
  neverOpened,
  noteRefused,
  noteWritten,
  notOpenedYet,
  textTooLong,
} from "../steps/paging.ts";
import { routed } from "../steps/request.ts";
import { incidentOf, type PagerDutyTask } from "../todo.ts";
import { adoptPredecessors } from "./adoption.ts";
import { putBack } from "./field.ts";
import { reread } from "./rereading.ts";

export interface PagerDutyWorkOptions {
  readonly config: ClusterConfig;
  readonly ledger: Ledger;
  readonly pagerDuty: PagerDuty;
  readonly people: People;
  readonly onCall: OnCall;
  readonly services: Services;
  readonly subscriptions: Subscriptions;
  readonly priorities: Priorities;
  readonly requests: () => Requests;
  readonly now: () => number;
  /** When the object's life began, in ms since the epoch. */
  readonly bornMs: number;
  /** Remembers what an operator should know. */
  readonly fault: (what: string, about?: LogFields) => void;
}

/** The worker for an outbox. */
export function pagerDutyWorker(given: PagerDutyWorkOptions): Worker {
  return async (record, task, isFresh) => {
    const about = { requestId: record.request.id, incidentId: incidentOf(task) };
    const options: PagerDutyWorkOptions = { ...given, fault: (what) => given.fault(what, about) };
    switch (task.task) {
      case "route":
        return findServices(options, record, task.targets);
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
      case "on_call":
        return askOnCall(options, record);
      case "put_back":
        return putBack(options, record, task.decision);
    }
  };
}

async function askOnCall(
  { onCall, ledger, requests, now }: PagerDutyWorkOptions,
  { request }: RequestRecord,
): Promise<void> {
  const counting = ledger.session()?.hello.autoApproval;
  if (counting === undefined) return void requests().change(request.id, onCallForgotten);
  const offer = await onCall.offerFor(request, counting.onCallLevels);
  requests().change(request.id, (current) => onCallAnswered(current, offer, now()));
}

async function findServices(
  options: PagerDutyWorkOptions,
  record: RequestRecord,
  targets: readonly string[],
): Promise<void> {
  const { services, requests, now } = options;
  const bodyOf = (covered: boolean | null) => writtenBody(options, record, { remarks: [], shortened: false }, covered);
  if (await adoptPredecessors({ ...options, bodyOf }, record)) return;
  const destinations = await services.destinations(targets);
  requests().change(record.request.id, (current) => routed(current, destinations, now()));
}

async function openOrFind(
  options: PagerDutyWorkOptions,
  record: RequestRecord,
  paging: Paging,
  isUntried: boolean,
): Promise<void> {
  const { requests, now, bornMs } = options;
  const step = (change: (current: RequestRecord) => RequestRecord) => requests().change(record.request.id, change);
  // What was stored before this life began may be older than what was done since, should it have been put back.
  const isFresh = isUntried && record.firstSeenMs >= bornMs && !record.mayBePaged;
  if (!isFresh && (await adoptExisting(options, record, paging))) return;
  if (paging.closing) {
    const given = isFresh ? neverOpened : notOpenedYet;
    return void step((current) => given(current, paging.id, now()));
  }
  const { config, pagerDuty, priorities, subscriptions } = options;
  const [covered, priorityId] = await Promise.all([
    subscriptions.covers(paging.serviceId),
    config.priority === null ? null : priorities.idOf(config.priority),
  ]);
  const { text, shown } = writtenBody(options, record, paging, covered);
  const creation = await pagerDuty.createIncident({
    title: titleFor(record.request, paging.shortened),
    details: text,
    serviceId: paging.serviceId,
    key: paging.key,
    urgency: config.urgency,
    priorityId,
  });
  switch (creation.kind) {
    case "created":
      return opened(options, record, paging, creation.incident, shown);
    case "key_in_use":
      // Something may have come before us: the next attempt, which is made at once, looks first.
      if (isFresh) return;
      if (!(await adoptExisting(options, record, paging))) keyIsTaken(options, record, paging);
      return;
    case "too_long":
      if (paging.shortened) throw creation.refusal;
      return void step((current) => textTooLong(current, paging.id, now()));
  }
}

/** Whether the key stood for anything: an incident with the body that we write is ours, another takes the key from us. */
async function adoptExisting(options: PagerDutyWorkOptions, record: RequestRecord, paging: Paging): Promise<boolean> {
  const { pagerDuty } = options;
  const found = await pagerDuty.findIncidents({ key: paging.key, serviceId: paging.serviceId });
  for (const incident of found) {
    const body = incident.body ?? (await pagerDuty.incident(incident.id)).body;
    if (body === null || !isOurs(body, record, paging)) continue;
    // Whoever opened it, or has had it since, may have given it a policy of their own.
    const found = { ...incident, escalationPolicyId: null };
    await opened(options, record, paging, found, writtenBody(options, record, paging, null).shown);
    return true;
  }
  if (found.length === 0) return false;
  keyIsTaken(options, record, paging);
  return true;
}

// What was paged before the request changed is only found to be closed, and nobody has its text any more.
function isOurs(body: string, record: RequestRecord, paging: Paging): boolean {
  const { request, cluster, digest } = record;
  const isCurrent = paging.digest === digest;
  return isCurrent ? isBodyFor(body, request, { ...paging, cluster }) : carriesDigest(body, paging.digest);
}

function keyIsTaken({ requests, now, fault }: PagerDutyWorkOptions, record: RequestRecord, paging: Paging): void {
  fault(`an incident that is not ours has the key ${paging.key}: the next key is used`);
  requests().change(record.request.id, (current) => keyTaken(current, paging.id, now()));
}

async function opened(
  { services, subscriptions, requests, now, ledger }: PagerDutyWorkOptions,
  record: RequestRecord,
  paging: Paging,
  incident: Incident,
  shown: boolean,
): Promise<void> {
  const { id: incidentId, url, status, mergedInto } = incident;
  const covered = await subscriptions.covers(paging.serviceId);
  // Whoever is on call is judged by the policy of this moment; that the incident is there must not be lost for it.
  const policy =
    incident.escalationPolicyId ?? services.escalationPolicyId(paging.serviceId).catch(nullIfPagerDutyFails);
  const escalationPolicyId = await policy;
  const asOpened = { incidentId, url, escalationPolicyId, covered, resolved: status === "resolved", mergedInto };
  requests().change(record.request.id, (current) =>
    incidentOpened(current, paging.id, asOpened, { shown, nowMs: now() }),
  );
  requests().release(incidentId, ledger.session()?.hello.decisions);
}

function nullIfPagerDutyFails(error: unknown): null {
  if (error instanceof PagerDutyError) return null;
  throw error;
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
  paging: Pick<Paging, "remarks" | "shortened">,
  covered: boolean | null,
): { text: string; shown: boolean } {
  const hello: Session["hello"] | undefined = ledger.session()?.hello;
  return bodyFor(record.request, {
    cluster: config.cluster,
    digest: record.digest,
    decisions: hello?.decisions ?? NO_DECISIONS,
    proxyAddress: hello?.proxyAddress ?? null,
    remarks: [...paging.remarks, ...(covered === false ? [UNCOVERED_REMARK] : [])],
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
  return notes.find(
    ({ id, content, userId }) => content === text && (botId === null || userId === botId) && !knownIds.includes(id),
  )?.id;
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

async function identify(options: PagerDutyWorkOptions, record: RequestRecord, decision: Decision): Promise<void> {
  const { people, requests, now } = options;
  const { clickId, personId } = decision;
  const [user, botUserId] = await Promise.all([
    personId === null ? null : shownUser(options, personId),
    people.botId(),
  ]);
  const onCallLevels = await onCallLevelsOf(options, record, decision);
  const identity = { email: user?.email ?? null, name: user?.name ?? null, onCallLevels, botUserId };
  requests().change(record.request.id, (current) => identified(current, clickId, identity, now()));
}

async function onCallLevelsOf(
  { pagerDuty, services, ledger }: PagerDutyWorkOptions,
  record: RequestRecord,
  { personId: userId, incidentId, occurredMs: atMs }: Decision,
): Promise<number[] | null> {
  const paging = pagingOf(record, incidentId);
  if (ledger.session()?.hello.asksOnCall !== true || userId === null || paging === undefined) return null;
  const escalationPolicyId = paging.escalationPolicyId ?? (await services.escalationPolicyId(paging.serviceId));
  return escalationPolicyId === null ? null : pagerDuty.onCallLevels({ userId, escalationPolicyId, atMs });
}

// Somebody deleted since the click is nobody now, and whom our key may not look up is known by their id alone, which may be
// enough for the relay. Every other failure is asked again, never assumed.
async function shownUser({ people, fault }: PagerDutyWorkOptions, userId: string): Promise<User | null> {
  try {
    return await people.user(userId);
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (error.code !== "not_found") fault(`a click is judged without its author's e-mail address: ${error.message}`);
    return null;
  }
}
