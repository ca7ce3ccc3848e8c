/**
 * Whether a session is alive: pings go out, and something must come back; the welcome must come; what was sent must be
 * acknowledged. It only watches the time; what it finds it hands to the session.
 */
import { LINK_DEAD_AFTER_MS, PING_EVERY_MS } from "../../shared/protocol.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline } from "./deadline.ts";

/** How long the edge may take for the whole welcome, in ms; it only reads what it has. */
export const WELCOME_WITHIN_MS = 15_000;

/** How long frames of ours may wait without any of them being acknowledged, in ms. */
export const ACKNOWLEDGED_WITHIN_MS = 15_000;

export interface LivenessOptions {
  readonly clock: Clock;
  readonly ping: () => void;
  /** Called once, with a sentence, when the session is as good as dead. */
  readonly died: (problem: string) => void;
}

export class Liveness {
  readonly #clock: Clock;
  readonly #ping: () => void;
  readonly #silence: Deadline;
  readonly #unacknowledged: Deadline;
  readonly #cancelGreeting: () => void;
  #cancelPing: () => void;

  /** Begins to watch a session whose hello has just been said. */
  constructor({ clock, ping, died }: LivenessOptions) {
    this.#clock = clock;
    this.#ping = ping;
    this.#silence = new Deadline(clock, LINK_DEAD_AFTER_MS, () =>
      died(`The edge was silent for ${LINK_DEAD_AFTER_MS / 1000} s.`),
    );
    this.#unacknowledged = new Deadline(clock, ACKNOWLEDGED_WITHIN_MS, () =>
      died(`The edge acknowledged nothing for ${ACKNOWLEDGED_WITHIN_MS / 1000} s.`),
    );
    this.#cancelGreeting = clock.after(WELCOME_WITHIN_MS, () =>
      died(`The edge did not welcome the relay within ${WELCOME_WITHIN_MS / 1000} s.`),
    );
    this.#cancelPing = this.#pingLater();
    this.#silence.restart();
  }

  /** Anything at all has arrived. */
  heard(): void {
    this.#silence.restart();
  }

  /** The welcome is complete. */
  welcomed(): void {
    this.#cancelGreeting();
  }

  /** Frames have begun to wait for their acknowledgement, or some of them have got it. */
  waiting(): void {
    this.#unacknowledged.restart();
  }

  /** No frame waits for its acknowledgement. */
  acknowledged(): void {
    this.#unacknowledged.stop();
  }

  /** Lets go of every timer. */
  stop(): void {
    this.#silence.stop();
    this.#unacknowledged.stop();
    this.#cancelGreeting();
    this.#cancelPing();
  }

  #pingLater(): () => void {
    return this.#clock.after(PING_EVERY_MS, () => {
      this.#ping();
      this.#cancelPing = this.#pingLater();
    });
  }
}
