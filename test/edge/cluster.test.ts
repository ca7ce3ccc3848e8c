import { env, evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { RELAY_HEADERS } from "../../edge/cluster-rpc.ts";
import { readCluster } from "../../edge/config/cluster-config.ts";
import type { RelaySocket } from "../../edge/relays/socket.ts";
import type { Sql } from "../../edge/sql.ts";
import { Switchboard } from "../../edge/switchboard.ts";
import type { Cluster } from "../../edge/worker.ts";
import { createLogger } from "../../shared/log.ts";
import { PING, PONG } from "../../shared/protocol.ts";
import { accessRequest, BOB, BOT, hello, NOW, noteEvent, POLICY, SERVICE } from "./samples.ts";
import { CLUSTER, entryFor, SECRET } from "./setting.ts";

const stub = () => (env as unknown as { CLUSTER: DurableObjectNamespace<Cluster> }).CLUSTER.getByName(CLUSTER);
const URL_OF_LINK = `https://edge.example.com/v1/${CLUSTER}/relay`;

interface Link {
  readonly socket: WebSocket;
  readonly heard: { type: string; [key: string]: unknown }[];
  next(type: string): Promise<Record<string, unknown>>;
}

async function upgrade(jti: string): Promise<Response> {
  const headers = {
    Upgrade: "websocket",
    [RELAY_HEADERS.key]: "thumbprint",
    [RELAY_HEADERS.jti]: jti,
    [RELAY_HEADERS.jtiExpires]: String(Date.now() + 60_000),
  };
  return stub().fetch(new Request(URL_OF_LINK, { headers }));
}

/** A relay's end of a link to the object. */
async function link(): Promise<Link> {
  const { webSocket } = await upgrade(crypto.randomUUID());
  if (webSocket === null) throw new Error("no upgrade");
  const heard: Link["heard"] = [];
  let tell = (): void => {};
  webSocket.addEventListener("message", ({ data }) => {
    heard.push(data === PONG ? { type: PONG } : JSON.parse(String(data)));
    tell();
  });
  webSocket.addEventListener("close", () => {
    heard.push({ type: "closed" });
    tell();
  });
  webSocket.accept();
  let taken = 0;
  const next = async (type: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = heard.slice(taken).findIndex((frame) => frame.type === type);
      if (found >= 0) {
        taken += found + 1;
        return heard[taken - 1] ?? {};
      }
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
    }
  };
  return { socket: webSocket, heard, next };
}

const greet = ({ socket }: Link, instance: string) => socket.send(JSON.stringify({ ...hello(), instance }));
const say = ({ socket }: Link, frame: unknown) => socket.send(JSON.stringify(frame));

afterEach(() => reset());

describe("the upgrade", () => {
  it("takes a token once", async () => {
    expect([(await upgrade("the same")).status, (await upgrade("the same")).status]).toEqual([101, 401]);
  });

  it("remembers used tokens through an eviction", async () => {
    await upgrade("the same");
    await evictDurableObject(stub());
    expect((await upgrade("the same")).status).toBe(401);
  });
});

describe("the link", () => {
  it("answers pings without waking the object", async () => {
    const relay = await link();
    relay.socket.send(PING);
    await relay.next(PONG);
  });

  it("keeps roles, epoch and numbers through hibernation", async () => {
    const [first, second] = [await link(), await link()];
    greet(first, "relay-one");
    expect(await first.next("welcome")).toMatchObject({ role: "active", epoch: 1 });
    greet(second, "relay-two");
    expect(await second.next("welcome")).toMatchObject({ role: "standby", epoch: 1 });
    say(first, { type: "synced", seq: 1 });
    await first.next("ack");
    await evictDurableObject(stub());
    say(first, { type: "synced", seq: 2 });
    expect(await first.next("ack")).toMatchObject({ upTo: 2 });
    const relays = expect.arrayContaining([
      expect.objectContaining({ instance: "relay-one", role: "active" }),
      expect.objectContaining({ instance: "relay-two", role: "standby" }),
    ]);
    expect(await stub().status()).toMatchObject({ epoch: 1, relays });
  });

  it("lets the standby take over when the active one closes, also after hibernation", async () => {
    const [first, second] = [await link(), await link()];
    greet(first, "relay-one");
    await first.next("welcome");
    greet(second, "relay-two");
    await second.next("welcome");
    await evictDurableObject(stub());
    first.socket.close(1000, "bye");
    expect(await second.next("promote")).toMatchObject({ epoch: 2, seq: 1 });
  });

  it("closes on what is no frame", async () => {
    const relay = await link();
    relay.socket.send("[]");
    await relay.next("closed");
  });
});

describe("a delivery", () => {
  it("is durable before it is answered, and the same through an eviction", async () => {
    const relay = await link();
    greet(relay, "relay-one");
    await relay.next("welcome");
    say(relay, { type: "request", seq: 1, request: accessRequest(), recipients: [] });
    await relay.next("ack");
    const raw = noteEvent("QUNKNOWN", "/approve", { id: "01HELD" });
    await Promise.all(Array.from({ length: 20 }, () => stub().deliver({ raw, signature: "v1=00" })));
    await evictDurableObject(stub());
    expect(await stub().status()).toMatchObject({ heldDeliveries: 1, pendingCount: 1 });
  });
});

describe("the alarm", () => {
  it("is armed for what is open, survives an eviction, and never throws", async () => {
    const relay = await link();
    greet(relay, "relay-one");
    await relay.next("welcome");
    say(relay, { type: "request", seq: 1, request: accessRequest(), recipients: [] });
    await relay.next("ack");
    await evictDurableObject(stub());
    const armed = await runInDurableObject(stub(), async (_, { storage }) => {
      storage.sql.exec("UPDATE request SET record = '{}'");
      return storage.getAlarm();
    });
    expect(armed).not.toBeNull();
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(await runInDurableObject(stub(), (_, { storage }) => storage.getAlarm())).not.toBeNull();
  });
});

describe("one request's whole life", () => {
  /** PagerDuty as far as one approval asks of it. */
  async function pagerDuty(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const service = { id: SERVICE };
    const incident = {
      id: "QLIFE",
      status: "triggered",
      service,
      created_at: new Date(NOW).toISOString(),
      escalation_policy: { id: POLICY },
    };
    if (pathname === "/users") return Response.json({ users: [BOT], more: false });
    if (pathname.startsWith("/users/")) return Response.json({ user: BOB });
    if (pathname.startsWith("/services/")) return Response.json({ service });
    return pathname.endsWith("/notes") ? Response.json({ note: { id: "PNOTE" } }) : Response.json({ incident });
  }

  /** Everything that is under way has come to its end: nothing here waits for a real network. */
  async function quiet(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await new Promise((done) => setTimeout(done, 0));
  }

  it("costs few rows", async () => {
    const costs = await runInDurableObject(stub(), async (_, { storage }) => {
      const written = new Map<string, number>();
      let label = "the schema";
      const count = (rows: number) => written.set(label, (written.get(label) ?? 0) + rows);
      const sql: Sql = {
        run: (statement, ...bindings) => {
          const cursor = storage.sql.exec(statement, ...bindings);
          const rows = [...cursor];
          count(cursor.rowsWritten);
          return rows;
        },
      };
      let nowMs = NOW;
      const frames: { type: string; [key: string]: unknown }[] = [];
      let attachment: unknown = null;
      const socket: RelaySocket = {
        isOpen: true,
        heardMs: null,
        send: (text) => void frames.push(JSON.parse(text)),
        close: () => {},
        get attachment() {
          return attachment;
        },
        attach: (value) => {
          attachment = structuredClone(value);
        },
      };
      const secrets = new Map([[CLUSTER, { api_key: "a-key-of-the-tests", webhook_secrets: [SECRET] }]]);
      const reading = readCluster(CLUSTER, entryFor(), { apiUrl: null, secrets, faults: [] });
      if (reading.kind !== "ready") throw new Error(reading.faults.join());
      const board = new Switchboard({
        config: reading.config,
        sql,
        sockets: () => [socket],
        setAlarm: () => void count(1),
        armedMs: null,
        wakeEveryMs: null,
        reconcileEveryMs: null,
        fetch: pagerDuty,
        now: () => nowMs,
        random: () => 0,
        randomId: () => crypto.randomUUID(),
        log: createLogger({ severity: "error", format: "json", now: () => nowMs, write: () => {} }),
      });
      let seq = 0;
      const frame = (value: Record<string, unknown>) =>
        board.received(socket, JSON.stringify({ ...value, seq: ++seq }));
      const last = (type: string): Record<string, unknown> => frames.filter((sent) => sent.type === type).at(-1) ?? {};
      const step = async (name: string, act: () => void) => {
        label = name;
        act();
        await quiet();
      };
      await step("hello", () => {
        board.accept(socket, { relayKey: "thumbprint", origin: null });
        board.received(socket, JSON.stringify(hello()));
        frame({ type: "synced" });
      });
      await step("request and incident", () => frame({ type: "request", request: accessRequest(), recipients: [] }));
      await step("bound", () => frame({ ...last("bind"), type: "bound", result: "bound" }));
      await step("the lease's alarm", () => {
        nowMs += 15_000;
        board.alarmed();
      });
      await step("click", () => board.deliver({ raw: noteEvent("QLIFE", "/approve"), signature: "v1=00" }));
      const { requestId, clickId, epoch } = last("decide");
      const outcome = { result: "applied", state: "APPROVED" };
      await step("outcome, note, resolved", () => frame({ type: "outcome", requestId, clickId, epoch, outcome }));
      await step("the lease's alarm at the end", () => {
        nowMs += 15_000;
        board.alarmed();
      });
      await step("deleted", () => {
        nowMs += 40 * 86_400_000;
        board.alarmed();
      });
      return [...written];
    });
    // The record is one row and one or two index entries; each alarm that is set is one row.
    expect(costs.slice(1)).toEqual([
      ["hello", 1], // the session
      ["request and incident", 8], // the record twice, the incident, the alarm
      ["bound", 3], // the record
      ["the lease's alarm", 1], // the alarm, for the expiry
      ["click", 8], // the delivery, the record twice, the alarm
      ["outcome, note, resolved", 8], // the record three times
      ["the lease's alarm at the end", 1], // the alarm, for the deletion
      ["deleted", 3], // the record, the incident, the delivery
    ]);
  });
});
