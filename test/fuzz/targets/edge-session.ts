/**
 * The edge's half of the link as a whole: relays that come and go, say what belongs there and what does not, in and out of
 * order, while deliveries come in and the object sleeps and crashes.
 */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { attachmentOf } from "../../../edge/relays/socket.ts";
import { CLOSE, readRelayFrame } from "../../../shared/protocol.ts";
import { Host, type ScriptedRelay } from "../../edge/host.ts";
import { noteEvent } from "../../edge/samples.ts";
import { property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedBytes, mutatedText } from "../values/bytes.ts";
import { HELLO, RELAY_FRAMES } from "../values/frames.ts";
import { mutatedJson } from "../values/json.ts";

/** The most that the runtime keeps with a socket, in bytes (Cloudflare's limit of `serializeAttachment`). */
const MAX_ATTACHMENT_BYTES = 16_384;

type Step =
  | { readonly kind: "sleep" | "crash" | "ring" }
  | { readonly kind: "connect"; readonly greeting: unknown }
  | { readonly kind: "disconnect"; readonly relay: number }
  | { readonly kind: "say"; readonly relay: number; readonly frame: unknown; readonly seq: number | "next" }
  | { readonly kind: "mumble"; readonly relay: number; readonly message: string }
  | { readonly kind: "deliver"; readonly raw: Uint8Array };

const NUMBERED = RELAY_FRAMES.filter((frame) => "seq" in frame);
const relay = fc.nat({ max: 2 });
const greeting = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(...["one", "two"].map((name) => ({ ...HELLO, instance: `relay-${name}` }))),
  },
  { weight: 1, arbitrary: mutatedJson([HELLO], 2) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("connect"), greeting }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("sleep", "crash", "ring") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("disconnect"), relay }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("say"),
      relay,
      frame: fc.oneof(
        fc.constantFrom<unknown>(...NUMBERED),
        fc.constantFrom<unknown>(...NUMBERED),
        mutatedJson(NUMBERED, 1),
      ),
      seq: fc.oneof(
        { weight: 8, arbitrary: fc.constant("next" as const) },
        { weight: 1, arbitrary: fc.nat({ max: 9 }) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("mumble"),
      relay,
      message: mutatedText(RELAY_FRAMES.map((frame) => JSON.stringify(frame))),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("deliver"), raw: mutatedBytes([noteEvent("Q0INCIDENT", "/approve")], 2) }),
  },
);

/** A host with the relays that a schedule speaks through, and what must be true of them at any time. */
class Scene {
  readonly host: Host;
  readonly relays: { readonly link: ScriptedRelay; seq: number }[] = [];
  #epoch = 0;

  constructor(host: Host) {
    this.host = host;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "connect": {
        const link = this.host.connect();
        this.relays.push({ link, seq: 0 });
        link.raw(step.greeting);
        return;
      }
      case "sleep":
        await this.host.settled();
        return this.host.sleep();
      case "crash":
        // Whatever is not waiting for an answer comes to its end; what is, never hears it.
        await setImmediate();
        return this.host.crash();
      case "ring":
        return this.host.alarmMs === null ? undefined : this.host.ring();
      case "deliver":
        return this.host.deliver(step.raw);
      case "disconnect":
      case "say":
      case "mumble":
        return this.#speak(step);
    }
  }

  check(): void {
    const { host } = this;
    assertUnpolluted();
    for (const { link } of this.relays) checkSocket(link);
    const open = host.sockets.filter(({ isOpen }) => isOpen).map((socket) => attachmentOf(socket));
    assert(open.filter(({ role, greeting }) => role === "active" && greeting !== null).length <= 1, "two are active");
    const epoch = host.ledger.session()?.epoch ?? 0;
    assert(epoch >= this.#epoch, "the epoch fell");
    this.#epoch = epoch;
    assert(
      host.log.every((line) => !/[\r\n]/.test(line)),
      "a line of the log is two",
    );
  }

  #speak(step: Extract<Step, { relay: number }>): void {
    const speaker = this.relays.at(-1 - step.relay);
    // A runtime hands over nothing of a socket that is closed.
    if (speaker === undefined || !speaker.link.socket.isOpen) return;
    const { link } = speaker;
    if (step.kind === "disconnect") return this.host.disconnect(link);
    if (step.kind === "mumble") return link.raw(step.message);
    const seq = step.seq === "next" ? speaker.seq + 1 : step.seq;
    const message = JSON.stringify(typeof step.frame === "object" ? { ...step.frame, seq } : step.frame) ?? "";
    const isRepeated = readRelayFrame(message).kind === "frame" && seq <= speaker.seq;
    const sent = link.socket.frames.length;
    link.raw(message);
    if (link.socket.isOpen && attachmentOf(link.socket).inSeq === seq) speaker.seq = seq;
    if (isRepeated) assert(link.socket.isOpen && link.socket.frames.length === sent, "what came again was taken again");
  }
}

function checkSocket({ socket }: ScriptedRelay): void {
  const numbers = socket.frames.flatMap((frame) => ("seq" in frame ? [frame.seq] : []));
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
    "what goes out is not numbered one by one",
  );
  const acks = socket.all("ack").map(({ upTo }) => upTo);
  assert.deepEqual(
    acks,
    acks.toSorted((a, b) => a - b),
    "an acknowledgement was taken back",
  );
  assert(Buffer.byteLength(JSON.stringify(socket.attachment)) <= MAX_ATTACHMENT_BYTES, "more than a socket can keep");
  if (socket.closed !== null) {
    assert(Object.values(CLOSE).some((code) => code === socket.closed?.code));
    // RFC 6455 section 5.5: a close frame has room for so much.
    assert(Buffer.byteLength(socket.closed.reason) <= 123);
  }
}

export const edgeSession: Target = {
  name: "edge-session",
  about: "what relays say to the edge, in any order",
  properties: () => [
    property(
      "one relay at most is active, numbers hold, and nothing that is said brings the object down",
      fc.array(step, { minLength: 1, maxLength: 40 }),
      async (steps) => {
        const host = await Host.start();
        const scene = new Scene(host);
        try {
          await scene.take({ kind: "connect", greeting: HELLO });
          for (const each of steps) {
            await scene.take(each);
            scene.check();
          }
          await host.settled();
          scene.check();
        } finally {
          await host.stop();
        }
      },
      { cost: 20 },
    ),
  ],
};
