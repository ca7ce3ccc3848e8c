import { randomBytes, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { signToken } from "../../relay/link/json-web-token.ts";
import { readRelayKey } from "../../relay/link/relay-key.ts";
import { MAX_FRAME_BYTES } from "../../shared/protocol.ts";
import { CLUSTER, GATE_TOKEN, type Stage } from "../stage/stage.ts";
import { ask, boundIncidentFor, setStage } from "./journey.ts";

const MEBIBYTE = 1024 * 1024;

/** How many attack at the same time, and the most by which that may raise the edge's memory: far less than they send. */
const ATTACKERS = 10;
const FLAT_BYTES = 64 * MEBIBYTE;

/** What workerd itself puts together of one message's fragments before it closes; nobody below it sees them before. */
const RUNTIME_MESSAGE_BYTES = 33 * MEBIBYTE;

/** The most memory that workerd has ever had, in bytes; undefined where the system does not tell. */
async function peakBytes(stage: Stage): Promise<number | undefined> {
  for (const pid of await readdir("/proc").catch(() => [])) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!/^[^\0]*workerd\0/.test(command) || !command.includes(stage.directory)) continue;
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }
  return undefined;
}

/** Many attack, again and again; how much the edge's peak grows once it has seen it all, 0 where the system does not tell. */
async function grownBy(stage: Stage, attack: () => Promise<unknown>): Promise<number> {
  const round = (): Promise<unknown> => Promise.all(Array.from({ length: ATTACKERS }, attack));
  await round();
  const before = await peakBytes(stage);
  await round();
  const after = await peakBytes(stage);
  return before === undefined || after === undefined ? 0 : after - before;
}

/** The stream of an authentic link, below the WebSocket. */
function dial(stage: Stage, extensions: string): Promise<Duplex> {
  const key = readRelayKey(stage.path("relay.key"));
  const claims = { origin: stage.edgeUrl, cluster: CLUSTER, issuedAtMs: Date.now(), id: randomUUID() };
  const headers = {
    Authorization: `Bearer ${signToken(key, claims)}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    "Sec-WebSocket-Version": "13",
    ...(extensions === "" ? {} : { "Sec-WebSocket-Extensions": extensions }),
  };
  const url = `${stage.edgeUrl}/v1/${CLUSTER}/relay`;
  return new Promise((resolve, reject) => {
    get(url, { headers })
      .on("upgrade", (_, stream) => resolve(stream))
      .on("response", ({ statusCode }: IncomingMessage) => reject(new Error(`the edge answered ${statusCode}`)))
      .on("error", reject);
  });
}

/** A masked frame's head, for a payload of this size, and the payload under the mask of nothing. */
function head(firstByte: number, size: number): Buffer {
  const bytes = Buffer.alloc(14);
  bytes.writeUInt8(firstByte, 0);
  bytes.writeUInt8(0x80 | 127, 1);
  bytes.writeBigUInt64BE(BigInt(size), 2);
  return bytes;
}

const WHOLE_TEXT = 0x81;
const FIRST_OF_TEXT = 0x01;
const MORE = 0x00;
const WHOLE_TEXT_COMPRESSED = 0xc1;
const BOMB = deflateRawSync(Buffer.alloc(64 * MEBIBYTE, "x"), { finishFlush: 2 });

interface Attack {
  readonly extensions?: string;
  /** How much more memory it may take, of all attackers together. */
  readonly mayTakeBytes?: number;
  readonly write: () => Iterable<Buffer>;
}

/** What a hostile relay writes, chunk by chunk, for as long as it is let. */
const ATTACKS: Readonly<Record<string, Attack>> = {
  "a frame of 64 MiB": {
    *write() {
      yield head(WHOLE_TEXT, 64 * MEBIBYTE);
      for (let part = 0; part < 64; part++) yield Buffer.alloc(MEBIBYTE, "x");
    },
  },
  "a frame just over the limit": {
    *write() {
      yield head(WHOLE_TEXT, MAX_FRAME_BYTES + 1);
      yield Buffer.alloc(MAX_FRAME_BYTES + 1, "x");
    },
  },
  "fragments without end": {
    mayTakeBytes: ATTACKERS * RUNTIME_MESSAGE_BYTES,
    *write() {
      for (let part = 0; part < 1024; part++) {
        yield head(part === 0 ? FIRST_OF_TEXT : MORE, 64 * 1024);
        yield Buffer.alloc(64 * 1024, "x");
      }
    },
  },
  "a compressed frame that was not agreed on": {
    *write() {
      yield head(WHOLE_TEXT_COMPRESSED, BOMB.length);
      yield BOMB;
    },
  },
  "a compressed frame of 64 MiB, where compression was asked for": {
    extensions: "permessage-deflate",
    *write() {
      yield head(WHOLE_TEXT_COMPRESSED, BOMB.length);
      yield BOMB;
    },
  },
};

/** Attacks one link until it is closed. */
async function attackOnce(stage: Stage, { extensions = "", write }: Attack): Promise<void> {
  const stream = await dial(stage, extensions);
  let isOpen = true;
  const closed = new Promise<void>((resolve) => {
    const end = (): void => {
      isOpen = false;
      stream.destroy();
      resolve();
    };
    // The first thing that the edge says is that it closes, or that it has gone.
    stream.on("data", end).on("error", end).on("close", end);
  });
  for (const chunk of write()) {
    if (!isOpen) break;
    if (!stream.write(chunk)) await Promise.race([new Promise((resolve) => stream.once("drain", resolve)), closed]);
  }
  await closed;
}

describe("a hostile relay that sends the edge", { timeout: 60_000 }, () => {
  it.each(Object.entries(ATTACKS))("%s is closed, with memory bounded, and others are served", async (_, attack) => {
    const stage = await setStage();
    const grown = await grownBy(stage, () => attackOnce(stage, attack));
    expect(grown).toBeLessThan(attack.mayTakeBytes ?? FLAT_BYTES);
    const { id } = await boundIncidentFor(stage, ask(stage));
    expect(stage.pagerDuty.incident(id).status).toBe("triggered");
  });
});

describe("ten senders of 10 MB", { timeout: 60_000 }, () => {
  it.each(Object.entries(LENGTHS))("%s are answered 413, with memory flat", async (_, length) => {
    const stage = await setStage();
    const statuses = new Set<string>();
    const send = async (): Promise<void> => void statuses.add(await statusOf(stage, length));
    expect(await grownBy(stage, send)).toBeLessThan(FLAT_BYTES);
    expect([...statuses]).toEqual(["413"]);
  });
});

/** What is said of a body that comes in chunks. */
const LENGTHS = { "without a length": "", "that announce ten bytes": "Content-Length: 10\r\n" };

/** Posts a body in chunks to the webhook's route; the status of the answer. */
function statusOf(stage: Stage, length: string): Promise<string> {
  const { hostname, port } = new URL(stage.edgeUrl);
  const chunk = `10000\r\n${"x".repeat(64 * 1024)}\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
      if (status !== undefined) resolve(status);
    });
    // The edge closes while it is written to; what it said comes first.
    socket.on("error", () => {});
    socket.on("close", () => reject(new Error("closed without an answer")));
    const { host } = new URL(stage.edgeUrl);
    const gate = `X-Gate-Token: ${GATE_TOKEN}`;
    socket.write(
      `POST /v1/${CLUSTER}/webhook HTTP/1.1\r\nHost: ${host}\r\n${gate}\r\n${length}Transfer-Encoding: chunked\r\n\r\n`,
    );
    for (let part = 0; part < 160; part++) socket.write(chunk);
    socket.end("0\r\n\r\n");
  });
}
