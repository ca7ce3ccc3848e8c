/**
 * What a cluster's edge and its relays say to each other about requests: what the active relay is asked to do, and what
 * the frames of all of them change. Journey 1 turns here from `request` to `bind`, journey 2 from a click to `decide` and
 * from `outcome` to the note.
 */
import { toBase64 } from "../shared/bytes.ts";
import { wholeReason } from "../shared/confirmation.ts";
import type { EdgeFrame, Evidence } from "../shared/edge-frames.ts";
import type { LogFields, Logger } from "../shared/log.ts";
import type { FrameOf, Unnumbered } from "../shared/protocol.ts";
import { readWebhook } from "../shared/webhook-event.ts";
import type { ClusterConfig } from "./config/cluster-config.ts";
import type { StoredDelivery } from "./ledger/rows.ts";
import type { Ledger } from "./ledger.ts";
import type { People } from "./pagerduty/people.ts";
import { type Decision, type OnCallOffer, pagingOf, type RequestRecord } from "./record.ts";
import type { Attachment } from "./relays/socket.ts";
import type { Relays, RequestFrame } from "./relays.ts";
import type { Requests } from "./requests.ts";
import { bound, boundLate } from "./steps/binding.ts";
import { decided, decisionsWait } from "./steps/click.ts";
import { offerAnswered } from "./steps/on-call.ts";
import { bindingToSend, decisionsToSend, offerToSend } from "./todo.ts";

/** Longest reason that goes to the relay, in UTF-16 units: about what Teleport takes. */
const MAX_REASON_CHARACTERS = 4096;

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long it holds that somebody is on call, in ms. */
const OFFER_GOOD_MS = 2 * 60_000;

export interface ExchangeOptions {
  readonly config: ClusterConfig;
  readonly ledger: Ledger;
  readonly people: People;
  readonly relays: () => Relays;
  readonly requests: () => Requests;
  readonly now: () => number;
  readonly log: Logger;
  /** Remembers what an operator should know. */
  readonly fault: (what: string, about?: LogFields) => void;
}

export class Exchange {
  readonly #options: ExchangeOptions;
  /** What was sent in each session, so that it is not sent again with every change. Lost with a sleep, harmlessly. */
  readonly #sent = new Set<string>();
  /** The last offer that was sent for each request. */
  readonly #offered = new Map<string, string>();

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /**
   * A relay said something of a request; not `synced` when it may have been there before. Only the active one, in no
   * earlier epoch, answers for what it was asked to do.
   */
  received(frame: RequestFrame, role: Attachment["role"], synced = true): void {
    const { requests, now, log, config, relays } = this.#options;
    if (frame.type === "synced") return;
    if (frame.type === "request") return requests().seen(frame.request, frame.recipients, frame.adopt, !synced);
    if (frame.type === "ended") return requests().ended(frame.requestId, frame);
    const { requestId, epoch } = frame;
    // A later epoch than ours is one that we have forgotten, with a storage that was put back.
    if (role !== "active" || epoch < relays().epoch) {
      if (frame.type === "bound" && frame.result === "bound")
        requests().change(requestId, (now) => boundLate(now, frame));
      return log.info("An answer of an older epoch, or of a standby, was dropped", { requestId, epoch });
    }
    if (frame.type === "outcome") {
      const settle = { nowMs: now(), retainMs: config.retainDays * DAY_MS };
      requests().change(requestId, (record) => decided(record, frame.clickId, frame.outcome, settle));
      this.#sent.delete(decideKey(relays().activeSession, frame.clickId));
    } else if (frame.type === "auto_outcome") {
      const settle = { nowMs: now(), retainMs: config.retainDays * DAY_MS };
      requests().change(requestId, (record) => offerAnswered(record, frame.outcome, settle));
      this.#offered.delete(requestId);
    } else if (frame.type === "waiting") {
      this.#options.fault(`answers to request ${requestId} wait: ${frame.problem}`, { requestId });
      requests().change(requestId, (record) => decisionsWait(record, frame.problem, now()));
    } else if (frame.result === "bound") {
      requests().change(requestId, (record) => bound(record, frame, now()));
      this.#sent.delete(bindKey(relays().activeSession, frame));
    } else if (frame.result === "changed") {
      const what = `what was paged for request ${requestId} is not what Teleport holds: no answer to it counts`;
      this.#options.fault(what, { requestId });
    }
  }

  /** Sends the active relay what a record asks of it and what it has not been sent. */
  changed(record: RequestRecord): void {
    const binding = bindingToSend(record);
    const decisions = decisionsToSend(record);
    const offer = offerToSend(record);
    if (binding === undefined && decisions.length === 0 && offer === undefined) return;
    const session = this.#options.relays().activeSession;
    if (session === undefined) return;
    const requestId = record.request.id;
    if (binding !== undefined) {
      const frame = { type: "bind", epoch: this.#options.relays().epoch, requestId, ...binding } as const;
      this.#sendOnce(bindKey(session, frame), frame);
    }
    if (offer !== undefined) this.#offer(record, offer, session);
    for (const decision of decisions) {
      this.#sendOnce(decideKey(session, decision.clickId), this.#decideFrame(record, decision));
    }
  }

  // Who was on call a while ago may not be now; another answer is on its way then.
  #offer({ request, digest }: RequestRecord, { atMs, person, services }: OnCallOffer, session: string): void {
    const { relays, now } = this.#options;
    if (atMs < now() - OFFER_GOOD_MS) return;
    const requestId = request.id;
    const frame = { type: "auto_approve", epoch: relays().epoch, requestId, digest, services, person } as const;
    const key = `${session} ${atMs}`;
    if (this.#offered.get(requestId) === key) return;
    this.#offered.set(requestId, key);
    relays().send(frame);
  }

  /** Sends everything that the active relay owes an answer to, whether or not it was sent in this session. */
  sendAgain(): void {
    const { ledger } = this.#options;
    this.#sent.clear();
    this.#offered.clear();
    for (const requestId of ledger.awaitingRelay()) {
      const record = ledger.load(requestId);
      if (record !== undefined) this.changed(record);
    }
  }

  #sendOnce(key: string, frame: Unnumbered<EdgeFrame> | undefined): void {
    if (frame === undefined || this.#sent.has(key)) return;
    this.#sent.add(key);
    this.#options.relays().send(frame);
  }

  #decideFrame(record: RequestRecord, decision: Decision): Unnumbered<EdgeFrame> | undefined {
    const { ledger, config, people, relays } = this.#options;
    const { clickId, channel, verdict, incidentId, email, name, onCallLevels } = decision;
    const delivery = ledger.delivery(clickId);
    if (delivery === undefined) return undefined;
    const raw = toBase64(delivery.raw);
    const confirmation = ledger.confirmation(clickId);
    const evidence: Evidence =
      channel === "action"
        ? { kind: "action", action: verdict, token: config.actionTokens?.[verdict] ?? "", logEntry: raw }
        : {
            kind: "signed",
            raw,
            signature: delivery.signature,
            ...(confirmation !== undefined && { confirmation: toBase64(confirmation) }),
          };
    const shown = pagingOf(record, incidentId)?.shown ?? false;
    const botUserId = decision.botUserId ?? people.knownBotId ?? null;
    const reason = this.#wholeReason(delivery, confirmation) ?? decision.reason;
    const word = { email, name, onCallLevels, botUserId, shown, reason };
    const { cluster, request } = record;
    return { type: "decide", epoch: relays().epoch, cluster, requestId: request.id, clickId, evidence, word };
  }

  // Of a note that came trimmed, the reason is in what was read again.
  #wholeReason({ raw }: StoredDelivery, confirmation: Uint8Array | undefined): string | undefined {
    const decisions = this.#options.ledger.session()?.hello.decisions;
    if (confirmation === undefined || decisions === undefined) return undefined;
    const event = readWebhook(raw);
    if (event.kind !== "annotated") return undefined;
    return wholeReason(event, decisions, confirmation)?.slice(0, MAX_REASON_CHARACTERS);
  }
}

function bindKey(
  session: string | undefined,
  of: Pick<FrameOf<EdgeFrame, "bind">, "requestId" | "digest" | "incidents">,
) {
  return `${session} bind ${of.requestId} ${of.digest} ${of.incidents.map(({ incident }) => incident).join()}`;
}

function decideKey(session: string | undefined, clickId: string): string {
  return `${session} decide ${clickId}`;
}
