import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import type { LiveRequest } from "../../relay/access-request.ts";
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import { TeleportError } from "../../relay/teleport/error.ts";
import type { WatchHandlers } from "../../relay/teleport/port.ts";
import { Teleport } from "../../relay/teleport.ts";
import type { Clock } from "../../relay/time/clock.ts";
import { systemClock } from "../../relay/time/clock.ts";
import { INIT_WITHIN_MS, LIST_EVERY_MS, SLOW_RETRY_MS, Watch, type WatchSink } from "../../relay/watch.ts";
import { createLogger } from "../../shared/log.ts";
import type { FakeTeleportOptions } from "../fakes/teleport/options.ts";
import { FakeTeleport } from "../fakes/teleport.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Time that passes only when a test says so. */
class ManualClock implements Clock {
  #nowMs = 0;
  readonly #due = new Set<{ readonly atMs: number; readonly run: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#due.add(timer);
    return () => this.#due.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const cancel = this.after(ms, resolve);
      const abort = (): void => {
        cancel();
        resolve();
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Lets what is due in this time run, and what that sets off. */
  async pass(ms: number): Promise<void> {
    await settle();
    this.#nowMs += ms;
    for (const timer of [...this.#due]) {
      if (timer.atMs > this.#nowMs) continue;
      this.#due.delete(timer);
      timer.run();
    }
    await settle();
  }

  get pendingTimers(): number {
    return this.#due.size;
  }
}

/** Every promise that can settle without time has done so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Tells what a sink was told, in words, and lets tests wait for it. */
class RecordingSink implements WatchSink {
  readonly told: string[] = [];
  readonly #waiting = new Set<() => void>();

  connected(): void {
    this.#tell("connected");
  }
  listed(requests: readonly LiveRequest[]): void {
    this.#tell(`listed ${requests.map(({ request }) => request.id).join(",")}`);
  }
  put({ request }: LiveRequest): void {
    this.#tell(`${request.state} ${request.id}`);
  }
  deleted(requestId: string): void {
    this.#tell(`deleted ${requestId}`);
  }
  lost(problem: string): void {
    this.#tell(`lost ${problem}`);
  }

  /** Resolves once `holds`, which looks at `told`. */
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

  count(what: string): number {
    return this.told.filter((line) => line === what).length;
  }

  #tell(what: string): void {
    this.told.push(what);
    for (const look of [...this.#waiting]) look();
  }
}

function live(id: string, state: LiveRequest["request"]["state"] = "PENDING"): LiveRequest {
  const request: LiveRequest["request"] = {
    id,
    user: "alice",
    roles: ["admin"],
    state,
    resources: [],
    reason: "",
    resolveReason: "",
    suggestedReviewers: [],
    annotations: {},
    reviews: [],
    createdMs: null,
    requestExpiresMs: null,
    accessExpiresMs: null,
    maxDurationMs: null,
    sessionTtlMs: null,
    requestKind: "UNDEFINED",
  };
  return { request, thresholds: [], assumeStartMs: null, metadataExpiresMs: null };
}

const UNAVAILABLE = new TeleportError({ code: "unavailable", problem: "Teleport is away.", mend: "Wait." });
const DENIED = new TeleportError({ code: "permission_denied", problem: "You may not.", mend: "Give the right." });

interface Answer<Value> {
  resolve(value: Value): void;
  reject(error: unknown): void;
}

/** A Teleport that answers when the test says so. */
class ScriptedTeleport {
  readonly watches: (WatchHandlers & Answer<void>)[] = [];
  readonly lists: Answer<LiveRequest[]>[] = [];

  watch(handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
      this.watches.push({
        init: () => handlers.init(),
        put: (request) => handlers.put(request),
        deleted: (id) => handlers.deleted(id),
        resolve,
        reject,
      });
    });
  }

  listPending(): Promise<LiveRequest[]> {
    return new Promise((resolve, reject) => this.lists.push({ resolve, reject }));
  }

  get latest(): WatchHandlers & Answer<void> {
    return last(this.watches);
  }

  async list(...ids: string[]): Promise<void> {
    last(this.lists).resolve(ids.map((id) => live(id)));
    await settle();
  }
}

function last<Value>(values: readonly Value[]): Value {
  const value = values.at(-1);
  if (value === undefined) throw new Error("nothing has come yet");
  return value;
}

function scripted({ refusalEndsStart = false } = {}) {
  const teleport = new ScriptedTeleport();
  const clock = new ManualClock();
  const sink = new RecordingSink();
  const lines: string[] = [];
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  const random = (): number => 1 - 2 ** -53;
  const stood: (string | null)[] = [];
  const stands = (problem: string | null): void => void stood.push(problem);
  const beats = { count: 0 };
  const beat = (): void => void beats.count++;
  const watch = new Watch({ teleport, sink, clock, random, log, stands, beat, refusalEndsStart });
  const stopping = new AbortController();
  cleanups.push(() => stopping.abort());
  return { teleport, clock, sink, stood, beats, lines, watch, stopping };
}

/** A running watch that has listed nothing and stands. */
async function standing(options: { refusalEndsStart?: boolean } = {}) {
  const world = scripted(options);
  const running = world.watch.run(world.stopping.signal);
  await settle();
  world.teleport.latest.init();
  await settle();
  await world.teleport.list();
  return { ...world, running };
}

describe("a watch", () => {
  it("beats when it is opened and whenever it lists, and not while Teleport owes it a list", async () => {
    const { clock, beats } = await standing();
    expect(beats.count).toBe(2);
    await clock.pass(LIST_EVERY_MS);
    expect(beats.count).toBe(3);
    await clock.pass(LIST_EVERY_MS);
    expect(beats.count).toBe(3);
  });

  it("lists only once Teleport has confirmed it, and is connected only once it knows everything pending", async () => {
    const { teleport, sink, watch, stopping, lines } = scripted();
    void watch.run(stopping.signal);
    await settle();
    expect(teleport.lists).toHaveLength(0);
    teleport.latest.init();
    await settle();
    expect(sink.told).toEqual([]);
    await teleport.list("a", "b");
    expect(sink.told).toEqual(["connected", "listed a,b"]);
    expect(lines.join()).toContain("Watcher connected");
  });

  it("tells what changes while the first list is read after it, the last change of each request only", async () => {
    const { teleport, sink, watch, stopping } = scripted();
    void watch.run(stopping.signal);
    await settle();
    teleport.latest.init();
    await settle();
    for (let count = 0; count < 1_000; count++) teleport.latest.put(live("a"));
    teleport.latest.put(live("b"));
    teleport.latest.put(live("a", "APPROVED"));
    teleport.latest.deleted("b");
    await teleport.list("a", "b");
    expect(sink.told).toEqual(["connected", "listed a,b", "APPROVED a", "deleted b"]);
  });

  it("tells every change at once while it stands", async () => {
    const { teleport, sink } = await standing();
    teleport.latest.put(live("a"));
    teleport.latest.put(live("a"));
    teleport.latest.deleted("a");
    expect(sink.told.slice(2)).toEqual(["PENDING a", "PENDING a", "deleted a"]);
  });

  it("lists again every minute, and an empty list is told as it is", async () => {
    const { teleport, clock, sink } = await standing();
    await clock.pass(LIST_EVERY_MS - 1);
    expect(teleport.lists).toHaveLength(1);
    await clock.pass(1);
    expect(teleport.lists).toHaveLength(2);
    await teleport.list();
    await clock.pass(LIST_EVERY_MS);
    await teleport.list("a");
    expect(sink.told).toEqual(["connected", "listed ", "listed ", "listed a"]);
  });

  it("tells a change during a later list at once, and again after the list, which may be older", async () => {
    const { teleport, clock, sink } = await standing();
    await clock.pass(LIST_EVERY_MS);
    teleport.latest.put(live("a", "DENIED"));
    await teleport.list("a");
    expect(sink.told.slice(2)).toEqual(["DENIED a", "listed a", "DENIED a"]);
  });

  it("lists again at once when it has moved to another connection, and is not lost for it", async () => {
    const { teleport, sink } = await standing();
    teleport.latest.init();
    await settle();
    teleport.latest.put(live("b"));
    await teleport.list("a", "b");
    expect(sink.told.slice(1)).toEqual(["listed ", "PENDING b", "listed a,b", "PENDING b"]);
  });

  it("lists once more when it has moved while a list was being read", async () => {
    const { teleport, clock, sink } = await standing();
    await clock.pass(LIST_EVERY_MS);
    teleport.latest.init();
    await teleport.list("old");
    await teleport.list("new");
    expect(sink.told.slice(1)).toEqual(["listed ", "listed old", "listed new"]);
    expect(teleport.lists).toHaveLength(3);
  });

  it("ends when it is not confirmed in time", async () => {
    const { teleport, clock, sink, watch, stopping } = scripted();
    void watch.run(stopping.signal);
    await clock.pass(INIT_WITHIN_MS - 1);
    expect(sink.told).toEqual([]);
    await clock.pass(1);
    expect(sink.told).toEqual(["lost Teleport did not confirm the watch within 15 s."]);
    expect(teleport.lists).toHaveLength(0);
  });

  it("has no say once it has ended", async () => {
    const { teleport, clock, sink, watch, stopping } = scripted();
    void watch.run(stopping.signal);
    await clock.pass(INIT_WITHIN_MS);
    teleport.latest.init();
    teleport.latest.put(live("a"));
    await settle();
    expect(teleport.lists).toHaveLength(0);
    expect(sink.told).toHaveLength(1);
  });

  it("does not show a list that arrives after its end", async () => {
    const { teleport, sink, watch, stopping } = scripted();
    void watch.run(stopping.signal);
    await settle();
    teleport.latest.init();
    await settle();
    teleport.latest.reject(UNAVAILABLE);
    await settle();
    await teleport.list("a");
    expect(sink.told).toEqual(["lost Teleport is away. Wait."]);
  });

  it("ends when a list cannot be had", async () => {
    const { teleport, clock, sink } = await standing();
    await clock.pass(LIST_EVERY_MS);
    last(teleport.lists).reject(UNAVAILABLE);
    await settle();
    expect(last(sink.told)).toBe("lost Teleport is away. Wait.");
  });

  it("comes through with what a sink throws", async () => {
    const { teleport, sink, watch } = scripted();
    sink.listed = () => {
      throw new RangeError("mine");
    };
    const watching = watch.once(new AbortController().signal);
    await settle();
    teleport.latest.init();
    await settle();
    last(teleport.lists).resolve([]);
    await expect(watching).rejects.toThrow(RangeError);
  });
});

describe("running", () => {
  it("opens the watch again, later each time, and soon again after it has stood for 10 s", async () => {
    const { teleport, clock, watch, stopping } = scripted();
    void watch.run(stopping.signal);
    await settle();
    for (const waitMs of [199, 399, 799]) {
      const { length } = teleport.watches;
      teleport.latest.reject(UNAVAILABLE);
      await clock.pass(waitMs - 1);
      expect(teleport.watches).toHaveLength(length);
      await clock.pass(1);
      expect(teleport.watches).toHaveLength(length + 1);
    }
    teleport.latest.init();
    await settle();
    await teleport.list();
    await clock.pass(10_000);
    teleport.latest.resolve();
    await clock.pass(199);
    expect(teleport.watches).toHaveLength(5);
  });

  it("retries what only a person can mend every minute, and says what to mend", async () => {
    const { teleport, clock, sink, lines } = await standing({ refusalEndsStart: true });
    teleport.latest.reject(DENIED);
    await clock.pass(SLOW_RETRY_MS - 1);
    expect(teleport.watches).toHaveLength(1);
    expect(last(sink.told)).toBe("lost You may not. Give the right.");
    expect(last(lines)).toContain("ERROR Watcher lost: You may not. Give the right.");
    await clock.pass(1);
    expect(teleport.watches).toHaveLength(2);
  });

  it("tries at once what it would try in a minute, when told that it may be mended", async () => {
    const { teleport, watch } = await standing();
    watch.retryNow();
    teleport.latest.reject(DENIED);
    await settle();
    expect(teleport.watches).toHaveLength(1);
    watch.retryNow();
    await settle();
    expect(teleport.watches).toHaveLength(2);
  });

  it("tells whether it stands, and why it does not", async () => {
    const { teleport, stood, clock } = await standing();
    teleport.latest.reject(UNAVAILABLE);
    await clock.pass(200);
    teleport.latest.init();
    await settle();
    await teleport.list();
    expect(stood).toEqual([null, UNAVAILABLE.message, null]);
  });

  it("ends with a refusal at its start, if asked to", async () => {
    const { teleport, watch, stopping } = scripted({ refusalEndsStart: true });
    const running = watch.run(stopping.signal);
    await settle();
    teleport.latest.reject(DENIED);
    await expect(running).rejects.toBe(DENIED);
  });

  it("retries a refusal at its start, if not asked to end", async () => {
    const { teleport, clock, watch, stopping } = scripted();
    void watch.run(stopping.signal);
    await settle();
    teleport.latest.reject(DENIED);
    await clock.pass(SLOW_RETRY_MS);
    expect(teleport.watches).toHaveLength(2);
  });

  it("stops without a word when asked to, wherever it is, and leaves no timer", async () => {
    const waiting = scripted();
    const beforeInit = waiting.watch.run(waiting.stopping.signal);
    await settle();
    waiting.stopping.abort();
    await beforeInit;
    const { clock, sink, running, stopping } = await standing();
    stopping.abort();
    await running;
    expect(sink.told).toEqual(["connected", "listed "]);
    expect([waiting.clock.pendingTimers, clock.pendingTimers]).toEqual([0, 0]);
    const asleep = await standing();
    asleep.teleport.latest.resolve();
    await settle();
    asleep.stopping.abort();
    await asleep.running;
    await asleep.watch.run(asleep.stopping.signal);
    expect(asleep.teleport.watches).toHaveLength(1);
  });
});

describe("against a Teleport server", () => {
  async function start(options: FakeTeleportOptions = {}) {
    const fake = await FakeTeleport.start(options);
    const { key, certificate, cas } = await fake.issueIdentity();
    const times = { notBeforeMs: 0, expiresMs: Number.MAX_SAFE_INTEGER };
    const identity = { key, certificate, authorities: [cas], user: "plugin", roles: [], cluster: null, ...times };
    const teleport = new Teleport({ way: { kind: "direct", address: fake.address }, identity, now: Date.now });
    const sink = new RecordingSink();
    const log = createLogger({ severity: "error", format: "text", now: Date.now, write: () => {} });
    // Short waits: a test does not wait longer than it must.
    const watch = new Watch({ teleport, sink, clock: systemClock, random: () => 0.1, log });
    const stopping = new AbortController();
    const running = watch.run(stopping.signal);
    cleanups.push(async () => {
      stopping.abort();
      await running;
      teleport.close();
      await fake.close();
    });
    await sink.until(() => sink.count("connected") === 1);
    return { fake, sink };
  }

  const idOf = (request: { metadata?: { name: string } | undefined }): string => request.metadata?.name ?? "";

  it.each([
    ["OK, as 4.2.8 ends every watch", status.OK, ""],
    ["UNKNOWN", status.UNKNOWN, "watcher closed"],
    ["UNAVAILABLE", status.UNAVAILABLE, "Connection dropped"],
    ["too many pings", status.RESOURCE_EXHAUSTED, "Connection dropped"],
  ])("connects again after %s, and knows what was made meanwhile", async (_, code, message) => {
    const { fake, sink } = await start();
    fake.dropWatches(code, message);
    const id = idOf(fake.createRequest());
    await sink.until(() => sink.count(`listed ${id}`) === 1);
    expect(sink.count("connected")).toBe(2);
  });

  it("connects again after the server was restarted", async () => {
    const { fake, sink } = await start({ version: "18" });
    await fake.stop();
    const id = idOf(fake.createRequest());
    await fake.restart();
    await sink.until(() => sink.count(`listed ${id}`) === 1);
  });

  it.each(["4.2.8", "7.0", "18"] as const)(
    "misses nothing of a burst that overflows the queue of %s",
    async (version) => {
      const { fake, sink } = await start({ version, watchQueueEvents: 8 });
      const ids = Array.from({ length: 500 }, () => idOf(fake.createRequest()));
      const isKnown = (id: string): boolean => sink.told.some((line) => line.includes(id));
      await sink.until(() => sink.count("connected") === 2);
      await sink.until(() => ids.every(isKnown));
    },
  );

  it("tells of every state of a request, and of its end", async () => {
    const { fake, sink } = await start();
    const id = idOf(fake.createRequest());
    fake.repeatPut(id);
    fake.resolve(id, RequestState.DENIED);
    fake.expire(id);
    await sink.until(() => sink.count(`deleted ${id}`) === 1);
    expect(sink.told.slice(2)).toEqual([`PENDING ${id}`, `PENDING ${id}`, `DENIED ${id}`, `deleted ${id}`]);
  });

  it("says that the right to read is lost, and infers nothing of the requests", async () => {
    const { fake, sink } = await start({ version: "7.0" });
    const id = idOf(fake.createRequest());
    await sink.until(() => sink.count(`PENDING ${id}`) === 1);
    fake.users.setRevoked("access-plugin", true);
    fake.dropWatches();
    await sink.until(() => sink.told.some((line) => line.includes('"read" on "access_request"')));
    expect(sink.told.some((line) => line.startsWith("deleted"))).toBe(false);
  });
});
