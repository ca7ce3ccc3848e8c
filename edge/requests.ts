/**
 * The only writer of records: each change is one step from the stored record to the next, made without waiting in between,
 * so that changes never overlap. Whoever acts on records is told of every change.
 */
import { type AccessRequest, digestOf } from "../shared/access-request.ts";
import { type Click, clickIn, isNearMiss } from "../shared/click.ts";
import type { ActionPointer } from "../shared/custom-action.ts";
import { type Decisions, needsConfirmation, type Verdict, verdictSchema } from "../shared/decisions.ts";
import type { PredecessorsIncident } from "../shared/protocol.ts";
import type { WebhookEvent } from "../shared/webhook-event.ts";
import { readWebhook } from "../shared/webhook-event.ts";
import type { StoredDelivery } from "./ledger/rows.ts";
import { type Ledger, MAX_HELD_DELIVERIES } from "./ledger.ts";
import { pagingOf, type RequestRecord } from "./record.ts";
import { type Routing, targetsFor } from "./routing.ts";
import { actionPressed, clicked, type Identity, nearMissed } from "./steps/click.ts";
import { asksOnCall as withOnCall } from "./steps/on-call.ts";
import { incidentResolved } from "./steps/paging.ts";
import { type Ending, expiresTooEarly, newRecord, requestEnded, requestSeen } from "./steps/request.ts";

/** What is told after a record was stored; `before` is undefined for a new one. */
export type Changed = (record: RequestRecord, before: RequestRecord | undefined) => void;

export interface RequestsOptions {
  readonly cluster: string;
  readonly ledger: Ledger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How long a finished request is kept after its access ended, in ms. */
  readonly retainMs: number;
  /** Where a new request goes, as far as that is known without asking. */
  readonly route: (request: AccessRequest, recipients: readonly string[]) => Routing;
  /** Whether to ask if the requester is on call before the request is paged; never when left out. */
  readonly asksOnCall?: (request: AccessRequest) => boolean;
  /** What is known of a person without asking PagerDuty; undefined when something has to be asked. */
  readonly knownIdentity: (record: RequestRecord, click: Click) => Identity | undefined;
  /** The user that our own writes act as; undefined when something has to be asked. */
  readonly botId: () => string | null | undefined;
  readonly changed: Changed;
}

export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Makes one step; the record that came of it, or undefined when there is no such request. */
  change(requestId: string, step: (record: RequestRecord) => RequestRecord): RequestRecord | undefined {
    const before = this.#options.ledger.load(requestId);
    if (before === undefined) return undefined;
    const after = step(before);
    if (after !== before) this.#store(after, before);
    return after;
  }

  /**
   * The relay has a pending request; its rules name these services for it, or none, and Teleport an incident that its own
   * plugin has opened for it, or none. `mayBePaged`: it may be older than what is known here.
   */
  seen(
    request: AccessRequest,
    recipients: readonly string[] = [],
    adopt: PredecessorsIncident | null = null,
    mayBePaged = false,
  ): void {
    const { cluster, ledger, now, route, asksOnCall } = this.#options;
    const known = ledger.load(request.id);
    if (known === undefined) {
      // Where it goes matters only once it is known that there is nothing to take over.
      const targets = adopt === null ? [] : targetsFor(request, recipients);
      const routing = adopt === null ? route(request, recipients) : ({ kind: "unrouted", targets } as const);
      const record = { ...newRecord(cluster, request, routing, now(), adopt), mayBePaged };
      return this.#store(asksOnCall?.(request) ? withOnCall(record, now()) : record, undefined);
    }
    const nothingNew =
      known.digest === digestOf(cluster, request) &&
      known.reviewsTold >= request.reviews.length &&
      known.request.requestExpiresMs === request.requestExpiresMs;
    if (!nothingNew) this.change(request.id, (record) => requestSeen(record, request, now()));
  }

  /** The relay knows how a request ended. */
  ended(requestId: string, ending: Ending): void {
    const { now, retainMs } = this.#options;
    const nowMs = now();
    this.change(requestId, (record) =>
      // A relay whose clock runs ahead must not close what is pending.
      expiresTooEarly(record, ending, nowMs) ? record : requestEnded(record, ending, nowMs, retainMs),
    );
  }

  /**
   * An authentic delivery. What belongs to an incident of ours is kept and acted on; what belongs to one that may just be
   * opening is held; the rest is nobody's.
   */
  delivered(delivery: { raw: Uint8Array; signature: string }, decisions: Decisions | undefined): void {
    const event = readWebhook(delivery.raw);
    if (event.kind === "unused" || event.kind === "unreadable") return;
    const requestId = this.#options.ledger.requestOf(event.incidentId);
    const stored = { eventId: event.eventId, incidentId: event.incidentId, ...delivery };
    if (requestId !== undefined) this.#apply(requestId, event, stored, decisions);
    else this.#hold(stored);
  }

  /** An authentic press of a button: the log entries that it points to are to be read, once the incident is known. */
  pressed(pointers: readonly ActionPointer[], verdict: Verdict): void {
    const { ledger, now } = this.#options;
    for (const pointer of pointers) {
      const { logEntryId: eventId, incidentId } = pointer;
      const requestId = ledger.requestOf(incidentId);
      if (requestId === undefined) this.#hold({ eventId, incidentId, raw: heldPress(verdict), signature: "" });
      else this.change(requestId, (record) => actionPressed(record, pointer, verdict, now()));
    }
  }

  /** Acts on what was held for an incident before it was known whose it is. */
  release(incidentId: string, decisions: Decisions | undefined): void {
    const { ledger } = this.#options;
    for (const { eventId, raw, signature } of ledger.releaseHeld(incidentId)) {
      const press = verdictHeld(raw);
      if (press === undefined) this.delivered({ raw, signature }, decisions);
      else this.pressed([{ logEntryId: eventId, incidentId }], press);
    }
  }

  /** Forgets what was held for an incident. */
  discard(incidentId: string): void {
    this.#options.ledger.releaseHeld(incidentId);
  }

  /** Ids of finished requests that have been kept long enough. */
  outdated(limit: number): string[] {
    const { ledger, now, retainMs } = this.#options;
    return ledger.outdated(now() - retainMs, now(), limit);
  }

  /** Deletes a finished request, with all that belongs to it. */
  forget(requestId: string): void {
    const { ledger } = this.#options;
    const record = ledger.load(requestId);
    if (record !== undefined) ledger.forget(record);
  }

  #hold(delivery: StoredDelivery): void {
    const { ledger, now } = this.#options;
    if (ledger.isOpeningAny() && ledger.heldCount() < MAX_HELD_DELIVERIES) ledger.addDelivery(delivery, now(), true);
  }

  #apply(requestId: string, event: WebhookEvent, delivery: StoredDelivery, decisions: Decisions | undefined): void {
    const nowMs = this.#options.now();
    this.change(requestId, (record) => {
      if (isOwnNote(record, event)) return record;
      const person = this.#personIn(event);
      const click = decisions && clickIn(event, decisions);
      // What resolves by itself, or by us, wants nothing.
      if (click !== undefined && (click.channel !== "resolve" || person !== undefined)) {
        const isTrimmed = event.kind === "annotated" && event.trimmed;
        const rereads = isTrimmed || (decisions !== undefined && needsConfirmation(decisions, click.verdict));
        return this.#clicked(record, click, delivery, rereads);
      }
      if (event.kind === "resolved") return incidentResolved(record, event.incidentId, event.mergedInto, nowMs);
      const helps = event.kind === "annotated" && decisions?.channels.includes("note") && isNearMiss(event.content);
      return helps && person !== undefined ? nearMissed(record, event.incidentId, person, nowMs) : record;
    });
  }

  #clicked(record: RequestRecord, click: Click, delivery: StoredDelivery, rereads: boolean): RequestRecord {
    const { ledger, now, knownIdentity } = this.#options;
    const after = clicked(record, click, { nowMs: now(), identity: knownIdentity(record, click), rereads });
    if (after !== record) ledger.addDelivery(delivery, now(), false);
    return after;
  }

  // Nobody that is known to be us: that a note's id is still unknown must not make it somebody else's.
  #personIn({ agent }: WebhookEvent): string | undefined {
    return agent?.type === "user_reference" && agent.id !== this.#options.botId() ? agent.id : undefined;
  }

  #store(after: RequestRecord, before: RequestRecord | undefined): void {
    this.#options.ledger.store(after, before);
    this.#options.changed(after, before);
  }
}

// Of a press only its verdict has to be held: what counts is re-read. No event that is held reads as one.
function heldPress(verdict: Verdict): Uint8Array {
  return new TextEncoder().encode(verdict);
}

function verdictHeld(raw: Uint8Array): Verdict | undefined {
  return verdictSchema.safeParse(new TextDecoder().decode(raw)).data;
}

function isOwnNote(record: RequestRecord, event: WebhookEvent): boolean {
  return event.kind === "annotated" && (pagingOf(record, event.incidentId)?.noteIds.includes(event.noteId) ?? false);
}
