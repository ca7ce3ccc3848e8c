import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock, settled } from "../fakes/clock.ts";
import type { Conduct } from "./fault-proxy/conduit.ts";
import { FaultProxy } from "./fault-proxy.ts";

const clock = new ManualClock();
let server: Server;
let proxy: FaultProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true, noDelay: true });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  proxy = await FaultProxy.start(`127.0.0.1:${port}`, clock);
});

afterEach(async () => {
  await proxy.stop();
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

/** A connection through the proxy: whoever dialled, and whoever was dialled. */
async function pair(): Promise<{ client: Socket; host: Socket }> {
  const client = dial();
  const [host]: Socket[] = await once(server, "connection");
  if (host === undefined) throw new Error("nobody was dialled");
  sockets.push(host);
  host.on("error", () => {});
  return { client, host };
}

function dial(): Socket {
  const [host, port] = proxy.address.split(":");
  const client = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true });
  client.on("error", () => {});
  sockets.push(client);
  return client;
}

/** The next that a socket is sent, as text. */
async function heard(socket: Socket): Promise<string> {
  const [bytes] = await once(socket, "data");
  return String(bytes);
}

/** Resolves once a socket is closed, however that came. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** Everything that a socket has been sent so far. */
function ear(socket: Socket): () => string {
  let text = "";
  socket.on("data", (bytes) => {
    text += String(bytes);
  });
  return () => text;
}

/** Resolves once whatever was written or reset has come through the proxy as far as it gets: later bytes have overtaken it. */
async function overtaken(): Promise<void> {
  const { client, host } = await pair();
  const later = heard(client);
  host.write("later");
  await later;
}

describe("a fault proxy", () => {
  it("passes bytes both ways, and an end", async () => {
    const { client, host } = await pair();
    const question = heard(host);
    client.write("ping");
    expect(await question).toBe("ping");
    const answer = heard(client);
    host.end("pong");
    expect(await answer).toBe("pong");
    await once(client, "end");
    expect(client.destroyed).toBe(false);
  });

  it("passes megabytes to a reader that takes its time, none lost and none out of order", async () => {
    const { client, host } = await pair();
    const sent = Buffer.alloc(4 * 1024 * 1024);
    for (let index = 0; index < sent.length; index += 4) sent.writeUInt32LE(index, index);
    client.end(sent);
    const parts: Buffer[] = [];
    for await (const part of host) parts.push(part);
    expect(Buffer.concat(parts).equals(sent)).toBe(true);
  });

  it("resets both sides when it cuts", async () => {
    const { client, host } = await pair();
    const ends = [gone(client), gone(host)];
    expect(proxy.cut()).toBe(1);
    await Promise.all(ends);
    expect(proxy.traffic).toEqual({ connections: 1, refused: 0, cut: 1 });
  });

  it("passes a reset on", async () => {
    const { client, host } = await pair();
    const end = gone(client);
    host.resetAndDestroy();
    await end;
  });

  it("resets whoever dials a target that is away", async () => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const client = dial();
    await gone(client);
  });

  it("refuses new connections and leaves those that stand", async () => {
    const { client, host } = await pair();
    proxy.conduct({ kind: "refuse" });
    await gone(dial());
    const question = heard(host);
    client.write("still here");
    expect(await question).toBe("still here");
    expect(proxy.traffic.refused).toBe(1);
  });

  it("holds bytes until it no longer does, and then passes them in their order", async () => {
    const { client, host } = await pair();
    const text = ear(host);
    proxy.conduct({ kind: "hold", direction: "there" });
    client.write("one ");
    const answered = heard(client);
    host.write("the other way");
    await answered;
    expect(text()).toBe("");
    client.end("two");
    proxy.conduct({ kind: "pass" });
    await once(host, "end");
    expect(text()).toBe("one two");
  });

  it("forgets what it held for a sender that was reset, and then tells", async () => {
    const { client, host } = await pair();
    const text = ear(host);
    proxy.conduct({ kind: "hold", direction: "there" });
    client.write("never mind");
    const back = heard(client);
    host.write("now");
    await back;
    client.resetAndDestroy();
    await gone(client);
    await overtaken();
    const end = gone(host);
    proxy.conduct({ kind: "pass" });
    await end;
    expect(text()).toBe("");
  });

  it("is half-open for good once it has swallowed, and passes what is dialled afterwards", async () => {
    const { client, host } = await pair();
    const text = ear(host);
    let isTold = false;
    host.on("close", () => {
      isTold = true;
    });
    proxy.conduct({ kind: "swallow", direction: "there" });
    client.write("lost");
    const back = heard(client);
    host.write("heard");
    expect(await back).toBe("heard");
    proxy.conduct({ kind: "pass" });
    client.end("lost as well");
    await overtaken();
    expect([text(), isTold]).toEqual(["", false]);
  });

  it("delays by the time it was told, and no less", async () => {
    const { client, host } = await pair();
    const text = ear(host);
    proxy.conduct({ kind: "slow", delayMs: 300, bytesPerSecond: 1_000_000 });
    client.write("late");
    await until(() => clock.timerCount > 0);
    await clock.pass(299);
    expect(text()).toBe("");
    const question = heard(host);
    await clock.pass(2);
    expect(await question).toBe("late");
  });

  it("passes no more bytes a second than it was told", async () => {
    const { client, host } = await pair();
    const text = ear(host);
    proxy.conduct({ kind: "slow", delayMs: 0, bytesPerSecond: 1024 });
    client.write("x".repeat(3 * 1024));
    await until(() => clock.timerCount > 0);
    for (let seconds = 0; seconds < 3; seconds++) {
      expect(text()).toHaveLength(seconds * 1024);
      const more = once(host, "data");
      await clock.pass(1000);
      await more;
    }
    expect(text()).toHaveLength(3 * 1024);
  });

  it.each<Conduct>([
    { kind: "hold", direction: "both" },
    { kind: "swallow", direction: "both" },
    { kind: "slow", delayMs: 60_000, bytesPerSecond: 1 },
  ])("stops at once whatever it was told: $kind", async (conduct) => {
    const { client } = await pair();
    proxy.conduct(conduct);
    client.write("on its way");
    const end = gone(client);
    await proxy.stop();
    await end;
    proxy = await FaultProxy.start("127.0.0.1:1", clock);
  });
});

/** Resolves once something is so; looks after every turn of the event loop. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await settled();
}
