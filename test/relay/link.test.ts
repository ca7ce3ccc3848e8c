import { createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Link, type LinkOptions } from "../../relay/link.ts";
import { systemClock } from "../../relay/time/clock.ts";
import { createLogger } from "../../shared/log.ts";
import { CLOSE, MAX_FRAME_BYTES } from "../../shared/protocol.ts";
import { Arrivals } from "./link/arrivals.ts";
import { bind, HELLO, recordHandlers, WELCOME } from "./link/frames.ts";
import { type EdgeLink, ScriptedEdge } from "./link/scripted-edge.ts";

const CLUSTER = "teleport.example.com";
const { privateKey } = generateKeyPairSync("ed25519");
const KEY = {
  publicKey: String(createPublicKey(privateKey).export({ format: "jwk" }).x),
  sign: (bytes: Uint8Array) => sign(null, bytes, privateKey),
};

let edge: ScriptedEdge;
let link: Link;
let heard: Arrivals<readonly [string, unknown]>;
let lines: Arrivals<string>;
let stopping: AbortController;
let running: Promise<void>;

type Overrides = Partial<Pick<LinkOptions, "clock" | "cluster" | "stands" | "beat">>;

function run(overrides: Overrides = {}): void {
  const log = createLogger({ severity: "debug", format: "text", now: () => 0, write: (line) => lines.push(line) });
  link = new Link({
    url: edge.url,
    cluster: CLUSTER,
    key: KEY,
    hello: () => HELLO,
    handlers: recordHandlers(heard),
    clock: systemClock,
    random: () => 0,
    log,
    ...overrides,
  });
  stopping = new AbortController();
  running = link.run(stopping.signal);
}

async function welcomed(): Promise<EdgeLink> {
  run();
  const other = await edge.links.next();
  await other.frames.next();
  other.send(WELCOME);
  await heard.next();
  return other;
}

beforeEach(async () => {
  edge = await ScriptedEdge.start();
  heard = new Arrivals();
  lines = new Arrivals();
});

afterEach(async () => {
  stopping.abort();
  await running;
  await edge.stop();
});

describe("Link: how it stands", () => {
  it("is told when there is no link, and why, and when there is one; it beats whenever it dials or hears", async () => {
    const stands = new Arrivals<string | null>();
    let beats = 0;
    edge.answers.push({ status: 503 });
    run({ stands: (problem) => stands.push(problem), beat: () => void beats++ });
    expect(await stands.next()).toContain("503");
    const other = await edge.links.next();
    await other.frames.next();
    other.send(WELCOME);
    expect(await stands.next()).toBeNull();
    expect(beats).toBe(3);
  });
});

describe("Link: connecting", () => {
  it("shows a token that the edge can verify, good for a minute and different each time", async () => {
    edge.answers.push({ status: 503 });
    run();
    const { request, frames } = await edge.links.next();
    expect(await frames.next()).toEqual({ type: "hello", protocol: 1, ...HELLO });
    expect(request.url).toBe(`/v1/${CLUSTER}/relay`);
    const ids = await Promise.all(
      edge.upgrades.map(async ({ headers }) => {
        const token = headers.authorization?.replace("Bearer ", "") ?? "";
        const { payload, protectedHeader } = await jwtVerify(token, createPublicKey(privateKey), {
          issuer: "relay",
          audience: `${edge.url}/v1/${CLUSTER}`,
          subject: CLUSTER,
        });
        expect(protectedHeader.alg).toBe("EdDSA");
        expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
        return payload.jti;
      }),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it("offers no compression", async () => {
    run();
    const { request } = await edge.links.next();
    expect(request.headers["sec-websocket-extensions"]).toBeUndefined();
  });

  it("puts the parts of a welcome together", async () => {
    run();
    const other = await edge.links.next();
    other.send({ ...WELCOME, open: [["r1", "d1", 0]], more: true });
    expect(link.send({ type: "synced" })).toBe(false);
    other.send({ ...WELCOME, open: [["r2", "d2", 2]] });
    const open = new Map([
      ["r1", { digest: "d1", reviews: 0 }],
      ["r2", { digest: "d2", reviews: 2 }],
    ]);
    expect(await heard.next()).toEqual(["welcome", { session: "s1", epoch: 3, role: "active", open }]);
    expect(link.state).toMatchObject({ state: "connected", session: "s1" });
  });

  it("closes the link in good order when it is asked to end, after what it has sent", async () => {
    const other = await welcomed();
    expect(link.send({ type: "synced" })).toBe(true);
    stopping.abort();
    expect(await other.frames.next()).toEqual({ type: "synced", seq: 1 });
    expect(await other.closed).toBe(1000);
    await running;
    expect(link.send({ type: "synced" })).toBe(false);
    expect(link.state).toEqual({ state: "idle" });
  });

  it("ends at once when it is asked to while nothing answers", async () => {
    run();
    stopping.abort();
    await running;
    expect(link.state).toEqual({ state: "idle" });
  });

  it("says when nothing listens there", async () => {
    await edge.stop();
    run();
    expect(await lines.next()).toContain(
      `The edge ${edge.url} cannot be reached: nothing listens there (ECONNREFUSED).`,
    );
  });
});

describe("Link: refusals", () => {
  it.each([
    [{ status: 401 }, `put ${KEY.publicKey} into relay_public_keys of the cluster "${CLUSTER}"`],
    [{ status: 401 }, "or correct edge.cluster, or edge.url where the edge's PUBLIC_URL is another."],
    [{ status: 503 }, `configuration of the cluster "${CLUSTER}" is faulty (503)`],
    [{ status: 404 }, "correct edge.url"],
    [{ status: 426 }, "let WebSockets pass"],
    [{ status: 429 }, "asked too often"],
    [{ status: 302, headers: { location: "https://elsewhere.example.com" } }, "leads elsewhere (302)"],
    [{ status: 500 }, "The edge answered 500"],
    [{ status: 200 }, "The edge answered 200"],
  ])("says what to mend on %j and tries again", async (answer, sentence) => {
    edge.answers.push(answer);
    run();
    expect(await lines.next()).toContain(sentence);
    await edge.links.next();
  });

  it("never writes its token or private key to the log", async () => {
    edge.answers.push({ status: 401 }, { status: 500 });
    run();
    const other = await edge.links.next();
    other.send(WELCOME);
    await heard.next();
    const tokens = edge.upgrades.map(({ headers }) => headers.authorization?.replace("Bearer ", "") ?? "none");
    for (const line of lines.pending) for (const token of tokens) expect(line).not.toContain(token);
  });

  it("dates the next token by the edge's clock when a 401 comes from another time", async () => {
    const aheadMs = 600_000;
    const date = new Date(Date.now() + aheadMs);
    edge.answers.push({ status: 401, headers: { date: date.toUTCString() } });
    run();
    const { request } = await edge.links.next();
    expect(await lines.next()).toMatch(/clock is \d{3} s behind the edge's/);
    const [, claims = ""] = request.headers.authorization?.split(".") ?? [];
    const { iat } = JSON.parse(Buffer.from(claims, "base64url").toString());
    expect(Math.abs(iat * 1000 - date.getTime())).toBeLessThan(60_000);
  });

  it("blames the key when the edge refuses a token of its own time", async () => {
    const date = new Date(Date.now() - 600_000).toUTCString();
    edge.answers.push({ status: 401, headers: { date } }, { status: 401, headers: { date } });
    run();
    expect(await lines.next()).toMatch(/ahead of the edge's/);
    expect(await lines.next()).toContain(KEY.publicKey);
    await edge.links.next();
  });
});

describe("Link: frames", () => {
  it("hands frames over in their order and acknowledges those of one moment together", async () => {
    const other = await welcomed();
    for (const seq of [1, 2, 3]) other.send(bind(seq));
    const told = [await heard.next(), await heard.next(), await heard.next()];
    expect(told).toEqual([1, 2, 3].map((seq) => ["bind", seq]));
    let ack = await other.frames.next();
    while (ack.upTo !== 3) ack = await other.frames.next();
    expect(ack).toEqual({ type: "ack", upTo: 3 });
  });

  it("skips frames of an unknown type, and acknowledges their numbers", async () => {
    const other = await welcomed();
    other.send({ type: "auto_deny", seq: 1, service: "S" });
    other.send({ type: "weather" });
    other.send(bind(2));
    expect(await heard.next()).toEqual(["bind", 2]);
    const ack = await other.frames.next();
    expect([1, 2]).toContain(ack.upTo);
  });

  it("hands a repeated frame over once", async () => {
    const other = await welcomed();
    for (const seq of [1, 1, 2]) other.send(bind(seq));
    expect([await heard.next(), await heard.next()]).toEqual([
      ["bind", 1],
      ["bind", 2],
    ]);
  });

  it("delivers a frame that comes in fragments", async () => {
    const other = await welcomed();
    const text = JSON.stringify(bind(1));
    other.socket.send(text.slice(0, 10), { fin: false });
    other.socket.send(text.slice(10, 20), { fin: false });
    other.socket.send(text.slice(20), { fin: true });
    expect(await heard.next()).toEqual(["bind", 1]);
  });

  it.each<[string, (other: EdgeLink) => void, number]>([
    ["a gap in the numbers", ({ send }) => send(bind(2)), CLOSE.sequenceGap],
    ["a known type with a wrong shape", ({ send }) => send({ type: "bind", seq: 1 }), CLOSE.malformedFrame],
    ["no JSON", ({ send }) => send("{"), CLOSE.malformedFrame],
    ["a binary message", ({ socket }) => socket.send(randomBytes(16)), CLOSE.malformedFrame],
    ["nesting without end", ({ send }) => send("[".repeat(100_000)), CLOSE.malformedFrame],
    ["a second welcome", ({ send }) => send(WELCOME), CLOSE.malformedFrame],
    ["an acknowledgement of what was not sent", ({ send }) => send({ type: "ack", upTo: 9 }), CLOSE.malformedFrame],
    ["a frame that is too large", ({ send }) => send("x".repeat(MAX_FRAME_BYTES + 1)), 1009],
    [
      "fragments that are too large together",
      ({ socket }) => {
        for (let part = 0; part < 5; part++) socket.send("x".repeat(MAX_FRAME_BYTES / 4), { fin: false });
      },
      1009,
    ],
    ["a frame that announces 1 GiB", ({ stream }) => stream.write(Buffer.from("817f0000000040000000", "hex")), 1009],
    ["a compressed frame that was not agreed on", ({ stream }) => stream.write(Buffer.from([0xc1, 0x01, 0x61])), 1002],
    ["a masked frame", ({ stream }) => stream.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61])), 1002],
    ["text that is not UTF-8", ({ stream }) => stream.write(Buffer.from([0x81, 0x01, 0xff])), 1007],
  ])("closes on %s, and connects again", async (_, attack, code) => {
    const other = await welcomed();
    attack(other);
    expect(await other.closed).toBe(code);
    const [what] = await heard.next();
    expect(what).toBe("lost");
    const again = await edge.links.next();
    expect(await again.frames.next()).toMatchObject({ type: "hello" });
  });

  it("closes on a numbered frame before the welcome", async () => {
    run();
    const other = await edge.links.next();
    other.send(bind(1));
    expect(await other.closed).toBe(CLOSE.malformedFrame);
    await edge.links.next();
    expect(heard.pending).toEqual([]);
  });

  it.each([
    [CLOSE.unsupportedVersion, "upgrade the edge"],
    [CLOSE.wrongCluster, "correct edge.cluster"],
    [CLOSE.superseded, "a newer one of this relay"],
    [1012, "closed the link (1012)"],
  ])("tells why the edge closed the link with %i", async (code, sentence) => {
    const other = await welcomed();
    other.socket.close(code);
    expect(await heard.next()).toEqual(["lost", expect.stringContaining(sentence)]);
    await edge.links.next();
  });

  it("survives a handler that throws", async () => {
    const other = await welcomed();
    heard.push = () => {
      throw new Error("broken handler");
    };
    other.send(bind(1));
    expect(await other.frames.next()).toEqual({ type: "ack", upTo: 1 });
  });
});
