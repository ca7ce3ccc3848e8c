import { afterEach, describe, expect, it, vi } from "vitest";
import type { LiveRequest } from "../../../relay/access-request.ts";
import { RequestState } from "../../../relay/gen/teleport_pb.ts";
import type { Identity } from "../../../relay/identity.ts";
import { TeleportError } from "../../../relay/teleport/error.ts";
import { DRAIN_WITHIN_MS } from "../../../relay/teleport/renewing-teleport/generation.ts";
import { RenewingTeleport } from "../../../relay/teleport/renewing-teleport.ts";
import { Teleport } from "../../../relay/teleport.ts";
import { systemClock } from "../../../relay/time/clock.ts";
import { INIT_WITHIN_MS, Watch, type WatchSink } from "../../../relay/watch.ts";
import { createLogger } from "../../../shared/log.ts";
import type { FakeTeleportOptions } from "../../fakes/teleport/options.ts";
import { FakeTeleport } from "../../fakes/teleport.ts";
import { VirtualClock } from "../link/virtual-clock.ts";
import { ScriptedTeleport } from "./renewing-teleport/scripted-teleport.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Every promise that can settle without time has done so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const AWAY = new TeleportError({ code: "unavailable", problem: "Teleport is away.", mend: "Wait." });
const SERVER = { version: "18.0.0", cluster: "main", proxyAddress: null };

function replaced() {
  const [first, second] = [new ScriptedTeleport("first"), new ScriptedTeleport("second")];
  const clock = new VirtualClock();
  return { first, second, clock, teleport: new RenewingTeleport(first, clock) };
}

describe("a call", () => {
  it("goes to the newest connection", async () => {
    const { teleport, second } = replaced();
    expect(await teleport.pluginData("r")).toEqual({ from: "first" });
    teleport.replace(second);
    expect(await teleport.pluginData("r")).toEqual({ from: "second" });
  });

  it("ends on the connection on which it began, which is closed after it and no earlier", async () => {
    const { teleport, first, second } = replaced();
    const asked = teleport.ping();
    teleport.replace(second);
    await settle();
    expect(first.isClosed).toBe(false);
    first.pings[0]?.answer(SERVER);
    expect(await asked).toEqual(SERVER);
    expect([first.isClosed, second.isClosed]).toEqual([true, false]);
  });

  it("does not keep a connection for longer than any call may take", async () => {
    const { teleport, first, second, clock } = replaced();
    void teleport.ping();
    teleport.replace(second);
    clock.advance(DRAIN_WITHIN_MS - 1);
    expect(first.isClosed).toBe(false);
    clock.advance(1);
    expect(first.isClosed).toBe(true);
  });

  it("fails as it fails there, and lets its connection go", async () => {
    const { teleport, first, second } = replaced();
    const asked = teleport.ping();
    teleport.replace(second);
    first.pings[0]?.fail(AWAY);
    await expect(asked).rejects.toBe(AWAY);
    expect(first.isClosed).toBe(true);
  });
});

describe("closing", () => {
  it("closes every connection, those that drain included, and each that comes later", () => {
    const { teleport, first, second, clock } = replaced();
    void teleport.ping();
    teleport.replace(second);
    teleport.close();
    const late = new ScriptedTeleport("late");
    teleport.replace(late);
    expect([first.isClosed, second.isClosed, late.isClosed]).toEqual([true, true, true]);
    expect(clock.timerCount).toBe(0);
  });
});

function watched() {
  const world = replaced();
  const told: string[] = [];
  const handlers = {
    init: () => told.push("init"),
    put: ({ request }: LiveRequest) => told.push(`put ${request.id}`),
    deleted: (id: string) => told.push(`deleted ${id}`),
    rules: {
      init: () => told.push("rules init"),
      put: () => told.push("rule put"),
      deleted: (name: string) => told.push(`rule deleted ${name}`),
    },
  };
  const stopping = new AbortController();
  const watching = world.teleport.watch(handlers, stopping.signal);
  return { ...world, told, stopping, watching };
}

describe("a watch", () => {
  it("moves only once the next one is confirmed, and says that it has", async () => {
    const { teleport, first, second, told } = watched();
    first.latest.handlers.init();
    teleport.replace(second);
    await settle();
    first.latest.handlers.deleted("a");
    second.latest.handlers.init();
    expect(first.latest.signal.aborted).toBe(true);
    first.latest.handlers.deleted("stale");
    first.latest.handlers.rules?.deleted("stale");
    second.latest.handlers.deleted("b");
    second.latest.handlers.rules?.deleted("c");
    expect(told).toEqual(["init", "deleted a", "init", "deleted b", "rule deleted c"]);
    await settle();
    expect(first.isClosed).toBe(true);
  });

  it("moves again when it was replaced twice meanwhile, and ends as the last one ends", async () => {
    const { teleport, first, second, watching } = watched();
    const third = new ScriptedTeleport("third");
    teleport.replace(second);
    await settle();
    teleport.replace(third);
    second.latest.handlers.init();
    await settle();
    third.latest.handlers.init();
    await settle();
    expect([first.isClosed, second.isClosed, third.isClosed]).toEqual([true, true, false]);
    third.latest.fail(AWAY);
    await expect(watching).rejects.toBe(AWAY);
  });

  it("does not end with the one before while the next one is being opened", async () => {
    const { teleport, first, second, told, watching, stopping } = watched();
    teleport.replace(second);
    await settle();
    first.latest.fail(AWAY);
    await settle();
    second.latest.handlers.init();
    expect(told).toEqual(["init"]);
    stopping.abort();
    await watching;
  });

  it.each<[string, (second: ScriptedTeleport) => void]>([
    ["fails", (second) => second.latest.fail(AWAY)],
    ["ends", (second) => second.latest.answer()],
  ])("ends when the next one %s before it stands, so that it is opened anew", async (_, end) => {
    const { teleport, first, second, watching } = watched();
    teleport.replace(second);
    await settle();
    end(second);
    await watching.catch((error: unknown) => expect(error).toBe(AWAY));
    expect(first.latest.signal.aborted).toBe(true);
  });

  it("ends when the next one is not confirmed in time", async () => {
    const { teleport, second, clock, watching } = watched();
    teleport.replace(second);
    await settle();
    clock.advance(INIT_WITHIN_MS);
    await expect(watching).rejects.toMatchObject({ code: "timeout" });
    expect(second.latest.signal.aborted).toBe(true);
  });

  it("stops when asked to, wherever it is", async () => {
    const quiet = watched();
    quiet.stopping.abort();
    await quiet.watching;
    const moving = watched();
    moving.teleport.replace(moving.second);
    await settle();
    moving.stopping.abort();
    await moving.watching;
    await settle();
    expect(moving.first.isClosed).toBe(true);
  });
});

/** What is pending as far as a watch has told, and a way to wait for it. */
class PendingSink implements WatchSink {
  readonly pending = new Set<string>();
  lists = 0;
  readonly #waiting = new Set<() => void>();

  connected(): void {}
  lost(): void {}

  listed(requests: readonly LiveRequest[]): void {
    this.lists++;
    this.pending.clear();
    for (const { request } of requests) this.pending.add(request.id);
    this.#look();
  }

  put({ request }: LiveRequest): void {
    if (request.state === "PENDING") this.pending.add(request.id);
    else this.pending.delete(request.id);
    this.#look();
  }

  deleted(requestId: string): void {
    this.pending.delete(requestId);
    this.#look();
  }

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

describe("against a Teleport server", () => {
  const idOf = (request: { metadata?: { name: string } | undefined }): string => request.metadata?.name ?? "";
  const WORDS = { delegator: "pagerduty:bob@example.com", reason: "fine [pd:01ABC]" };

  async function start(options: FakeTeleportOptions = {}) {
    const fake = await FakeTeleport.start({ watchQueueEvents: 10_000, ...options });
    const connect = async (): Promise<Teleport> => {
      const { key, certificate, cas } = await fake.issueIdentity();
      const times = { notBeforeMs: 0, expiresMs: Number.MAX_SAFE_INTEGER };
      const names = { user: "plugin", roles: [], cluster: null };
      const identity: Identity = { key, certificate, authorities: [cas], ...names, ...times };
      return new Teleport({ way: { kind: "direct", address: fake.address }, identity, now: Date.now });
    };
    const teleport = new RenewingTeleport(await connect(), systemClock);
    const sink = new PendingSink();
    const lines: string[] = [];
    const log = createLogger({ severity: "warn", format: "text", now: Date.now, write: (line) => lines.push(line) });
    const watch = new Watch({ teleport, sink, clock: systemClock, random: () => 0.1, log });
    const stopping = new AbortController();
    const running = watch.run(stopping.signal);
    cleanups.push(async () => {
      stopping.abort();
      await running;
      teleport.close();
      await fake.close();
    });
    await sink.until(() => sink.lists === 1);
    return { fake, connect, teleport, sink, lines };
  }

  it.each(["4.2.8", "7.0", "18"] as const)(
    "loses nothing and does nothing twice while certificates are renewed under load, on %s",
    async (version) => {
      const { fake, connect, teleport, sink, lines } = await start({ version });
      const left: string[] = [];
      const decided: string[] = [];
      const decisions: Promise<unknown>[] = [];
      for (let round = 0; round < 6; round++) {
        const next = await connect();
        for (let count = 0; count < 50; count++) {
          left.push(idOf(fake.createRequest()));
          const id = idOf(fake.createRequest());
          decided.push(id);
          decisions.push(teleport.setState(id, "APPROVED", WORDS));
          if (count === 25) teleport.replace(next);
          if (count % 10 === 0) await settle();
        }
      }
      expect(new Set(await Promise.all(decisions))).toEqual(new Set(["set"]));
      const sent = fake.calls.flatMap(({ rpc, request }) =>
        rpc === "setAccessRequestState" && "id" in request ? [request.id] : [],
      );
      expect(sent.toSorted()).toEqual(decided.toSorted());
      expect(decided.every((id) => fake.request(id)?.spec?.state === RequestState.APPROVED)).toBe(true);
      await sink.until(() => sink.pending.size === left.length && left.every((id) => sink.pending.has(id)));
      expect(lines).toEqual([]);
      await vi.waitFor(() => expect(fake.open).toEqual({ connections: 1, watches: 1 }));
    },
  );

  it("lets a call that hangs end on its own connection, while others go on", async () => {
    const { fake, connect, teleport } = await start();
    const id = idOf(fake.createRequest());
    fake.hang("setAccessRequestState");
    const hanging = teleport.setState(id, "APPROVED", WORDS);
    await fake.waitForCall("setAccessRequestState");
    teleport.replace(await connect());
    expect(await teleport.read(id)).toMatchObject({ request: { state: "PENDING" } });
    fake.release("setAccessRequestState");
    expect(await hanging).toBe("set");
  });

  it("moves the watch though the server goes away at that moment", async () => {
    const { fake, connect, teleport, sink } = await start();
    const next = await connect();
    await fake.stop();
    teleport.replace(next);
    const id = idOf(fake.createRequest());
    await fake.restart();
    await sink.until(() => sink.pending.has(id));
  });
});
