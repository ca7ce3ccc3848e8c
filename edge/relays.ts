/**
 * The relays that are connected: who is active, what each has been sent, and what their frames mean. One relay is asked to
 * act; another takes over when its socket closes or it leaves a frame unanswered. Both may say what Teleport has. Saves
 * work only: that no verdict is carried out twice rests on the claim in Teleport.
 */
import * as z from "zod";
import { toBase64 } from "../shared/bytes.ts";
import type { Logger } from "../shared/log.ts";
import {
  ACK_WITHIN_MS,
  CLOSE,
  type EdgeFrame,
  type Evidence,
  type FrameOf,
  type Hello,
  LINK_DEAD_AFTER_MS,
  MAX_OPEN_PER_WELCOME,
  PING_EVERY_MS,
  PROTOCOL_VERSION,
  type RelayFrame,
  readRelayFrame,
  type Unnumbered,
} from "../shared/protocol.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { type Ledger, type Session, sessionSchema } from "./ledger.ts";
import type { People } from "./people.ts";
import { type Decision, pagingOf, type RequestRecord } from "./record.ts";
import type { Requests } from "./requests.ts";
import { bound } from "./steps/binding.ts";
import { decided } from "./steps/click.ts";
import { bindingToSend, decisionsToSend } from "./todo.ts";

/** What is remembered with a socket, also while the object sleeps. */
const attachmentSchema = z.object({
  relayKey: z.string(),
  connectedMs: z.int(),
  /** Null until `hello`. */
  greeting: z.object({ instance: z.string(), hello: sessionSchema.shape.hello }).nullable(),
  session: z.string(),
  role: z.enum(["active", "standby"]),
  /** Numbers of the last frame in and out, and of the last that the relay acknowledged. */
  inSeq: z.int(),
  outSeq: z.int(),
  ackedSeq: z.int(),
  /** When the oldest frame that is not acknowledged went out. */
  unansweredSinceMs: z.int().nullable(),
});
type Attachment = z.infer<typeof attachmentSchema>;

/** One relay's socket, as its host has it. */
export interface RelaySocket {
  /** Whether it can still be written to. */
  readonly isOpen: boolean;
  /** When its runtime last answered a ping of the relay's, in ms since the epoch; null when never. */
  readonly heardMs: number | null;
  send(text: string): void;
  close(code: number, reason: string): void;
  /** What was attached last; must survive the host's sleep. */
  readonly attachment: unknown;
  attach(value: unknown): void;
}

export interface RelaysOptions {
  readonly config: ClusterConfig;
  readonly ledger: Ledger;
  readonly requests: () => Requests;
  readonly people: People;
  /** Every socket that the host has, those of before its last sleep included. */
  readonly sockets: () => readonly RelaySocket[];
  readonly now: () => number;
  readonly randomId: () => string;
  readonly log: Logger;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
  /** Told when a relay has been welcomed, so that it can be told how PagerDuty is. */
  readonly welcomed: (socket: RelaySocket) => void;
  /** Told that a look is due by then, in ms since the epoch. */
  readonly lookBy: (atMs: number) => void;
}

export class Relays {
  readonly #options: RelaysOptions;
  /** What the present session of the active relay was sent, so that it is not sent with every change. */
  readonly #sent = new Set<string>();

  constructor(options: RelaysOptions) {
    this.#options = options;
  }

  /** A relay whose token was verified has connected. It is nobody until it says `hello`. */
  accept(socket: RelaySocket, relayKey: string): void {
    const { now, randomId } = this.#options;
    const attachment: Attachment = {
      relayKey,
      connectedMs: now(),
      greeting: null,
      session: randomId(),
      role: "standby",
      inSeq: 0,
      outSeq: 0,
      ackedSeq: 0,
      unansweredSinceMs: null,
    };
    socket.attach(attachment);
  }

  /** One message from a relay. */
  received(socket: RelaySocket, message: string | ArrayBuffer): void {
    if (typeof message !== "string") return socket.close(CLOSE.malformedFrame, "binary");
    const reading = readRelayFrame(message);
    switch (reading.kind) {
      case "too_large":
        return socket.close(CLOSE.frameTooLarge, "too large");
      case "malformed":
        this.#options.log.warn("a relay sent a malformed frame", { problem: reading.problem });
        return socket.close(CLOSE.malformedFrame, "malformed");
      case "unknown":
        this.#options.log.info("a relay sent a frame of an unknown type", { type: reading.type });
        if (reading.seq !== null && this.#isNext(socket, reading.seq)) this.#acknowledge(socket, reading.seq);
        return;
      case "frame":
        return this.#handle(socket, reading.frame);
    }
  }

  /** A relay's socket is gone: a standby takes over. */
  closed(socket: RelaySocket): void {
    if (attachmentOf(socket).role === "active") this.#promoteStandby(socket);
  }

  /** Sends the active relay what a record asks of it and what it has not been sent. */
  changed(record: RequestRecord): void {
    const binding = bindingToSend(record);
    const decisions = decisionsToSend(record);
    const active = binding !== undefined || decisions.length > 0 ? this.#active() : undefined;
    if (active === undefined) return;
    const { session } = attachmentOf(active);
    const requestId = record.request.id;
    if (binding !== undefined) {
      const incidents = binding.incidents.map(({ incident }) => incident).join();
      this.#sendOnce(active, `${session} bind ${requestId} ${binding.digest} ${incidents}`, () => ({
        type: "bind",
        epoch: this.#epoch(),
        requestId,
        ...binding,
      }));
    }
    for (const decision of decisions) {
      this.#sendOnce(active, `${session} decide ${decision.clickId}`, () => this.#decideFrame(record, decision));
    }
  }

  /** Lets a standby take over from an active relay that has left a frame unanswered for too long. */
  checkAnswers(): void {
    const active = this.#active();
    if (active === undefined) return;
    const { unansweredSinceMs } = attachmentOf(active);
    if (unansweredSinceMs === null || this.#standby(active) === undefined) return;
    if (this.#options.now() < unansweredSinceMs + ACK_WITHIN_MS)
      return this.#options.lookBy(unansweredSinceMs + ACK_WITHIN_MS);
    this.#options.log.warn("the active relay leaves frames unanswered; a standby takes over");
    active.close(CLOSE.unresponsive, "unanswered");
    this.#promoteStandby(active);
  }

  /** Sends a frame that has no number. */
  tell(socket: RelaySocket, frame: FrameOf<EdgeFrame, "health">): void {
    if (socket.isOpen) socket.send(JSON.stringify(frame));
  }

  /** Relays that have said `hello` and are connected. */
  connected(): {
    instance: string;
    role: "active" | "standby";
    release: string;
    connectedMs: number;
    relayKey: string;
  }[] {
    return this.#greeted().map((socket) => {
      const { greeting, role, connectedMs, relayKey } = attachmentOf(socket);
      return {
        instance: greeting?.instance ?? "",
        role,
        release: greeting?.hello.release ?? "",
        connectedMs,
        relayKey,
      };
    });
  }

  #handle(socket: RelaySocket, frame: RelayFrame): void {
    if (frame.type === "hello") return this.#hello(socket, frame);
    const attachment = attachmentOf(socket);
    if (attachment.greeting === null) return socket.close(CLOSE.malformedFrame, "hello comes first");
    if (frame.type === "ack") return this.#acknowledged(socket, frame.upTo);
    if (frame.seq <= attachment.inSeq) return;
    if (!this.#isNext(socket, frame.seq)) return socket.close(CLOSE.sequenceGap, "a frame is missing");
    this.#apply(frame, attachment.role);
    this.#acknowledge(socket, frame.seq);
    if (frame.type === "synced" && attachment.role === "active") this.#sendAgain(attachment.session);
  }

  #apply(frame: Exclude<RelayFrame, { type: "hello" | "ack" }>, role: Attachment["role"]): void {
    const { requests, now, log, config } = this.#options;
    switch (frame.type) {
      case "request":
        return requests().seen(frame.request);
      case "ended":
        return requests().ended(frame.requestId, frame);
      case "synced":
        return;
      case "bound":
      case "outcome":
        break;
    }
    if (role !== "active" || frame.epoch !== this.#epoch()) {
      return log.info("an answer of an older epoch was dropped", { requestId: frame.requestId, epoch: frame.epoch });
    }
    if (frame.type === "outcome") {
      const settle = { nowMs: now(), retainMs: config.retainDays * DAY_MS };
      requests().change(frame.requestId, (record) => decided(record, frame.clickId, frame.outcome, settle));
    } else if (frame.result === "bound") {
      requests().change(frame.requestId, (record) => bound(record, frame, now()));
    } else this.#notBound(frame);
  }

  #notBound({ requestId, result }: FrameOf<RelayFrame, "bound">): void {
    if (result === "gone") return;
    this.#options.fault(
      `what was paged for request ${requestId} is not what Teleport holds: no answer on its incident counts`,
    );
  }

  #hello(socket: RelaySocket, hello: Hello): void {
    const { config, ledger, now, log } = this.#options;
    const attachment = attachmentOf(socket);
    if (hello.protocol > PROTOCOL_VERSION || hello.protocol < PROTOCOL_VERSION - 1) {
      return socket.close(CLOSE.unsupportedVersion, `protocol ${hello.protocol}, this edge speaks ${PROTOCOL_VERSION}`);
    }
    if (hello.teleport.cluster !== config.cluster) {
      return socket.close(CLOSE.wrongCluster, `this is ${config.cluster}`);
    }
    if (attachment.greeting !== null) return socket.close(CLOSE.malformedFrame, "a second hello");
    this.#closeDeadSockets(hello.instance);
    const role = this.#active() === undefined ? "active" : "standby";
    const greeted = { ...attachment, greeting: greetingOf(hello), role } as const;
    socket.attach(greeted);
    if (role === "active") this.#activate(greeted);
    log.info("a relay connected", { instance: hello.instance, role, release: hello.release, epoch: this.#epoch() });
    this.#welcome(socket, attachment.session, role);
    this.#options.welcomed(socket);
    if (role === "standby") this.checkAnswers();
    ledger.dropHeld(now());
  }

  // An instance has one link; and a link that has been silent for longer than a relay ever is, is a ghost.
  #closeDeadSockets(instance: string): void {
    for (const socket of this.#greeted()) {
      const attachment = attachmentOf(socket);
      const again = attachment.greeting?.instance === instance;
      const heardMs = Math.max(socket.heardMs ?? 0, attachment.connectedMs);
      if (!again && heardMs > this.#options.now() - LINK_DEAD_AFTER_MS - PING_EVERY_MS) continue;
      socket.attach({ ...attachment, role: "standby" });
      socket.close(again ? CLOSE.superseded : CLOSE.unresponsive, again ? "connected again" : "silent");
    }
  }

  /** Makes a relay the active one. The epoch rises, durably, only when it is another than before. */
  #activate({ greeting, relayKey }: Attachment): void {
    const { ledger, log, now } = this.#options;
    if (greeting === null) return;
    const before = ledger.session();
    const { instance, hello } = greeting;
    const same = before !== undefined && before.instance === instance;
    const epoch = same ? before.epoch : (before?.epoch ?? 0) + 1;
    const session: Session = { epoch, instance, relayKey, sinceMs: same ? before.sinceMs : now(), hello };
    if (JSON.stringify(session) !== JSON.stringify(before)) ledger.setSession(session);
    if (!same) log.info("another relay is active", { epoch, instance, relayKey });
  }

  #welcome(socket: RelaySocket, session: string, role: Attachment["role"]): void {
    const open = this.#options.ledger.openRequests();
    const epoch = this.#epoch();
    for (let from = 0; from === 0 || from < open.length; from += MAX_OPEN_PER_WELCOME) {
      const part = open.slice(from, from + MAX_OPEN_PER_WELCOME);
      const more = from + MAX_OPEN_PER_WELCOME < open.length;
      const welcome: EdgeFrame = { type: "welcome", session, epoch, role, open: part, more };
      socket.send(JSON.stringify(welcome));
    }
  }

  #promoteStandby(from: RelaySocket): void {
    from.attach({ ...attachmentOf(from), role: "standby" });
    const standby = this.#standby(from);
    if (standby === undefined) return;
    const promoted = { ...attachmentOf(standby), role: "active" } as const;
    standby.attach(promoted);
    this.#activate(promoted);
    this.#send(standby, { type: "promote", epoch: this.#epoch() });
    this.#sendAgain(promoted.session);
  }

  #sendAgain(session: string): void {
    const { ledger } = this.#options;
    for (const key of this.#sent) if (key.startsWith(`${session} `)) this.#sent.delete(key);
    for (const requestId of ledger.awaitingRelay()) {
      const record = ledger.load(requestId);
      if (record !== undefined) this.changed(record);
    }
  }

  #sendOnce(socket: RelaySocket, key: string, frame: () => Unnumbered<EdgeFrame> | undefined): void {
    if (this.#sent.has(key)) return;
    const toSend = frame();
    if (toSend === undefined) return;
    this.#sent.add(key);
    this.#send(socket, toSend);
  }

  #send(socket: RelaySocket, frame: Unnumbered<EdgeFrame>): void {
    const attachment = attachmentOf(socket);
    const outSeq = attachment.outSeq + 1;
    const unansweredSinceMs = attachment.unansweredSinceMs ?? this.#options.now();
    socket.attach({ ...attachment, outSeq, unansweredSinceMs });
    socket.send(JSON.stringify({ ...frame, seq: outSeq }));
    if (this.#standby(socket) !== undefined) this.#options.lookBy(unansweredSinceMs + ACK_WITHIN_MS);
  }

  #decideFrame(record: RequestRecord, decision: Decision): Unnumbered<EdgeFrame> | undefined {
    const { ledger, config, people } = this.#options;
    const delivery = ledger.delivery(decision.clickId);
    const paging = pagingOf(record, decision.incidentId);
    if (delivery === undefined) return undefined;
    const raw = toBase64(delivery.raw);
    const evidence: Evidence =
      decision.channel === "action"
        ? {
            kind: "action",
            action: decision.verdict,
            token: config.actionTokens?.[decision.verdict] ?? "",
            logEntry: raw,
          }
        : { kind: "signed", raw, signature: delivery.signature };
    const { email, name, onCallLevels, reason, clickId } = decision;
    const word = {
      email,
      name,
      onCallLevels,
      botUserId: people.knownBotId ?? null,
      shown: paging?.shown ?? false,
      reason,
    };
    const { cluster } = record;
    return { type: "decide", epoch: this.#epoch(), cluster, requestId: record.request.id, clickId, evidence, word };
  }

  #isNext(socket: RelaySocket, seq: number): boolean {
    return seq === attachmentOf(socket).inSeq + 1;
  }

  #acknowledge(socket: RelaySocket, seq: number): void {
    socket.attach({ ...attachmentOf(socket), inSeq: seq });
    const frame: EdgeFrame = { type: "ack", upTo: seq };
    if (socket.isOpen) socket.send(JSON.stringify(frame));
  }

  #acknowledged(socket: RelaySocket, upTo: number): void {
    const attachment = attachmentOf(socket);
    if (upTo > attachment.outSeq) return socket.close(CLOSE.sequenceGap, "acknowledged what was not sent");
    const ackedSeq = Math.max(attachment.ackedSeq, upTo);
    const unansweredSinceMs = ackedSeq === attachment.outSeq ? null : this.#options.now();
    socket.attach({ ...attachment, ackedSeq, unansweredSinceMs });
  }

  #epoch(): number {
    return this.#options.ledger.session()?.epoch ?? 0;
  }

  #greeted(): RelaySocket[] {
    return this.#options.sockets().filter((socket) => socket.isOpen && attachmentOf(socket).greeting !== null);
  }

  #active(): RelaySocket | undefined {
    return this.#greeted().find((socket) => attachmentOf(socket).role === "active");
  }

  #standby(not: RelaySocket): RelaySocket | undefined {
    const { session } = attachmentOf(not);
    return this.#greeted()
      .filter((socket) => attachmentOf(socket).session !== session && attachmentOf(socket).role === "standby")
      .sort((a, b) => attachmentOf(a).connectedMs - attachmentOf(b).connectedMs)[0];
  }
}

function greetingOf({
  instance,
  release,
  decisions,
  asksOnCall,
  certificateExpiresMs,
  teleport,
}: Hello): Attachment["greeting"] {
  const { version: teleportVersion, proxyAddress } = teleport;
  return { instance, hello: { release, teleportVersion, proxyAddress, decisions, asksOnCall, certificateExpiresMs } };
}

const DAY_MS = 24 * 60 * 60 * 1000;

function attachmentOf(socket: RelaySocket): Attachment {
  return attachmentSchema.parse(socket.attachment);
}
