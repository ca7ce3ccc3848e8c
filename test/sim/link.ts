/**
 * The link's WebSockets in virtual time: what is sent arrives in order or not at all; of a socket that breaks only a tail is
 * lost; and a line that is cut is noticed by nobody until somebody waits for an answer.
 */
import type { RelaySocket } from "../../edge/relays/socket.ts";
import type { Socket, SocketEvents } from "../../relay/link/socket.ts";
import { PING, PONG } from "../../shared/protocol.ts";
import type { Life } from "./machine.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Party, Weather } from "./weather.ts";

/** The edge's end, told of what arrives there. */
export interface EdgeEnd {
  message(socket: RelaySocket, text: string): void;
  closed(socket: RelaySocket): void;
}

export interface WireOptions {
  readonly relay: Party;
  readonly scheduler: Scheduler;
  readonly weather: Weather;
  /** The relay that dialled; what arrives after its end finds nobody. */
  readonly life: Life;
  readonly events: SocketEvents;
  readonly edge: EdgeEnd;
  /** Changes what the edge says on its way; for an edge that lies. */
  readonly tamper: ((text: string) => string) | null;
  /** Milliseconds since the epoch, by the edge's clock. */
  readonly edgeNow: () => number;
  /** Takes what arrives for the story, a frame and its receiver. */
  readonly tell: (to: string, frame: string) => void;
}

export class Wire {
  readonly relay: Party;
  readonly #options: WireOptions;
  #isRelayOpen = true;
  #isEdgeOpen = true;
  #isBroken = false;
  #upMs = 0;
  #downMs = 0;
  #heardMs: number | null = null;
  #attachment: unknown = null;
  /** The edge's end, as its object holds it. */
  readonly edgeSocket: RelaySocket;
  /** The relay's end. */
  readonly relaySocket: Socket;

  constructor(options: WireOptions) {
    this.relay = options.relay;
    this.#options = options;
    const wire = this;
    this.relaySocket = {
      send: (text) => wire.#up(() => wire.#atEdge(text)),
      close: (code, reason) => wire.#closeRelay(code, reason),
      terminate: () => wire.#closeRelay(1006, ""),
    };
    this.edgeSocket = {
      get isOpen() {
        return wire.#isEdgeOpen;
      },
      get heardMs() {
        return wire.#heardMs;
      },
      get attachment(): unknown {
        return wire.#attachment;
      },
      attach: (value) => {
        // Whoever reads it makes a copy.
        wire.#attachment = value;
      },
      send: (text) => {
        if (!wire.#isEdgeOpen) throw new Error("sent to a closed socket");
        wire.#say(options.tamper === null ? text : options.tamper(text));
      },
      close: (code, reason) => wire.#closeEdge(code, reason),
    };
  }

  get isOpen(): boolean {
    return this.#isEdgeOpen || this.#isRelayOpen;
  }

  /** Whether the relay still waits for it. */
  get isWanted(): boolean {
    return this.#isRelayOpen;
  }

  /** The handshake is through. */
  opened(): void {
    this.#down(() => this.#options.events.opened());
  }

  /** The line breaks with whatever is on its way, and both ends learn of it in their time. */
  break(): void {
    this.#isBroken = true;
    this.#closeEdge(1006, "");
  }

  /** The edge's process is gone: its kernel ends the connection, if the line is there. */
  edgeGone(): void {
    this.#isEdgeOpen = false;
    this.#down(() => this.#end(1006, ""));
  }

  /** The relay's process is gone. */
  relayGone(): void {
    this.#isRelayOpen = false;
    this.#up(() => this.#edgeLearns());
  }

  #say(text: string): void {
    this.#down(() => {
      if (!this.#isRelayOpen || this.#isBroken) return;
      if (text !== PONG) this.#options.tell(this.relay, text);
      this.#options.events.message(text);
    });
  }

  #atEdge(text: string): void {
    if (!this.#isEdgeOpen) return;
    // The runtime answers by itself: the object need not even be awake.
    if (text === PING) {
      this.#heardMs = this.#options.edgeNow();
      this.#say(PONG);
      return;
    }
    this.#options.tell("edge", text);
    this.#options.edge.message(this.edgeSocket, text);
  }

  #closeRelay(code: number, reason: string): void {
    if (!this.#isRelayOpen) return;
    this.#isRelayOpen = false;
    this.#up(() => this.#edgeLearns());
    const { scheduler, life, events } = this.#options;
    scheduler.after(1, () => {
      if (!life.isOver) events.ended({ kind: "closed", code, reason });
    });
  }

  #closeEdge(code: number, reason: string): void {
    if (!this.#isEdgeOpen) return;
    this.#isEdgeOpen = false;
    this.#down(() => this.#end(code, reason));
    this.#up(() => this.#options.edge.closed(this.edgeSocket));
  }

  #edgeLearns(): void {
    if (!this.#isEdgeOpen) return;
    this.#isEdgeOpen = false;
    this.#options.edge.closed(this.edgeSocket);
  }

  #end(code: number, reason: string): void {
    const { life, events } = this.#options;
    if (!this.#isRelayOpen) return;
    this.#isRelayOpen = false;
    if (!life.isOver) events.ended({ kind: "closed", code, reason });
  }

  #up(run: () => void): void {
    this.#upMs = this.#arrivalMs(this.#upMs);
    this.#options.scheduler.after(this.#upMs - this.#options.scheduler.nowMs, run);
  }

  #down(run: () => void): void {
    const { scheduler, life } = this.#options;
    this.#downMs = this.#arrivalMs(this.#downMs);
    scheduler.after(this.#downMs - scheduler.nowMs, () => {
      if (!life.isOver) run();
    });
  }

  // In order, and not before the line is there again.
  #arrivalMs(lastMs: number): number {
    const { scheduler, weather, relay } = this.#options;
    return Math.max(lastMs, scheduler.nowMs + weather.clearInMs(relay, "edge") + weather.messageMs());
  }
}
