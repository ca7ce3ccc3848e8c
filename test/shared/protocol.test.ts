import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_JSON_DEPTH, toBase64 } from "../../shared/bytes.ts";
import { readEdgeFrame } from "../../shared/edge-frames.ts";
import {
  CLOSE,
  LINK_DEAD_AFTER_MS,
  MAX_DELIVERY_BYTES,
  MAX_FRAME_BYTES,
  MAX_OPEN_PER_WELCOME,
  PING,
  PING_EVERY_MS,
  PONG,
  readRelayFrame,
} from "../../shared/protocol.ts";
import { DECISIONS, REQUEST } from "./fixtures.ts";

const HELLO = {
  type: "hello",
  protocol: 1,
  instance: "instance-1",
  release: "0.1.0",
  teleport: { version: "18.2.0", cluster: "teleport.example.com", proxyAddress: null },
  decisions: DECISIONS,
  asksOnCall: true,
  certificateExpiresMs: null,
};
const ENDED = { type: "ended", seq: 1, requestId: "r", end: "deleted", who: null, why: null, clickId: null };
const WELCOME = { type: "welcome", session: "s", epoch: 0, role: "standby", open: [["r", "d", 0]], more: false };
const BIND = {
  type: "bind",
  seq: 1,
  epoch: 1,
  requestId: "r",
  digest: "d",
  incidents: [{ service: "S", incident: "Q" }],
};
const DECIDE = {
  type: "decide",
  seq: 1,
  epoch: 1,
  cluster: "c",
  requestId: "r",
  clickId: "E1",
  evidence: { kind: "signed", raw: "e30=", signature: "v1=" },
  word: { email: null, name: null, onCallLevels: null, botUserId: null, shown: true, reason: "" },
};

describe("readRelayFrame and readEdgeFrame", () => {
  it.each([
    ["hello", HELLO],
    ["request", { type: "request", seq: 1, request: REQUEST, recipients: [] }],
    ["ended", ENDED],
  ])("read %s from a relay, and skip it from an edge", (type, frame) => {
    const seq = "seq" in frame ? frame.seq : null;
    expect(readRelayFrame(JSON.stringify(frame))).toEqual({ kind: "frame", frame });
    expect(readEdgeFrame(JSON.stringify(frame))).toEqual({ kind: "unknown", type, seq });
  });

  it.each([
    ["welcome", WELCOME],
    ["bind", BIND],
    ["decide", DECIDE],
  ])("read %s from an edge, and skip it from a relay", (type, frame) => {
    const seq = "seq" in frame ? frame.seq : null;
    expect(readEdgeFrame(JSON.stringify(frame))).toEqual({ kind: "frame", frame });
    expect(readRelayFrame(JSON.stringify(frame))).toEqual({ kind: "unknown", type, seq });
  });

  it("leave out a field of a newer release", () => {
    expect(readRelayFrame(JSON.stringify({ ...ENDED, colour: "green" }))).toEqual({ kind: "frame", frame: ENDED });
  });

  it.each([
    ["a type of a newer release", { type: "teleported", seq: 7 }, 7],
    ["one without a number", { type: "teleported", seq: undefined }, null],
    ["one called __proto__", JSON.parse('{"type":"__proto__"}'), null],
    ["one called constructor", { type: "constructor" }, null],
  ])("tell of %s, with its number", (_, frame, seq) => {
    expect(readEdgeFrame(JSON.stringify(frame))).toEqual({ kind: "unknown", type: frame.type, seq });
  });

  it.each([
    "",
    " ",
    "null",
    "[]",
    "1",
    '"hello"',
    "{}",
    "{",
    PING,
    PONG,
    '{"type":1}',
    '{"type":null}',
    '{"Type":"ack"}',
  ])("call %j malformed", (message) => {
    expect(readRelayFrame(message)).toEqual({ kind: "malformed", problem: "not a frame" });
    expect(readEdgeFrame(message)).toEqual({ kind: "malformed", problem: "not a frame" });
  });

  it.each([
    ["seq 0", { ...ENDED, seq: 0 }],
    ["a negative seq", { ...ENDED, seq: -1 }],
    ["a seq between two", { ...ENDED, seq: 1.5 }],
    ["a seq beyond what is exact", { ...ENDED, seq: 2 ** 53 }],
    ["a seq as text", { ...ENDED, seq: "1" }],
    ["a seq of null", { ...ENDED, seq: null }],
    ["no seq", { ...ENDED, seq: undefined }],
    ["no request id", { ...ENDED, requestId: "" }],
    ["a request id without end", { ...ENDED, requestId: "x".repeat(256) }],
    ["a request id that is no part of a path", { ...ENDED, requestId: "a/2" }],
    ["a request id of half a character", { ...ENDED, requestId: "\ud800" }],
    ["a release without end", { ...HELLO, release: "x".repeat(301) }],
    ["an address without end", { ...HELLO, teleport: { ...HELLO.teleport, proxyAddress: "x".repeat(301) } }],
    ["more channels than there are", { ...HELLO, decisions: { ...HELLO.decisions, channels: Array(5).fill("note") } }],
    ["a field's name without end", { ...HELLO, decisions: { ...HELLO.decisions, field: "x".repeat(301) } }],
    ["a time that no date can hold", { ...HELLO, certificateExpiresMs: 8_640_000_000_000_001 }],
    ["a click id without end", { ...ENDED, clickId: "x".repeat(129) }],
    ["an end that is none", { ...ENDED, end: "vanished" }],
    ["a type without end", { type: "x".repeat(65) }],
    ["an instance that is hardly one", { ...HELLO, instance: "short" }],
    ["an instance without end", { ...HELLO, instance: "x".repeat(65) }],
    ["a version as text", { ...HELLO, protocol: "1" }],
    ["an ack below nothing", { type: "ack", upTo: -1 }],
  ])("call a frame malformed with %s", (_, frame) => {
    expect(readRelayFrame(JSON.stringify(frame)).kind).toBe("malformed");
  });

  it.each([
    ["a negative epoch", { ...BIND, epoch: -1 }],
    ["no incident", { ...BIND, incidents: [] }],
    ["an incident without a service", { ...BIND, incidents: [{ service: "", incident: "Q" }] }],
    ["evidence of another kind", { ...DECIDE, evidence: { kind: "hearsay" } }],
    ["no word on whether it was shown", { ...DECIDE, word: { ...DECIDE.word, shown: undefined } }],
    ["a level between two", { ...DECIDE, word: { ...DECIDE.word, onCallLevels: [1.5] } }],
    ["a role that is none", { ...WELCOME, role: "leader" }],
    ["an open request without its reviews", { ...WELCOME, open: [["r", "d"]] }],
  ])("call an edge's frame malformed with %s", (_, frame) => {
    expect(readEdgeFrame(JSON.stringify(frame)).kind).toBe("malformed");
  });

  it("say where a frame is malformed, and not what stands there", () => {
    const reading = readEdgeFrame(JSON.stringify({ ...DECIDE, evidence: { ...DECIDE.evidence, raw: 4711 } }));
    expect(reading).toMatchObject({ kind: "malformed", problem: expect.stringContaining("decide: evidence.raw") });
    expect(JSON.stringify(reading)).not.toContain("4711");
  });

  it("do not read what nests too deep", () => {
    const deep = `{"type":"ack","upTo":1,"x":${"[".repeat(MAX_JSON_DEPTH)}${"]".repeat(MAX_JSON_DEPTH)}}`;
    expect(readRelayFrame(deep)).toEqual({ kind: "malformed", problem: "not a frame" });
    expect(readRelayFrame("[".repeat(100_000)).kind).toBe("malformed");
  });

  it("never throw, and read every ack", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => readRelayFrame(text).kind !== "frame"));
    const type = fc.constantFrom("hello", "request", "bound", "outcome", "welcome", "bind", "decide", "other");
    fc.assert(
      fc.property(type, fc.dictionary(fc.string(), fc.jsonValue()), (type, fields) => {
        const text = JSON.stringify({ ...fields, type });
        expect(readRelayFrame(text).kind).not.toBe("frame");
        expect(readEdgeFrame(text).kind).not.toBe("frame");
      }),
    );
    fc.assert(
      fc.property(fc.maxSafeNat(), (upTo) => {
        const frame = { type: "ack", upTo };
        expect(readRelayFrame(JSON.stringify(frame))).toEqual({ kind: "frame", frame });
        expect(readEdgeFrame(JSON.stringify(frame))).toEqual({ kind: "frame", frame });
      }),
    );
  });
});

describe("the largest frame", () => {
  /** An ack that is as many bytes of UTF-8, made of a letter of so many. */
  function ackOf(bytes: number, letter: string): string {
    const room = bytes - '{"type":"ack","upTo":1,"x":""}'.length;
    const letterBytes = Buffer.byteLength(letter);
    const filling = letter.repeat(Math.floor(room / letterBytes)) + "x".repeat(room % letterBytes);
    return `{"type":"ack","upTo":1,"x":"${filling}"}`;
  }

  it.each(["x", "é", "€", "😀"])("is counted in bytes of UTF-8: %s", (letter) => {
    const largest = ackOf(MAX_FRAME_BYTES, letter);
    expect(Buffer.byteLength(largest)).toBe(MAX_FRAME_BYTES);
    expect(readRelayFrame(largest).kind).toBe("frame");
    expect(readRelayFrame(ackOf(MAX_FRAME_BYTES + 1, letter))).toEqual({ kind: "too_large" });
    expect(readEdgeFrame(ackOf(2 * MAX_FRAME_BYTES, letter))).toEqual({ kind: "too_large" });
  });

  it("holds a decision with the largest delivery and a reason as long", () => {
    const raw = toBase64(new Uint8Array(MAX_DELIVERY_BYTES));
    const word = { ...DECIDE.word, reason: "é".repeat(MAX_DELIVERY_BYTES / 2) };
    const frame = { ...DECIDE, evidence: { ...DECIDE.evidence, raw, signature: "x".repeat(2048) }, word };
    expect(readEdgeFrame(JSON.stringify(frame)).kind).toBe("frame");
  });

  it("holds a full part of a welcome, even with the longest ids", () => {
    const open = Array.from({ length: MAX_OPEN_PER_WELCOME }, () => ["x".repeat(255), "d".repeat(64), 99]);
    expect(readEdgeFrame(JSON.stringify({ ...WELCOME, open })).kind).toBe("frame");
  });
});

describe("limits and close codes", () => {
  it("notice a dead link within 30 s, and let two pings be lost", () => {
    expect(LINK_DEAD_AFTER_MS).toBeLessThan(30_000);
    expect(LINK_DEAD_AFTER_MS).toBeGreaterThan(2 * PING_EVERY_MS);
  });

  it("are codes of our own, each with one meaning (RFC 6455 section 7.4.2)", () => {
    const codes = Object.values(CLOSE);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code >= 4000 && code <= 4999).toBe(true);
  });
});
