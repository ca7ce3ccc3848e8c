import { describe, expect, it } from "vitest";
import type { LiveRequest } from "../../relay/access-request.ts";
import { claimText } from "../../relay/decider/claim.ts";
import { Inventory, type InventoryOptions } from "../../relay/inventory.ts";
import { Lanes } from "../../relay/lanes.ts";
import type { OpenAtEdge } from "../../relay/link/handlers.ts";
import { digestOf } from "../../shared/access-request.ts";
import { createLogger } from "../../shared/log.ts";
import type { RelayFrame, Unnumbered } from "../../shared/protocol.ts";
import { relayFrameSchema } from "../../shared/protocol.ts";
import { ManualClock, settled } from "../fakes/clock.ts";
import { MemoryTeleport } from "../fakes/memory-teleport.ts";
import { boundData, CLUSTER, liveOf, NOW_MS, requestOf } from "./clicks.ts";
import { UNAVAILABLE } from "./deciding.ts";

const HOUR_MS = 3_600_000;

const AT_ONCE: InventoryOptions["frames"] = {
  listed: () => undefined,
  now: (request) => ({ type: "request", request, recipients: [] }),
  later: async (request) => ({ type: "request", request, recipients: [] }),
};

function taking(requestFrames = AT_ONCE) {
  const clock = new ManualClock(NOW_MS);
  const teleport = new MemoryTeleport();
  const frames: Unnumbered<RelayFrame>[] = [];
  const ended: string[] = [];
  const lines: string[] = [];
  const log = createLogger({ severity: "debug", format: "text", now: () => 0, write: (line) => lines.push(line) });
  let isLinked = false;
  const inventory = new Inventory({
    cluster: CLUSTER,
    teleport,
    lanes: new Lanes((error) => lines.push(`LANE ${error}`)),
    frames: requestFrames,
    send: (frame) => {
      if (!isLinked) return false;
      // What an edge would close the link over must never be sent.
      relayFrameSchema.parse({ ...frame, seq: 1 });
      frames.push(frame);
      return true;
    },
    ended: (requestId) => ended.push(requestId),
    clock,
    log,
  });
  const world = {
    clock,
    teleport,
    inventory,
    frames,
    ended,
    lines,
    async list(): Promise<void> {
      inventory.listed(await teleport.listPending().catch(() => []));
      await settled();
    },
    async link(...open: readonly (readonly [string, OpenAtEdge])[]): Promise<void> {
      isLinked = true;
      inventory.welcomed({ session: "s", epoch: 1, role: "active", open: new Map(open) });
      await settled();
    },
    unlink(): void {
      isLinked = false;
      inventory.unlinked();
    },
    /** What was sent since the last look, in words. */
    told(): string[] {
      return frames.splice(0).map(inWords);
    },
  };
  return world;
}

function inWords(frame: Unnumbered<RelayFrame>): string {
  if (frame.type === "request") return `request ${frame.request.id}`;
  if (frame.type === "ended") return `ended ${frame.requestId} ${frame.end}`;
  return frame.type;
}

function live(id: string, change: Partial<LiveRequest["request"]> = {}): LiveRequest {
  return liveOf({ id, ...change });
}

function asHad(id: string, reviews = 0, change: Partial<LiveRequest["request"]> = {}): readonly [string, OpenAtEdge] {
  return [id, { digest: digestOf(CLUSTER, requestOf({ id, ...change })), reviews }];
}

const REVIEW = { author: "carol", proposedState: "APPROVED", reason: "fine", createdMs: NOW_MS } as const;

describe("the exchange of differences", () => {
  it("tells the end of what another relay has told, once the edge asks about it", async () => {
    const world = taking();
    await world.list();
    await world.link();
    expect(world.told()).toEqual(["synced"]);
    world.teleport.put(live("late", { state: "DENIED" }));
    world.inventory.asked({ requestId: "late", digest: "d" });
    await world.list();
    expect(world.told()).toEqual(["ended late denied"]);
  });

  it("tells anew of what the edge holds as it no longer is", async () => {
    const world = taking();
    world.teleport.put(live("changed", { reason: "new" }));
    await world.list();
    await world.link(asHad("changed", 0, { reason: "new" }));
    world.told();
    world.inventory.outdated("changed", "the digest of what it was");
    await settled();
    expect(world.told()).toEqual(["request changed"]);
  });

  it("does not take back a change that another relay has told, where its own watch was down", async () => {
    const world = taking();
    world.teleport.put(live("changed", { reason: "old" }));
    await world.list();
    world.teleport.put(live("changed", { reason: "new" }));
    await world.link(asHad("changed", 0, { reason: "new" }));
    expect(world.told()).toEqual(["synced"]);
  });

  it.each(["welcome first", "list first"])(
    "sends what the edge has not, and nothing that it has: %s",
    async (order) => {
      const world = taking();
      for (const id of ["had", "new", "changed", "reviewed"]) world.teleport.put(live(id));
      world.teleport.put(live("reviewed", { reviews: [REVIEW] }));
      const open = [asHad("had"), asHad("changed", 0, { reason: "old" }), asHad("reviewed")] as const;
      if (order === "list first") {
        await world.list();
        expect(world.told()).toEqual([]);
        await world.link(...open);
      } else {
        await world.link(...open);
        expect(world.told()).toEqual([]);
        await world.list();
      }
      expect(world.told()).toEqual(["request new", "request reviewed", "request changed", "synced"]);
      await world.list();
      expect(world.told()).toEqual([]);
    },
  );

  it("reads one by one what the edge has open and nobody lists, and says synced after", async () => {
    const world = taking();
    world.teleport.put(live("pending"));
    world.teleport.put(live("approved", { state: "APPROVED", resolveReason: "fine" }));
    world.teleport.put(live("denied", { state: "DENIED" }));
    world.teleport.put(live("promoted", { state: "PROMOTED" }));
    await world.list();
    await world.link(...["pending", "approved", "denied", "promoted", "dropped"].map((id) => asHad(id)));
    const told = world.told();
    expect(told.at(-1)).toBe("synced");
    expect(told.slice(0, -1).toSorted()).toEqual([
      "ended approved approved",
      "ended denied denied",
      "ended dropped deleted",
      "ended promoted promoted",
    ]);
  });

  it("tells of one that is pending after all", async () => {
    const world = taking();
    await world.list();
    world.teleport.put(live("late", { reviews: [REVIEW] }));
    await world.link(asHad("late"));
    expect(world.told()).toEqual(["request late", "synced"]);
  });

  it("says synced once a session, also when a read fails, and tries that one again at the next list", async () => {
    const world = taking();
    world.teleport.put(live("a", { state: "APPROVED" }));
    world.teleport.before = (call) => {
      if (call === "read") throw UNAVAILABLE;
    };
    await world.list();
    await world.link(asHad("a"));
    expect(world.told()).toEqual(["synced"]);
    world.teleport.before = () => {};
    await world.list();
    expect(world.told()).toEqual(["ended a approved"]);
    await world.list();
    expect(world.told()).toEqual([]);
  });

  it("of a session that is lost is not finished in the next one's name", async () => {
    const world = taking();
    world.teleport.put(live("a", { state: "DENIED" }));
    await world.list();
    const releases: (() => void)[] = [];
    world.teleport.before = (call) =>
      call === "read" ? new Promise<void>((resolve) => releases.push(resolve)) : undefined;
    await world.link(asHad("a"), asHad("b"));
    world.unlink();
    await world.link(asHad("a"), asHad("b"));
    releases.shift()?.();
    releases.shift()?.();
    await settled();
    expect(world.told().filter((frame) => frame === "synced")).toEqual([]);
    world.teleport.before = () => {};
    for (const release of releases.splice(0)) release();
    await settled();
    expect(world.told().filter((frame) => frame === "synced")).toEqual(["synced"]);
  });

  it("begins anew with every link, from what the edge then says that it has", async () => {
    const world = taking();
    world.teleport.put(live("a"));
    await world.list();
    await world.link();
    expect(world.told()).toEqual(["request a", "synced"]);
    world.unlink();
    world.teleport.put(live("b"));
    world.inventory.put(live("b"));
    await world.link(asHad("a"));
    expect(world.told()).toEqual(["request b", "synced"]);
  });

  it("makes up for what could not be sent", async () => {
    const world = taking();
    world.teleport.put(live("a"));
    await world.list();
    world.inventory.put(live("a"));
    expect(world.told()).toEqual([]);
    await world.link();
    expect(world.told()).toEqual(["request a", "synced"]);
  });
});

describe("an absence", () => {
  it("closes nothing when the whole list is empty, however many are pending", async () => {
    const world = taking();
    for (const id of ["a", "b", "c"]) world.teleport.put(live(id));
    await world.list();
    await world.link(asHad("a"), asHad("b"), asHad("c"));
    world.told();
    world.teleport.put(live("d"));
    world.teleport.showsRequests = false;
    for (let time = 0; time < 3; time++) await world.list();
    world.unlink();
    await world.link(asHad("a"), asHad("b"), asHad("c"), asHad("d"));
    expect(world.told()).toEqual(["synced"]);
    expect(world.inventory.pendingCount).toBe(3);
  });

  it("closes nothing when the right is lost after a list that showed others", async () => {
    const world = taking();
    for (const id of ["a", "b"]) world.teleport.put(live(id));
    await world.list();
    world.teleport.put(live("c"));
    world.teleport.showsRequests = false;
    await world.link(asHad("a"), asHad("b"), asHad("c"));
    expect(world.told()).toEqual(["synced"]);
  });

  it("is an end when Teleport says of nothing else either that there is such a request", async () => {
    const world = taking();
    world.teleport.data.set("b", { ...boundData() });
    await world.list();
    await world.link(asHad("a"), asHad("b"));
    expect(world.told().sort()).toEqual(["ended a deleted", "ended b deleted", "synced"]);
  });

  it("that a right is missing for is said once a list, with the mend, and closes nothing", async () => {
    const world = taking();
    for (const id of ["a", "b"]) world.teleport.data.set(id, { ...boundData() });
    Object.assign(world.teleport, { showsRequests: false, takesData: false });
    await world.link(asHad("a"), asHad("b"));
    for (let time = 0; time < 2; time++) await world.list();
    expect(world.told()).toEqual(["synced"]);
    const said = world.lines.filter((line) => line.includes("a right is missing"));
    expect(said).toHaveLength(2);
    expect(said[0]).toContain("Grant it.");
  });

  it("is looked into when a list shows it: the request was removed", async () => {
    const world = taking();
    for (const id of ["a", "b"]) world.teleport.put(live(id));
    await world.list();
    await world.link(asHad("a"), asHad("b"));
    world.told();
    world.teleport.requests.delete("a");
    await world.list();
    expect(world.told()).toEqual(["ended a deleted"]);
  });

  it("from the list alone changes nothing: what can be read is pending", async () => {
    const world = taking();
    for (const id of ["a", "b"]) world.teleport.put(live(id));
    await world.list();
    await world.link(asHad("a"), asHad("b"));
    world.told();
    world.inventory.listed([live("b")]);
    await settled();
    expect(world.told()).toEqual([]);
    expect(world.inventory.pendingCount).toBe(2);
  });

  it("is an end once the request's time is past, whatever can be seen", async () => {
    const world = taking();
    world.teleport.put(live("a"));
    await world.list();
    await world.link(asHad("a"));
    world.told();
    world.teleport.showsRequests = false;
    await world.clock.pass(HOUR_MS);
    world.inventory.checkExpiry();
    await settled();
    expect(world.told()).toEqual(["ended a expired"]);
  });
});

async function pending(change: Partial<LiveRequest["request"]> = {}) {
  const world = taking();
  world.teleport.put(live("a", change));
  await world.list();
  await world.link(asHad("a", 0, change));
  world.told();
  return world;
}

describe("an end", () => {
  it("is what Teleport's DELETE says", async () => {
    const world = await pending();
    world.teleport.drop("a");
    world.inventory.deleted("a");
    await settled();
    expect(world.told()).toEqual(["ended a deleted"]);
    expect(world.ended).toEqual(["a"]);
    world.inventory.deleted("a");
    await settled();
    expect(world.told()).toEqual([]);
  });

  it("is an expiry when the DELETE comes at its time", async () => {
    const world = await pending();
    await world.clock.pass(HOUR_MS);
    world.inventory.deleted("a");
    await settled();
    expect(world.told()).toEqual(["ended a expired"]);
  });

  it("is an expiry when its time has come and Teleport still lists it, once", async () => {
    const world = await pending();
    await world.clock.pass(HOUR_MS - 1);
    world.inventory.checkExpiry();
    await settled();
    expect(world.told()).toEqual([]);
    await world.clock.pass(1);
    world.inventory.checkExpiry();
    await settled();
    expect(world.told()).toEqual(["ended a expired"]);
    for (let time = 0; time < 3; time++) {
      await world.list();
      world.inventory.put(live("a"));
      world.inventory.checkExpiry();
      await settled();
    }
    expect(world.told()).toEqual([]);
    expect(world.inventory.pendingCount).toBe(0);
  });

  it("is no expiry for a request that has no end, or was decided in time", async () => {
    const world = await pending({ requestExpiresMs: null });
    await world.clock.pass(HOUR_MS * 24 * 365);
    world.inventory.checkExpiry();
    await settled();
    expect(world.told()).toEqual([]);
    const decided = await pending();
    decided.teleport.resolve("a", "APPROVED");
    await decided.clock.pass(HOUR_MS);
    decided.inventory.checkExpiry();
    await settled();
    expect(decided.told()).toEqual(["ended a approved"]);
  });

  it("does not pile up looks while Teleport is away", async () => {
    const world = await pending();
    await world.clock.pass(HOUR_MS);
    let release = (): void => {};
    world.teleport.before = () => new Promise((_, reject) => (release = () => reject(UNAVAILABLE)));
    for (let time = 0; time < 100; time++) world.inventory.checkExpiry();
    await settled();
    for (let time = 0; time < 100; time++) world.inventory.checkExpiry();
    release();
    await settled();
    release();
    await settled();
    expect(world.teleport.count("read")).toBeLessThanOrEqual(2);
  });

  it("is told when the link is back", async () => {
    const world = await pending();
    world.unlink();
    world.teleport.drop("a");
    world.inventory.deleted("a");
    await settled();
    await world.link(asHad("a"));
    expect(world.told()).toEqual(["ended a deleted", "synced"]);
  });

  it("by our own decision is not told again, and leaves the predecessor's words", async () => {
    const world = await pending();
    const data = { ...boundData(requestOf({ id: "a" })) };
    world.teleport.data.set("a", data);
    world.teleport.resolve("a", "APPROVED", { resolveReason: "go [pd:EVENT1]" });
    world.inventory.settled(requestOf({ id: "a", state: "APPROVED", resolveReason: "go [pd:EVENT1]" }), data);
    world.inventory.put(live("a", { state: "APPROVED" }));
    world.inventory.put(live("a"));
    await world.list();
    expect(world.told()).toEqual([]);
    expect(world.ended).toEqual([]);
    expect(world.teleport.data.get("a")).toMatchObject({ resolution: "approved", resolve_reason: "go [pd:EVENT1]" });
  });

  it("by our own decision, whose outcome was lost, is read when the link is back", async () => {
    const world = await pending();
    const decision = claimText({ verdict: "deny", attempt: "x", clickId: "EVENT1" });
    world.teleport.data.set("a", { ...boundData(requestOf({ id: "a" })), decision });
    world.teleport.resolve("a", "DENIED");
    world.unlink();
    world.inventory.settled(requestOf({ id: "a", state: "DENIED" }), {});
    await world.link(asHad("a"));
    expect(world.frames).toMatchObject([{ type: "ended", end: "denied", clickId: "EVENT1" }, { type: "synced" }]);
  });
});

describe("a request that was resolved elsewhere", () => {
  const approve = claimText({ verdict: "approve", attempt: "x", clickId: "EVENT1" });
  it.each([
    ["by our claim", "APPROVED", { decision: approve }, "EVENT1"],
    ["against our claim", "DENIED", { decision: approve }, null],
    ["by nobody that we know", "APPROVED", {}, null],
    ["over a claim that cannot be read", "DENIED", { decision: "garbage" }, null],
    ["over a claim of an id that no click has", "APPROVED", { decision: `approve x ${"i".repeat(129)}` }, null],
    ["by promotion, which no click asks for", "PROMOTED", { decision: "deny x EVENT1" }, null],
  ] as const)("names the click if it was one: %s", async (_, state, data, clickId) => {
    const world = await pending();
    world.teleport.data.set("a", { ...boundData(requestOf({ id: "a" })), ...data });
    world.inventory.put(live("a", { state }));
    await settled();
    expect(world.frames).toMatchObject([{ type: "ended", end: state.toLowerCase(), clickId }]);
  });

  it("tells who and why, from the reviews where nothing else does", async () => {
    const world = await pending();
    const reviews = [
      { ...REVIEW, author: "dave", proposedState: "DENIED" as const, reason: "no" },
      REVIEW,
      { ...REVIEW, author: "erin", reason: "yes" },
    ];
    world.inventory.put(live("a", { state: "APPROVED", reviews }));
    await settled();
    expect(world.frames).toMatchObject([{ type: "request" }, { who: "carol, erin", why: "yes" }]);
    const resolved = await pending();
    resolved.inventory.put(live("a", { state: "APPROVED", resolveReason: "ok then", reviews }));
    await settled();
    expect(resolved.frames.at(-1)).toMatchObject({ who: "carol, erin", why: "ok then" });
  });

  it.each(["at once", "after a look-up"])("has the review that decided told before its end: %s", async (how) => {
    const world = taking(how === "at once" ? AT_ONCE : { ...AT_ONCE, now: () => undefined });
    world.teleport.put(live("a"));
    await world.list();
    await world.link(asHad("a"));
    world.told();
    world.inventory.put(live("a", { state: "APPROVED", reviews: [REVIEW] }));
    await settled();
    expect(world.frames).toMatchObject([{ request: { reviews: [REVIEW] } }, { type: "ended", end: "approved" }]);
  });

  it("is not told again, nor paged, when anything but its reviews is another", async () => {
    const world = await pending();
    world.inventory.put(live("a", { state: "APPROVED", reviews: [REVIEW], reason: "another" }));
    await settled();
    expect(world.told()).toEqual(["ended a approved"]);
  });

  it("leaves the predecessor's words where an incident is bound, once", async () => {
    const world = await pending();
    world.teleport.data.set("a", { ...boundData(requestOf({ id: "a" })) });
    world.inventory.put(live("a", { state: "DENIED", resolveReason: "no" }));
    await settled();
    expect(world.teleport.data.get("a")).toMatchObject({ resolution: "denied", resolve_reason: "no" });
    const other = await pending();
    other.inventory.put(live("a", { state: "DENIED" }));
    await settled();
    expect(other.teleport.count("updatePluginData")).toBe(0);
  });

  it("is told at the next list when its plugin data could not be read", async () => {
    const world = await pending();
    world.teleport.resolve("a", "DENIED");
    world.teleport.before = (call) => {
      if (call === "pluginData") throw UNAVAILABLE;
    };
    world.inventory.put(live("a", { state: "DENIED" }));
    await settled();
    expect(world.told()).toEqual([]);
    world.teleport.before = () => {};
    await world.list();
    expect(world.told()).toEqual(["ended a denied"]);
  });
});

describe("events of the watch", () => {
  it("tell of a request once, however often they come", async () => {
    const world = taking();
    await world.list();
    await world.link();
    world.told();
    for (let time = 0; time < 1_000; time++) world.inventory.put(live("a"));
    world.inventory.put(live("a", { reviews: [REVIEW] }));
    for (let time = 0; time < 1_000; time++) world.inventory.put(live("a", { reviews: [REVIEW] }));
    const changed = live("a", { reviews: [REVIEW], reason: "changed" });
    world.teleport.put(changed);
    world.inventory.put(changed);
    await settled();
    expect(world.told()).toEqual(["request a", "request a", "request a"]);
  });

  it("that are late bring no request back", async () => {
    const world = await pending();
    world.inventory.put(live("a", { state: "DENIED" }));
    await settled();
    expect(world.told()).toEqual(["ended a denied"]);
    world.inventory.put(live("a"));
    world.inventory.listed([live("a")]);
    await settled();
    expect(world.told()).toEqual([]);
    expect(world.inventory.pendingCount).toBe(0);
  });

  it("of requests that nobody knows are nothing", async () => {
    const world = await pending();
    world.inventory.put(live("stranger", { state: "APPROVED" }));
    world.inventory.put(live("stranger", { state: "NONE" }));
    world.inventory.deleted("stranger");
    await settled();
    expect(world.told()).toEqual([]);
    expect(world.teleport.count("pluginData")).toBe(0);
  });

  it("of a state that a newer Teleport may add leave the request as it is", async () => {
    const world = await pending();
    world.inventory.put(live("a", { state: "NONE" }));
    await settled();
    expect(world.told()).toEqual([]);
  });

  it("are kept apart from the loss of the watch: what was known stays", async () => {
    const world = await pending();
    world.inventory.lost();
    world.unlink();
    await world.link();
    expect(world.told()).toEqual(["request a", "synced"]);
  });
});

describe("a request whose frame must be waited for", () => {
  /** Frames that come when a test says so, with how many times they were waited for. */
  function waiting() {
    const waited: PromiseWithResolvers<void>[] = [];
    const frames: InventoryOptions["frames"] = {
      listed: () => undefined,
      now: () => undefined,
      later: async (request) => {
        const come = Promise.withResolvers<void>();
        waited.push(come);
        await come.promise;
        return { type: "request", request, recipients: ["Databases"] };
      },
    };
    const world = taking(frames);
    return {
      world,
      waited,
      async come(): Promise<void> {
        for (const come of waited.splice(0)) come.resolve();
        await settled();
      },
    };
  }

  it("is sent once when it has come, and synced is said after", async () => {
    const { world, come } = waiting();
    for (const id of ["a", "b"]) world.teleport.put(live(id));
    await world.list();
    await world.link();
    await world.list();
    expect(world.told()).toEqual([]);
    await come();
    expect(world.frames).toMatchObject([{ recipients: ["Databases"] }, { recipients: ["Databases"] }, {}]);
    expect(world.told()).toEqual(["request a", "request b", "synced"]);
    await come();
    expect(world.told()).toEqual([]);
  });

  it("is sent as it was last seen, also when it changed meanwhile", async () => {
    const { world, come } = waiting();
    await world.list();
    await world.link();
    world.told();
    world.inventory.put(live("a"));
    await settled();
    world.inventory.put(live("a", { reviews: [REVIEW] }));
    await come();
    await come();
    expect(world.frames.at(-1)).toMatchObject({ type: "request", request: { reviews: [REVIEW] } });
  });

  it("is not sent when it has ended meanwhile, nor is its end", async () => {
    const { world, come } = waiting();
    await world.list();
    await world.link();
    world.told();
    world.inventory.put(live("a"));
    await settled();
    world.inventory.settled(requestOf({ id: "a", state: "DENIED" }), {});
    await come();
    expect(world.told()).toEqual([]);
  });

  it("is sent over the link that stands when it comes, and that alone", async () => {
    const { world, come } = waiting();
    world.teleport.put(live("a"));
    await world.list();
    await world.link();
    world.unlink();
    await come();
    expect(world.told()).toEqual([]);
    await world.link();
    await come();
    expect(world.told()).toEqual(["request a", "synced"]);
  });

  it("is waited for when a look shows it", async () => {
    const { world, come } = waiting();
    world.teleport.put(live("a"));
    await world.link(asHad("a", 0, { reason: "old" }));
    world.inventory.listed([]);
    await settled();
    await come();
    expect(world.told()).toEqual(["request a", "synced"]);
  });
});
