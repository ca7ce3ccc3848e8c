/** Messages of the link, in both directions, as their receivers read them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readEdgeFrame } from "../../../shared/edge-frames.ts";
import { MAX_FRAME_BYTES, type Reading, readRelayFrame } from "../../../shared/protocol.ts";
import { type Property, property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedText } from "../values/bytes.ts";
import { EDGE_FRAMES, RELAY_FRAMES } from "../values/frames.ts";
import { mutatedJsonText } from "../values/json.ts";
import { request } from "../values/requests.ts";

type Read = (message: string) => Reading<{ type: string }>;

/** Messages that are frames, nearly frames, and none at all. */
function messages(frames: readonly Record<string, unknown>[]): fc.Arbitrary<string> {
  return fc.oneof(mutatedText(frames.map((frame) => JSON.stringify(frame))), mutatedJsonText(frames));
}

function readsWhatever(from: string, read: Read, frames: readonly Record<string, unknown>[]): Property {
  return property(
    `whatever comes from ${from}, is a frame, of an unknown type, or refused`,
    messages(frames),
    (message) => {
      const reading = read(message);
      assertUnpolluted();
      switch (reading.kind) {
        case "frame":
          // Passed on, it is the same frame: nothing of it is lost or made up on the way.
          assert.deepEqual(read(JSON.stringify(reading.frame)), reading);
          return assert(frames.some(({ type }) => type === reading.frame.type));
        case "unknown":
          return assert(reading.type.length <= 64 && !frames.some(({ type }) => type === reading.type));
        case "malformed":
          return assert(reading.problem.length > 0);
        case "too_large":
          return assert(Buffer.byteLength(message) > MAX_FRAME_BYTES);
      }
    },
  );
}

function endedBecause(why: string): string {
  return `{"type":"ended","seq":1,"requestId":"r","end":"denied","who":null,"why":"${why}","clickId":null}`;
}

/** Of characters of one to four bytes, a few bytes short of the limit or past it. */
const aroundTheLimit = fc
  .tuple(fc.constantFrom("x", "é", "€", "\u{1f600}", "\ud800"), fc.integer({ min: -8, max: 8 }))
  .map(([character, off]) => {
    const room = MAX_FRAME_BYTES + off - endedBecause("").length;
    return endedBecause(character.repeat(Math.floor(room / Buffer.byteLength(character))));
  });

export const frames: Target = {
  name: "frames",
  about: "messages of the link, in both directions",
  properties: () => [
    readsWhatever("a relay", readRelayFrame, RELAY_FRAMES),
    readsWhatever("the edge", readEdgeFrame, EDGE_FRAMES),
    property("every request that a relay can tell of is read as it was told", request, (told) => {
      const frame = { type: "request", seq: 1, request: told, recipients: told.suggestedReviewers };
      const { __proto__: _, ...annotations } = told.annotations;
      assert.deepEqual(readRelayFrame(JSON.stringify(frame)), {
        kind: "frame",
        frame: { ...frame, request: { ...told, annotations } },
      });
    }),
    property(
      "a message is too large exactly from the limit in bytes on",
      aroundTheLimit,
      (message) => {
        assert.equal(readRelayFrame(message).kind === "too_large", Buffer.byteLength(message) > MAX_FRAME_BYTES);
      },
      { cost: 50 },
    ),
  ],
};
