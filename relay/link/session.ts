/**
 * One session of the link: the protocol over one open socket, from `hello` to the end. It numbers what goes out, checks
 * the numbers of what comes in, acknowledges, and notices a dead line. It never retries, and keeps no frame: what a lost
 * session had under way is found again by the next one's exchange of differences.
 */

import { type EdgeFrame, readEdgeFrame, type Welcome } from "../../shared/edge-frames.ts";
import type { LogFields, Logger } from "../../shared/log.ts";
import {
  CLOSE,
  type Hello,
  MAX_FRAME_BYTES,
  PING,
  PONG,
  type RelayFrame,
  type Unnumbered,
} from "../../shared/protocol.ts";
import type { Clock } from "../time/clock.ts";
import type { OpenAtEdge, SessionHandlers } from "./handlers.ts";
import { Liveness } from "./liveness.ts";
import type { Socket } from "./socket.ts";

export interface SessionOptions {
  /** Open. */
  readonly socket: Socket;
  readonly hello: Omit<Hello, "type">;
  readonly handlers: SessionHandlers;
  readonly clock: Clock;
  readonly log: Logger;
}

export class LinkSession {
  readonly #socket: Socket;
  readonly #handlers: SessionHandlers;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #liveness: Liveness;
  readonly #open = new Map<string, OpenAtEdge>();
  #phase: "greeting" | "live" | "over" = "greeting";
  #lastIn = 0;
  #lastOut = 0;
  #ackedOut = 0;
  #cancelAck: (() => void) | undefined;
  #problem: string | undefined;

  /** Begins the session: says hello. */
  constructor({ socket, hello, handlers, clock, log }: SessionOptions) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#clock = clock;
    this.#log = log;
    this.#liveness = new Liveness({
      clock,
      ping: () => socket.send(PING),
      died: (problem) => this.#giveUp(problem),
    });
    this.#write({ type: "hello", ...hello });
  }

  /** Why this end gave the session up; undefined when it did not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Whether the welcome is complete and the session not over. */
  get isLive(): boolean {
    return this.#phase === "live";
  }

  /**
   * Numbers a frame and sends it. False when it was not sent: the session is not live, or the frame is larger than a
   * frame may be, which is logged.
   */
  send(frame: Unnumbered<RelayFrame>): boolean {
    if (!this.isLive) return false;
    const text = JSON.stringify({ ...frame, seq: this.#lastOut + 1 });
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_FRAME_BYTES) {
      this.#log.error("A frame is too large for the link and was not sent", { ...aboutOf(frame), bytes });
      return false;
    }
    if (this.#ackedOut === this.#lastOut) this.#liveness.waiting();
    this.#lastOut++;
    this.#socket.send(text);
    return true;
  }

  /** Takes one message from the socket. Never throws. */
  receive(text: string): void {
    if (this.#phase === "over") return;
    this.#liveness.heard();
    if (text === PONG) return;
    const reading = readEdgeFrame(text);
    switch (reading.kind) {
      case "frame":
        this.#take(reading.frame);
        break;
      case "unknown":
        this.#log.warn("A frame of an unknown type was skipped; the edge may be newer", { type: reading.type });
        if (reading.seq !== null) this.#inOrder({ type: reading.type, seq: reading.seq }, () => {});
        break;
      case "malformed":
        this.#refuse(CLOSE.malformedFrame, `The edge sent a malformed frame (${reading.problem}).`);
        break;
      case "too_large":
        this.#refuse(CLOSE.frameTooLarge, "The edge sent a frame that is too large.");
        break;
    }
  }

  /** Ends the session from this side, in good order. */
  close(): void {
    this.stop();
    this.#socket.close(1000, "the relay stops");
  }

  /** Lets go of all timers: the socket has ended. */
  stop(): void {
    this.#phase = "over";
    this.#liveness.stop();
    this.#cancelAck?.();
  }

  #take(frame: EdgeFrame): void {
    switch (frame.type) {
      case "welcome":
        this.#greet(frame);
        break;
      case "health":
        this.#hand(frame, () => this.#handlers.health(frame));
        break;
      case "report?":
        this.#hand(frame, () => this.#tell(frame.question));
        break;
      case "ack":
        this.#acknowledge(frame.upTo);
        break;
      case "bind":
        this.#inOrder(frame, () => this.#handlers.bind(frame));
        break;
      case "decide":
        this.#inOrder(frame, () => this.#handlers.decide(frame));
        break;
      case "auto_approve":
        this.#inOrder(frame, () => this.#handlers.autoApprove(frame));
        break;
      case "promote":
        this.#inOrder(frame, () => this.#handlers.promote(frame));
        break;
    }
  }

  // Only a metric: nothing waits for it, and it is never sent again.
  #tell(question: string): void {
    this.#write({ type: "metrics", question, families: [...this.#handlers.measured()] });
  }

  #greet({ session, epoch, role, open, more }: Welcome): void {
    if (this.isLive) {
      this.#refuse(CLOSE.malformedFrame, "The edge welcomed the relay twice in one session.");
      return;
    }
    for (const [requestId, digest, reviews] of open) this.#open.set(requestId, { digest, reviews });
    if (more) return;
    this.#phase = "live";
    this.#liveness.welcomed();
    this.#hand({ type: "welcome" }, () => this.#handlers.welcome({ session, epoch, role, open: this.#open }));
  }

  #inOrder(frame: Subject & { readonly seq: number }, handle: () => void): void {
    const { seq } = frame;
    if (!this.isLive) this.#refuse(CLOSE.malformedFrame, "The edge sent a numbered frame before its welcome.");
    else if (seq > this.#lastIn + 1) {
      this.#refuse(CLOSE.sequenceGap, `The edge skipped from frame ${this.#lastIn} to ${seq}.`);
    } else {
      if (seq === this.#lastIn + 1) {
        this.#lastIn = seq;
        this.#hand(frame, handle);
      }
      this.#scheduleAck();
    }
  }

  // One acknowledgement for all that arrives in the same moment; a repeated frame asks for it again.
  #scheduleAck(): void {
    this.#cancelAck ??= this.#clock.after(0, () => {
      this.#cancelAck = undefined;
      this.#write({ type: "ack", upTo: this.#lastIn });
    });
  }

  #acknowledge(upTo: number): void {
    if (upTo > this.#lastOut) {
      this.#refuse(CLOSE.malformedFrame, `The edge acknowledged frame ${upTo}, which was never sent.`);
    } else if (upTo > this.#ackedOut) {
      this.#ackedOut = upTo;
      if (upTo === this.#lastOut) this.#liveness.acknowledged();
      else this.#liveness.waiting();
    }
  }

  // A frame that brings its handler down would bring down every session that brings it again.
  #hand(frame: Subject, handle: () => void): void {
    try {
      handle();
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#log.error("A frame could not be handled", { ...aboutOf(frame), problem });
    }
  }

  #write(frame: Extract<RelayFrame, { type: "hello" | "metrics" | "ack" }>): void {
    this.#socket.send(JSON.stringify(frame));
  }

  #refuse(code: number, problem: string): void {
    this.#end(problem);
    this.#socket.close(code, "");
  }

  // The line is dead or the edge does not follow the protocol's times: a close frame would only wait for it again.
  #giveUp(problem: string): void {
    this.#end(problem);
    this.#socket.terminate();
  }

  #end(problem: string): void {
    this.#problem = problem;
    this.stop();
  }
}

/** A frame, as far as the log names it. */
interface Subject {
  readonly type: string;
  readonly requestId?: string;
  readonly request?: { readonly id: string };
}

function aboutOf({ type, requestId, request }: Subject): LogFields {
  return { type, requestId: requestId ?? request?.id };
}
