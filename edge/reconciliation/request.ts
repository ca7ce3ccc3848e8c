/**
 * One open request as PagerDuty has it: its incidents' status, notes and log entries against what deliveries have told. What
 * is younger than a delivery takes is left for the next time.
 */
import { commandIn } from "../../shared/click.ts";
import { readActionLogEntry } from "../../shared/custom-action.ts";
import type { Decisions } from "../../shared/decisions.ts";
import { readWebhook } from "../../shared/webhook-event.ts";
import type { Ledger } from "../ledger.ts";
import { isRefused, PagerDutyError } from "../pagerduty/error.ts";
import type { People } from "../pagerduty/people.ts";
import type { PagerDuty } from "../pagerduty.ts";
import type { Paging } from "../paging.ts";
import type { RequestRecord } from "../record.ts";
import type { Requests } from "../requests.ts";
import { clickFound, type FoundClick, foundId } from "../steps/found.ts";
import { incidentResolved } from "../steps/paging.ts";

/** How old what we have not heard of must be, in ms, before its delivery counts as lost; one interval is enough. */
export const LOST_AFTER_MS = 2 * 60_000;

/** How far PagerDuty's clock may be off, in ms, when what came before the paging is told from what came after. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

export interface RequestsInPagerDutyOptions {
  readonly ledger: Ledger;
  readonly pagerDuty: PagerDuty;
  readonly people: People;
  readonly requests: () => Requests;
  /** How often a request is looked at, in ms. */
  readonly everyMs: number | null;
  readonly now: () => number;
}

/** A click that PagerDuty shows, before it is known who gave it. */
type Trace = Omit<FoundClick, "person">;

export class RequestsInPagerDuty {
  readonly #options: RequestsInPagerDutyOptions;

  constructor(options: RequestsInPagerDutyOptions) {
    this.#options = options;
  }

  /** Looks at each open incident of a request. Throws a `PagerDutyError` when PagerDuty could not be asked. */
  async lookAt(record: RequestRecord, decisions: Decisions | undefined): Promise<void> {
    for (const paging of record.pagings) {
      const { incidentId, state, closing, openedMs } = paging;
      const isOld = openedMs !== null && this.#isOld(openedMs);
      if (incidentId === null || state !== "open" || closing || !isOld) continue;
      try {
        await this.#lookAtStatus(record, paging, incidentId);
        if (decisions !== undefined) await this.#lookForClicks(record, paging, incidentId, decisions);
      } catch (error) {
        if (!(error instanceof PagerDutyError) || error.code !== "not_found") throw error;
      }
    }
  }

  async #lookAtStatus(record: RequestRecord, paging: Paging, incidentId: string): Promise<void> {
    const { pagerDuty, requests, now } = this.#options;
    const { status, mergedInto, changedMs } = await pagerDuty.incident(incidentId);
    if (status !== "resolved" || (paging.resolvedInPagerDuty && mergedInto === null)) return;
    if (changedMs !== null && !this.#isOld(changedMs)) return;
    requests().change(record.request.id, (current) => incidentResolved(current, incidentId, mergedInto, now()));
  }

  async #lookForClicks(
    record: RequestRecord,
    paging: Paging,
    incidentId: string,
    { channels }: Decisions,
  ): Promise<void> {
    const traces = [
      ...(channels.includes("note") ? await this.#notes(record, paging, incidentId) : []),
      ...(channels.includes("action") ? await this.#presses(record, incidentId) : []),
    ].filter(
      ({ id, occurredMs }) =>
        this.#isOld(occurredMs) && !record.decisions.some(({ clickId }) => clickId === foundId(id)),
    );
    for (const trace of traces) {
      const { requests, people, now } = this.#options;
      const person = trace.personId === null ? null : await people.user(trace.personId).catch(nobodyIfGone);
      requests().change(record.request.id, (current) => clickFound(current, { ...trace, person }, now()));
    }
  }

  async #notes(record: RequestRecord, { noteIds, openedMs }: Paging, incidentId: string): Promise<Trace[]> {
    const { pagerDuty, people } = this.#options;
    const [notes, botId] = await Promise.all([pagerDuty.notes(incidentId), people.botId()]);
    const delivered = this.#deliveredNotes(record, incidentId);
    return notes.flatMap(({ id, content, userId, createdMs }): Trace[] => {
      const command = commandIn(content);
      if (command === undefined || createdMs === null || userId === null || userId === botId) return [];
      // What stood on an incident before it came to stand for the request was never meant for it.
      if (createdMs < (openedMs ?? 0) - CLOCK_TOLERANCE_MS || noteIds.includes(id) || delivered.has(id)) return [];
      return [{ id, channel: "note", verdict: command.verdict, incidentId, personId: userId, occurredMs: createdMs }];
    });
  }

  // A delivery names its note; what is kept of the click is the event's own id.
  #deliveredNotes({ decisions }: RequestRecord, incidentId: string): Set<string> {
    const clicks = decisions.filter((decision) => decision.channel === "note" && decision.incidentId === incidentId);
    return new Set(
      clicks.flatMap(({ clickId }) => {
        const delivery = this.#options.ledger.delivery(clickId);
        const event = delivery && readWebhook(delivery.raw);
        return event?.kind === "annotated" ? [event.noteId] : [];
      }),
    );
  }

  async #presses({ decisions }: RequestRecord, incidentId: string): Promise<Trace[]> {
    const entries = await this.#options.pagerDuty.logEntries(incidentId);
    return entries.flatMap((entry): Trace[] => {
      const press = readActionLogEntry(new TextEncoder().encode(JSON.stringify(entry)));
      if (press === undefined || press.action === null || press.agent?.type !== "user_reference") return [];
      if (decisions.some(({ clickId }) => clickId === press.id)) return [];
      const { id, action: verdict, agent, createdMs: occurredMs } = press;
      return [{ id, channel: "action", verdict, incidentId, personId: agent.id, occurredMs }];
    });
  }

  #isOld(atMs: number): boolean {
    const { now, everyMs } = this.#options;
    return atMs <= now() - Math.min(LOST_AFTER_MS, everyMs ?? LOST_AFTER_MS);
  }
}

// Somebody deleted since, or whom our key may not look up, is asked all the same: others read it too.
function nobodyIfGone(error: unknown): null {
  if (isRefused(error)) return null;
  throw error;
}
