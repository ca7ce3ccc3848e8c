/**
 * The relays that are connected: their greeting, their frames' numbers, and which of them is active. One relay is asked to
 * act; another takes over when its socket closes or it leaves a frame unanswered. That saves work only: that no verdict is
 * carried out twice rests on the claim in Teleport.
 */

import type { AuditHead, AuditStanding } from "../shared/audit-chain.ts";
import type { EdgeFrame } from "../shared/edge-frames.ts";
import type { Logger } from "../shared/log.ts";
import {
  ACK_WITHIN_MS,
  CLOSE,
  type FrameOf,
  type Hello,
  MAX_OPEN_PER_WELCOME,
  PROTOCOL_VERSION,
  type RelayFrame,
  readRelayFrame,
  type Unnumbered,
} from "../shared/protocol.ts";
import type { Ledger } from "./ledger.ts";
import { AuditHeads } from "./relays/audit-heads.ts";
import { type Answers, Enquiry } from "./relays/enquiry.ts";
import {
  type Attachment,
  attachmentOf,
  greetingOf,
  isSameRelay,
  newAttachment,
  type RelaySocket,
  reattach,
  reportedChange,
  sessionFor,
} from "./relays/socket.ts";
import { activeOf, greetedOf, isSilent, isWritable, standbyOf, troubleOf } from "./relays/turn.ts";
import type { After } from "./timer.ts";

/** A frame about requests, from a relay that has said `hello`. */
export type RequestFrame = Exclude<RelayFrame, { type: "hello" | "report" | "metrics" | "ack" }>;

export interface RelaysOptions {
  readonly cluster: string;
  readonly ledger: Ledger;
  /** Every socket that the host has, those of before its last sleep included. */
  readonly sockets: () => readonly RelaySocket[];
  readonly now: () => number;
  readonly after: After;
  readonly randomId: () => string;
  readonly log: Logger;
  /**
   * Told of each frame in its turn, before it is acknowledged: what matters of it is stored when this returns. `synced` once
   * the relay has told of all that was there when it connected.
   */
  readonly received: (frame: RequestFrame, role: Attachment["role"], synced: boolean) => void;
  /** Told when a relay has been welcomed. */
  readonly welcomed: (socket: RelaySocket) => void;
  /** Told when the active relay has to be sent everything that it owes an answer to. */
  readonly owes: () => void;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
  /** Told that {@link Relays.checkAnswers} is due by then, in ms since the epoch. */
  readonly checkBy: (atMs: number) => void;
}

/** A relay as an operator sees it. */
export interface ConnectedRelay {
  readonly instance: string;
  readonly role: "active" | "standby";
  readonly release: string;
  readonly connectedMs: number;
  readonly relayKey: string;
  readonly teleportVersion: string | null;
  readonly certificateExpiresMs: number | null;
  /** Whether it watches Teleport's access requests; null until it has said so. */
  readonly watching: boolean | null;
  /** What its operator should mend; null when nothing is known to be wrong. */
  readonly problem: string | null;
  /** Where its audit log ends, and whether it can be written; null when it has not said. */
  readonly audit: (AuditHead & { readonly writable: boolean }) | null;
}

export class Relays {
  readonly #options: RelaysOptions;
  readonly #auditHeads: AuditHeads;
  readonly #enquiry: Enquiry;

  constructor(options: RelaysOptions) {
    this.#options = options;
    this.#auditHeads = new AuditHeads(options);
    this.#enquiry = new Enquiry(options);
  }

  /** A relay whose token was verified has connected, at this origin of ours. It is nobody until it says `hello`. */
  accept(socket: RelaySocket, accepted: Pick<Attachment, "relayKey" | "origin">): void {
    socket.attach(newAttachment(accepted, this.#options.randomId(), this.#options.now()));
  }

  /** One message from a relay. */
  receive(socket: RelaySocket, message: string | ArrayBuffer): void {
    const { log } = this.#options;
    if (typeof message !== "string") return socket.close(CLOSE.malformedFrame, "binary");
    const reading = readRelayFrame(message);
    switch (reading.kind) {
      case "too_large":
        return socket.close(CLOSE.frameTooLarge, "too large");
      case "malformed":
        log.warn("A relay sent a malformed frame", { problem: reading.problem });
        return socket.close(CLOSE.malformedFrame, "malformed");
      case "unknown":
        log.info("A relay sent a frame of an unknown type", { type: reading.type });
        if (reading.seq === attachmentOf(socket).inSeq + 1) this.#acknowledge(socket, reading.seq);
        return;
      case "frame":
        return this.#handle(socket, reading.frame);
    }
  }

  /** A relay's socket is gone: a standby takes over. */
  closed(socket: RelaySocket): void {
    this.#auditHeads.keep(socket);
    // Its relay may have come back, and be active again, before this is told.
    const isFollowed = activeOf(this.#options.sockets().filter((other) => other !== socket)) !== undefined;
    if (attachmentOf(socket).role === "active" && !isFollowed) this.#promoteStandby(socket);
  }

  /** The session of the active relay; undefined when none is connected. */
  get activeSession(): string | undefined {
    const active = this.#active();
    return active && attachmentOf(active).session;
  }

  /** The origin at which the active relay found us; null when none is connected. */
  get origin(): string | null {
    const active = this.#active();
    return active === undefined ? null : attachmentOf(active).origin;
  }

  /** Counts the changes of the active relay, durably. */
  get epoch(): number {
    return this.#options.ledger.session()?.epoch ?? 0;
  }

  /** Sends a frame to the active relay, if one is connected. */
  send(frame: Unnumbered<EdgeFrame>): void {
    const active = this.#active();
    if (active !== undefined) this.#sendTo(active, frame);
  }

  /** Sends a frame that has no number. */
  tell(socket: RelaySocket, frame: FrameOf<EdgeFrame, "health">): void {
    if (socket.isOpen) socket.send(JSON.stringify(frame));
  }

  /** Makes durable what has stood with the sockets alone for long enough. */
  keepAuditHeads(): void {
    this.#auditHeads.keepOld(this.#greeted());
  }

  /** Lets a standby take over from an active relay that has left a frame unanswered for too long. */
  checkAnswers(): void {
    const active = this.#active();
    if (active === undefined || this.#standby(active) === undefined) return;
    const { unansweredSinceMs } = attachmentOf(active);
    if (unansweredSinceMs === null) return;
    const dueMs = unansweredSinceMs + ACK_WITHIN_MS;
    if (this.#options.now() < dueMs) return this.#options.checkBy(dueMs);
    this.#options.log.warn("The active relay leaves frames unanswered: a standby takes over");
    active.close(CLOSE.unresponsive, "unanswered");
    this.#promoteStandby(active);
  }

  /** The metrics of the relays that answer in a moment. */
  measure(): Promise<Answers> {
    const nowMs = this.#options.now();
    return this.#enquiry.ask(this.#greeted().filter((socket) => !isSilent(socket, nowMs)));
  }

  /** Relays that have said `hello` and are connected. */
  connected(): ConnectedRelay[] {
    return this.#greeted().map((socket) => {
      const { greeting, condition, audit, role, connectedMs, relayKey } = attachmentOf(socket);
      const { instance = "", hello } = greeting ?? {};
      return {
        instance,
        role,
        release: hello?.release ?? "",
        connectedMs,
        relayKey,
        teleportVersion: hello?.teleportVersion ?? null,
        certificateExpiresMs: hello?.certificateExpiresMs ?? null,
        watching: condition?.watching ?? null,
        problem: condition?.problem ?? null,
        audit: audit && { lines: audit.lines, head: audit.head, writable: audit.writable },
      };
    });
  }

  #handle(socket: RelaySocket, frame: RelayFrame): void {
    if (frame.type === "hello") return this.#hello(socket, frame);
    const { greeting, inSeq, role, synced } = attachmentOf(socket);
    if (greeting === null) return socket.close(CLOSE.malformedFrame, "hello comes first");
    if (frame.type === "ack") return this.#acknowledged(socket, frame.upTo);
    if (frame.type === "metrics") return this.#enquiry.answered(socket, frame);
    if (frame.seq <= inSeq) return;
    if (frame.seq !== inSeq + 1) return socket.close(CLOSE.sequenceGap, "a frame is missing");
    if ("audit" in frame) this.#toldOfAudit(socket, frame.audit);
    if (frame.type === "report") this.#reported(socket, frame);
    else this.#options.received(frame, role, synced);
    if (frame.type === "synced" && !synced) reattach(socket, { synced: true });
    this.#acknowledge(socket, frame.seq);
    if (frame.type === "synced" && role === "active") this.#options.owes();
    this.#preferWritable();
  }

  #hello(socket: RelaySocket, hello: Hello): void {
    const { cluster, log, welcomed } = this.#options;
    if (hello.protocol > PROTOCOL_VERSION || hello.protocol < PROTOCOL_VERSION - 1) {
      return socket.close(CLOSE.unsupportedVersion, `this edge speaks protocol ${PROTOCOL_VERSION}`);
    }
    if (hello.teleport.cluster !== cluster) return socket.close(CLOSE.wrongCluster, `this is ${cluster}`);
    if (attachmentOf(socket).greeting !== null) return socket.close(CLOSE.malformedFrame, "a second hello");
    const greeting = greetingOf(hello);
    this.#closeDeadSockets({ ...attachmentOf(socket), greeting });
    const role = this.#active() === undefined ? "active" : "standby";
    const attachment = reattach(socket, { greeting, role });
    if (role === "active") this.#activate(attachment);
    log.info("A relay connected", { instance: hello.instance, role, release: hello.release, epoch: this.epoch });
    this.#welcome(socket, attachment);
    welcomed(socket);
    this.#toldOfAudit(socket, hello.audit);
    if (role === "standby") this.checkAnswers();
    this.#preferWritable();
  }

  #toldOfAudit(socket: RelaySocket, standing: AuditStanding | undefined): void {
    if (standing === undefined) return;
    const { relayKey } = attachmentOf(socket);
    // What the same relay said through another socket came before.
    for (const other of this.#greeted()) {
      const isOther = attachmentOf(other).session !== attachmentOf(socket).session;
      if (isOther && attachmentOf(other).relayKey === relayKey) this.#auditHeads.keep(other);
    }
    this.#auditHeads.told(socket, standing);
  }

  // While an active relay cannot write its audit log approvals wait there, which another need not.
  #preferWritable(): void {
    const active = this.#active();
    if (active === undefined || isWritable(active)) return;
    const standby = this.#standby(active);
    if (standby === undefined || troubleOf(standby, this.#options.now()) > 0) return;
    this.#options.log.warn("The active relay cannot write its audit log: a standby takes over");
    this.#promoteStandby(active);
  }

  // Kept with the socket, which costs no row; only a renewed certificate is worth one.
  #reported(socket: RelaySocket, report: FrameOf<RelayFrame, "report">): void {
    const before = attachmentOf(socket);
    const attachment = reattach(socket, reportedChange(before, report));
    const isRenewed = before.greeting?.hello.certificateExpiresMs !== report.certificateExpiresMs;
    if (isRenewed && attachment.role === "active") this.#activate(attachment);
  }

  // A relay has one link; and a link that has been silent for longer than a relay ever is, is a ghost.
  #closeDeadSockets(newcomer: Attachment): void {
    for (const socket of this.#greeted()) {
      const again = isSameRelay(attachmentOf(socket), newcomer);
      if (!again && !isSilent(socket, this.#options.now())) continue;
      this.#auditHeads.keep(socket);
      reattach(socket, { role: "standby" });
      socket.close(again ? CLOSE.superseded : CLOSE.unresponsive, again ? "connected again" : "silent");
    }
  }

  /** Makes a relay the active one. The epoch rises, durably, only when it is another than before. */
  #activate(attachment: Attachment): void {
    const { ledger, log, now } = this.#options;
    const before = ledger.session();
    const session = sessionFor(attachment, before, now());
    if (session === undefined || JSON.stringify(session) === JSON.stringify(before)) return;
    ledger.setSession(session);
    const { epoch, instance, relayKey } = session;
    if (epoch === before?.epoch) return;
    log.info("Another relay is active", { epoch, instance, relayKey });
    // The first one takes over from nobody.
    if (before !== undefined) ledger.addFault(`Another relay is active: epoch ${epoch}, its key ${relayKey}`, now());
  }

  #promoteStandby(from: RelaySocket): void {
    reattach(from, { role: "standby" });
    const standby = this.#standby(from);
    if (standby === undefined) return;
    this.#activate(reattach(standby, { role: "active" }));
    this.#sendTo(standby, { type: "promote", epoch: this.epoch });
    this.#options.owes();
  }

  #welcome(socket: RelaySocket, { session, role }: Attachment): void {
    const open = this.#options.ledger.openRequests();
    for (let from = 0; from === 0 || from < open.length; from += MAX_OPEN_PER_WELCOME) {
      const part = open.slice(from, from + MAX_OPEN_PER_WELCOME);
      const more = from + MAX_OPEN_PER_WELCOME < open.length;
      const welcome: EdgeFrame = { type: "welcome", session, epoch: this.epoch, role, open: part, more };
      socket.send(JSON.stringify(welcome));
    }
  }

  #sendTo(socket: RelaySocket, frame: Unnumbered<EdgeFrame>): void {
    const { outSeq, unansweredSinceMs } = attachmentOf(socket);
    const sinceMs = unansweredSinceMs ?? this.#options.now();
    reattach(socket, { outSeq: outSeq + 1, unansweredSinceMs: sinceMs });
    socket.send(JSON.stringify({ ...frame, seq: outSeq + 1 }));
    if (this.#standby(socket) !== undefined) this.#options.checkBy(sinceMs + ACK_WITHIN_MS);
  }

  #acknowledge(socket: RelaySocket, seq: number): void {
    reattach(socket, { inSeq: seq });
    const frame: EdgeFrame = { type: "ack", upTo: seq };
    if (socket.isOpen) socket.send(JSON.stringify(frame));
  }

  #acknowledged(socket: RelaySocket, upTo: number): void {
    const { outSeq, ackedSeq } = attachmentOf(socket);
    if (upTo > outSeq) return socket.close(CLOSE.sequenceGap, "acknowledged what was not sent");
    if (upTo <= ackedSeq) return;
    reattach(socket, { ackedSeq: upTo, unansweredSinceMs: upTo === outSeq ? null : this.#options.now() });
  }

  #active(): RelaySocket | undefined {
    return activeOf(this.#options.sockets());
  }

  #standby(not: RelaySocket): RelaySocket | undefined {
    return standbyOf(this.#options.sockets(), not, this.#options.now());
  }

  #greeted(): RelaySocket[] {
    return greetedOf(this.#options.sockets());
  }
}
