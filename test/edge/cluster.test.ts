import { env, evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { RELAY_HEADERS } from "../../edge/cluster-rpc.ts";
import type { Cluster } from "../../edge/worker.ts";
import { PING, PONG } from "../../shared/protocol.ts";
import version1 from "./ledger/version-1.sql?raw";
import { accessRequest, HOUR_MS, hello, noteEvent } from "./samples.ts";
import { CLUSTER } from "./setting.ts";

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

  it("takes a token once, however many bring it at the same moment", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => upgrade("the same")));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([101, ...Array.from({ length: 49 }, () => 401)]);
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

describe("storage that the first release has written", () => {
  it("is taken over", async () => {
    await runInDurableObject(stub(), (_, { storage }) => {
      for (const statement of version1.split(/;\n/)) if (statement.trim() !== "") storage.sql.exec(statement);
    });
    expect(await stub().status()).toMatchObject({ epoch: 7, pendingCount: 2, heldDeliveries: 1 });
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
      storage.sql.exec("UPDATE live_request SET record = '{}'");
      return storage.getAlarm();
    });
    expect(armed).not.toBeNull();
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(await runInDurableObject(stub(), (_, { storage }) => storage.getAlarm())).not.toBeNull();
  });

  it("is set again each time that it fails, seven times on end, and ends what is over when the ledger is back", async () => {
    const relay = await link();
    greet(relay, "relay-one");
    await relay.next("welcome");
    const request = accessRequest({ requestExpiresMs: Date.now() - HOUR_MS });
    say(relay, { type: "request", seq: 1, request, recipients: [] });
    await relay.next("ack");
    expect(await stub().status()).toMatchObject({ pendingCount: 1 });
    const rename = (from: string, to: string) =>
      runInDurableObject(stub(), (_, { storage: { sql } }) => {
        const tables = sql.exec(
          "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
        );
        for (const { name } of [...tables]) {
          if (String(name).startsWith(from))
            sql.exec(`ALTER TABLE "${name}" RENAME TO "${to}${String(name).slice(from.length)}"`);
        }
      });
    const alarm = () => runInDurableObject(stub(), (_, { storage }) => storage.getAlarm());
    await rename("", "lost_");
    for (let failure = 1; failure <= 7; failure++) {
      expect(await runDurableObjectAlarm(stub())).toBe(true);
      expect([failure, await alarm()]).toEqual([failure, expect.any(Number)]);
    }
    await rename("lost_", "");
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(await stub().status()).toMatchObject({ pendingCount: 0 });
  });
});
