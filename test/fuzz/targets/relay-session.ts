/** The relay's half of the link: one session, fed with what an edge says and what none should. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { SessionHandlers } from "../../../relay/link/handlers.ts";
import { LinkSession } from "../../../relay/link/session.ts";
import type { Socket } from "../../../relay/link/socket.ts";
import { type EdgeFrame, readEdgeFrame } from "../../../shared/edge-frames.ts";
import { createLogger } from "../../../shared/log.ts";
import { PING, PONG, type Reading, readRelayFrame } from "../../../shared/protocol.ts";
import { HELLO } from "../../relay/link/frames.ts";
import { VirtualClock } from "../../relay/link/virtual-clock.ts";
import { property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedText } from "../values/bytes.ts";
import { EDGE_FRAMES } from "../values/frames.ts";
import { mutatedJson } from "../values/json.ts";

type Step =
  | { readonly kind: "frame"; readonly frame: unknown; readonly seq: number | "next" }
  | { readonly kind: "message"; readonly message: string }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "send" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("frame"),
      frame: fc.oneof(fc.constantFrom<unknown>(...EDGE_FRAMES), mutatedJson(EDGE_FRAMES, 1)),
      seq: fc.oneof(
        { weight: 8, arbitrary: fc.constant("next" as const) },
        { weight: 1, arbitrary: fc.nat({ max: 9 }) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("message"),
      message: fc.oneof(fc.constant(PONG), mutatedText(EDGE_FRAMES.map((frame) => JSON.stringify(frame)))),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass"), ms: fc.constantFrom(0, 1, 500, 9_000, 26_000) }) },
  { weight: 2, arbitrary: fc.constant({ kind: "send" } as const) },
);

/** A session with handlers that sometimes throw, and an account of what went in and out. */
class Scene {
  readonly clock = new VirtualClock();
  readonly sent: string[] = [];
  readonly ends: string[] = [];
  readonly handed: number[] = [];
  isWelcomed = false;
  /** The reference: the number of the last frame that came in its turn, and those that are to be handed over. */
  #lastIn = 0;
  readonly #due: number[] = [];
  readonly session: LinkSession;

  constructor(isClumsy: boolean) {
    const socket: Socket = {
      send: (text) => void this.sent.push(text),
      close: (code) => void this.ends.push(String(code)),
      terminate: () => void this.ends.push("terminated"),
    };
    const take = (frame: { seq: number }): void => {
      assert(this.isWelcomed, "a numbered frame was handed over before the welcome");
      this.handed.push(frame.seq);
      if (isClumsy) throw new Error("the handler failed");
    };
    const handlers: SessionHandlers = {
      welcome: () => {
        assert(!this.isWelcomed, "welcomed twice");
        this.isWelcomed = true;
      },
      health: () => undefined,
      measured: () => [],
      bind: take,
      decide: take,
      autoApprove: take,
      promote: take,
    };
    const log = createLogger({ severity: "error", format: "text", now: () => 0, write: () => undefined });
    this.session = new LinkSession({ socket, hello: { protocol: 1, ...HELLO }, handlers, clock: this.clock, log });
  }

  take(step: Step): void {
    switch (step.kind) {
      case "pass":
        return this.clock.advance(step.ms);
      case "send":
        return void this.session.send({ type: "synced" });
      case "message":
        return this.#receive(step.message);
      case "frame": {
        const { frame } = step;
        const isNumbered = typeof frame === "object" && frame !== null && "seq" in frame;
        const seq = step.seq === "next" ? this.#lastIn + 1 : step.seq;
        return this.#receive(JSON.stringify(isNumbered ? { ...frame, seq } : frame) ?? "");
      }
    }
  }

  check(): void {
    assertUnpolluted();
    assert.deepEqual(this.handed, this.#due, "not every frame was handed over once and in its turn");
    assert(this.ends.length <= 1, "ended twice");
    assert.equal(this.session.problem !== undefined, this.ends.length === 1);
    if (this.ends.length === 1) assert.equal(this.clock.timerCount, 0, "a timer was left behind");
    const frames = this.sent.filter((text) => text !== PING).map((text) => readRelayFrame(text));
    const acks = frames.flatMap((each) =>
      each.kind === "frame" && each.frame.type === "ack" ? [each.frame.upTo] : [],
    );
    assert(
      frames.every(({ kind }) => kind === "frame"),
      "it sent what no edge reads",
    );
    assert(Math.max(0, ...acks) <= this.#lastIn, "it acknowledged what never came");
  }

  #receive(message: string): void {
    const reading = readEdgeFrame(message);
    const seq = numberOf(reading);
    if (this.isWelcomed && this.ends.length === 0 && seq === this.#lastIn + 1) {
      this.#lastIn = seq;
      // One of an unknown type has its turn too, and is handed to nobody.
      if (reading.kind === "frame") this.#due.push(seq);
    }
    this.session.receive(message);
  }
}

function numberOf(reading: Reading<EdgeFrame>): number | null {
  if (reading.kind === "unknown") return reading.seq;
  return reading.kind === "frame" && "seq" in reading.frame ? reading.frame.seq : null;
}

export const relaySession: Target = {
  name: "relay-session",
  about: "what the edge says to a relay, in any order",
  properties: () => [
    property(
      "frames are handed over once and in order, and nothing that is said brings the relay down",
      fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 40 }), isClumsy: fc.boolean() }),
      ({ steps, isClumsy }) => {
        const scene = new Scene(isClumsy);
        // Else hardly any schedule would come beyond the greeting.
        for (const each of [{ kind: "frame", frame: EDGE_FRAMES[0], seq: "next" } as const, ...steps]) {
          const [sent, handed] = [scene.sent.length, scene.handed.length];
          const isOver = scene.ends.length === 1;
          scene.take(each);
          scene.check();
          if (isOver)
            assert.deepEqual([scene.sent.length, scene.handed.length], [sent, handed], "it goes on when it is over");
        }
        scene.session.stop();
        assert.equal(scene.clock.timerCount, 0, "a timer was left behind");
      },
      { cost: 2 },
    ),
  ],
};
