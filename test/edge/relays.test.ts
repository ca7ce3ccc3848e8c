import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "../../edge/ledger.ts";
import { attachmentOf } from "../../edge/relays/socket.ts";
import { Relays, type RequestFrame } from "../../edge/relays.ts";
import { platformTimer } from "../../edge/timer.ts";
import { GENESIS, headAfter, sha256 } from "../../shared/audit-chain.ts";
import { createLogger } from "../../shared/log.ts";
import {
  ACK_WITHIN_MS,
  CLOSE,
  LINK_DEAD_AFTER_MS,
  MAX_OPEN_PER_WELCOME,
  PING_EVERY_MS,
} from "../../shared/protocol.ts";
import { NodeSql } from "../fakes/node-sql.ts";
import { ScriptedRelay, type ScriptedSocket } from "./host.ts";
import { CLUSTER, hello, NOW, paged, wanted } from "./samples.ts";

let sql: NodeSql;
let nowMs: number;
let sockets: ScriptedSocket[];
let received: [RequestFrame["type"], string][];
let owed: number;
let checks: number[];
let faults: string[];
let relays: Relays;

beforeEach(() => {
  sql = new NodeSql();
  nowMs = NOW;
  sockets = [];
  received = [];
  owed = 0;
  checks = [];
  faults = [];
  relays = awake();
});
afterEach(() => sql.close());

/** The relays as their host has them after each sleep: nothing in memory. */
function awake(): Relays {
  let ids = 0;
  return new Relays({
    cluster: CLUSTER,
    ledger: new Ledger(sql),
    sockets: () => sockets,
    now: () => nowMs,
    after: platformTimer,
    randomId: () => `session-${sockets.length}-${++ids}`,
    log: createLogger({ severity: "error", format: "text", now: () => nowMs, write: () => {} }),
    received: (frame, role) => void received.push([frame.type, role]),
    welcomed: () => {},
    owes: () => void owed++,
    fault: (what) => void faults.push(what),
    checkBy: (atMs) => void checks.push(atMs),
  });
}

function connect(relayKey = "thumbprint"): ScriptedRelay {
  const relay = new ScriptedRelay((socket, message) => relays.receive(socket, message));
  sockets.push(relay.socket);
  relays.accept(relay.socket, { relayKey, origin: null });
  return relay;
}

const one = () => connect().hello({ instance: "relay-one" });
const two = () => connect().hello({ instance: "relay-two" });
const role = (relay: ScriptedRelay) => (relay.socket.isOpen ? attachmentOf(relay.socket).role : "gone");

function disconnect(relay: ScriptedRelay): void {
  relay.socket.isOpen = false;
  relays.closed(relay.socket);
}

describe("where the active relay found us", () => {
  it("is known once it has greeted, and forgotten when it goes", () => {
    const relay = new ScriptedRelay((socket, message) => relays.receive(socket, message));
    sockets.push(relay.socket);
    relays.accept(relay.socket, { relayKey: "thumbprint", origin: "https://edge.example.com" });
    expect(relays.origin).toBeNull();
    relay.hello();
    expect(relays.origin).toBe("https://edge.example.com");
    disconnect(relay);
    expect(relays.origin).toBeNull();
  });
});

describe("a greeting", () => {
  it.each([
    ["a newer protocol", hello({ protocol: 2 }), CLOSE.unsupportedVersion],
    ["an old protocol", hello({ protocol: -1 }), CLOSE.unsupportedVersion],
    ["another cluster", hello({ teleport: { ...hello().teleport, cluster: "other" } }), CLOSE.wrongCluster],
    ["a frame before it", { type: "synced", seq: 1 }, CLOSE.malformedFrame],
    ["an ack before it", { type: "ack", upTo: 1 }, CLOSE.malformedFrame],
    ["no JSON", "{", CLOSE.malformedFrame],
    ["no frame", "[]", CLOSE.malformedFrame],
    ["a known type in another shape", { type: "hello" }, CLOSE.malformedFrame],
    ["too much", "x".repeat(1024 * 1024 + 1), CLOSE.frameTooLarge],
  ])("is refused: %s", (_, message, code) => {
    const relay = connect();
    relay.raw(message);
    expect([relay.socket.closed?.code, relay.socket.frames, received, relays.epoch]).toEqual([code, [], [], 0]);
  });

  it("is taken from one version back", () => {
    expect(role(connect().hello({ protocol: 0 }))).toBe("active");
  });

  it("is refused as bytes", () => {
    const relay = connect();
    relays.receive(relay.socket, new ArrayBuffer(4));
    expect(relay.socket.closed?.code).toBe(CLOSE.malformedFrame);
  });

  it("comes once", () => {
    const relay = one();
    relay.raw(hello());
    expect(relay.socket.closed?.code).toBe(CLOSE.malformedFrame);
  });

  it("is answered with what is open, in parts", () => {
    const ledger = new Ledger(sql);
    for (let n = 0; n <= MAX_OPEN_PER_WELCOME; n++) ledger.store(wanted({ id: `r${n}` }), undefined);
    relays = awake();
    relays = awake();
    const parts = one().socket.all("welcome");
    expect(parts.map(({ open, more }) => [open.length, more])).toEqual([
      [MAX_OPEN_PER_WELCOME, true],
      [1, false],
    ]);
    expect(new Set(parts.flatMap(({ open }) => open.map(([id]) => id))).size).toBe(MAX_OPEN_PER_WELCOME + 1);
  });

  it("is answered though nothing is open", () => {
    expect(one().socket.all("welcome")).toMatchObject([{ role: "active", epoch: 1, open: [], more: false }]);
  });
});

describe("roles", () => {
  it("make the first active and the second a standby", () => {
    expect([role(one()), role(two()), relays.epoch]).toEqual(["active", "standby", 1]);
  });

  it("let a standby take over when the active one is gone, in a new epoch", () => {
    const [first, second] = [one(), two()];
    disconnect(first);
    expect([role(second), relays.epoch, owed]).toEqual(["active", 2, 1]);
    expect(second.last("promote")).toMatchObject({ epoch: 2, seq: 1 });
  });

  it("leave all as it is when a standby goes", () => {
    const [first, second] = [one(), two()];
    disconnect(second);
    expect([role(first), relays.epoch, owed]).toEqual(["active", 1, 0]);
  });

  it("keep the epoch when the same instance comes back, and raise it for another, durably", () => {
    disconnect(one());
    expect(one().last("welcome")).toMatchObject({ role: "active", epoch: 1 });
    sockets = [];
    relays = awake();
    expect(two().last("welcome")).toMatchObject({ role: "active", epoch: 2 });
  });

  it("raise the epoch each time two take turns", () => {
    for (const connectNext of [one, two, one, two]) disconnect(connectNext());
    expect(relays.epoch).toBe(4);
  });

  it("survive a sleep, and so do numbers", () => {
    const [first, second] = [one(), two()];
    first.synced();
    relays.send({ type: "promote", epoch: 1 });
    relays = awake();
    first.synced();
    relays.send({ type: "promote", epoch: 1 });
    expect([role(first), role(second), first.last("ack").upTo, first.last("promote").seq]).toEqual([
      "active",
      "standby",
      2,
      2,
    ]);
  });

  it("give the older of two standbys the turn", () => {
    const first = one();
    nowMs += 1000;
    const second = two();
    nowMs += 1000;
    const third = connect().hello({ instance: "relay-three" });
    disconnect(first);
    expect([role(second), role(third)]).toEqual(["active", "standby"]);
  });

  it("are nobody's before a greeting", () => {
    const silent = connect();
    const first = one();
    disconnect(first);
    expect([role(silent), relays.activeSession, relays.connected()]).toEqual(["standby", undefined, []]);
  });
});

describe("a relay that connects again", () => {
  it("supersedes its own old link and stays active", () => {
    const old = one();
    const fresh = one();
    expect([old.socket.closed?.code, role(fresh), relays.epoch]).toEqual([CLOSE.superseded, "active", 1]);
    relays.closed(old.socket);
    expect(role(fresh)).toBe("active");
  });

  it("is active still when the end of its old link is told only then", () => {
    const old = one();
    const standby = two();
    old.socket.isOpen = false;
    const fresh = one();
    relays.closed(old.socket);
    expect([role(fresh), role(standby), relays.epoch]).toEqual(["active", "standby", 1]);
  });

  it("does not take another's turn", () => {
    const [first, second] = [one(), two()];
    const again = two();
    expect([role(first), role(second), role(again), relays.epoch]).toEqual(["active", "gone", "standby", 1]);
  });

  it("is not another that bears its name with a key of its own: that one waits, and its turn is a new epoch", () => {
    const first = one();
    const pretender = connect("another key").hello({ instance: "relay-one" });
    expect([role(first), role(pretender)]).toEqual(["active", "standby"]);
    disconnect(first);
    expect([role(pretender), relays.epoch]).toEqual(["active", 2]);
    expect(new Ledger(sql).faults(1)[0]?.what).toContain("its key another key");
  });

  it("says nothing more through its old link that only an active one may", () => {
    const old = one();
    one();
    old.say({
      type: "outcome",
      epoch: 1,
      requestId: "r",
      clickId: "c",
      outcome: { result: "applied", state: "DENIED" },
    });
    expect(received).toEqual([["outcome", "standby"]]);
  });
});

describe("a ghost", () => {
  it("gives way to a newcomer once it has been silent too long", () => {
    const ghost = one();
    nowMs += LINK_DEAD_AFTER_MS + PING_EVERY_MS;
    expect([role(two()), ghost.socket.closed?.code, relays.epoch]).toEqual(["active", CLOSE.unresponsive, 2]);
  });

  it("is none while it pings", () => {
    const alive = one();
    nowMs += LINK_DEAD_AFTER_MS + PING_EVERY_MS;
    alive.socket.heardMs = nowMs - PING_EVERY_MS;
    expect([role(two()), role(alive)]).toEqual(["standby", "active"]);
  });
});

describe("an active relay that leaves frames unanswered", () => {
  it("loses its turn after a while", () => {
    const [first, second] = [one(), two()];
    relays.send({ type: "promote", epoch: 1 });
    expect(checks).toEqual([NOW + ACK_WITHIN_MS]);
    nowMs += ACK_WITHIN_MS - 1;
    relays.checkAnswers();
    expect([role(first), checks.at(-1)]).toEqual(["active", NOW + ACK_WITHIN_MS]);
    nowMs += 1;
    relays.checkAnswers();
    expect([first.socket.closed?.code, role(second), relays.epoch, owed]).toEqual([CLOSE.unresponsive, "active", 2, 1]);
  });

  it("keeps it when it answers", () => {
    const [first] = [one(), two()];
    relays.send({ type: "promote", epoch: 1 });
    first.acknowledgeAll();
    nowMs += ACK_WITHIN_MS * 2;
    relays.checkAnswers();
    expect(role(first)).toBe("active");
  });

  it("keeps it while nobody else could take it, and loses it to the next who comes", () => {
    const first = one();
    relays.send({ type: "promote", epoch: 1 });
    nowMs += ACK_WITHIN_MS * 2;
    relays.checkAnswers();
    expect([role(first), checks]).toEqual(["active", []]);
    const second = two();
    expect([role(first), role(second)]).toEqual(["gone", "active"]);
  });
});

describe("numbers", () => {
  it("are acknowledged one by one", () => {
    const relay = one();
    relay.synced();
    relay.synced();
    expect(relay.socket.all("ack").map(({ upTo }) => upTo)).toEqual([1, 2]);
    expect([received.length, owed]).toEqual([2, 2]);
  });

  it("that were heard are skipped", () => {
    const relay = one();
    relay.synced();
    relay.raw({ type: "synced", seq: 1 });
    expect([received.length, role(relay)]).toEqual([1, "active"]);
  });

  it("that are missing close the link, with nothing of the frame heard", () => {
    const relay = one();
    relay.raw({ type: "synced", seq: 2 });
    expect([relay.socket.closed?.code, received]).toEqual([CLOSE.sequenceGap, []]);
  });

  it("count frames of unknown types too", () => {
    const relay = one();
    relay.say({ type: "of_a_newer_release", payload: { deep: [] } });
    relay.raw({ type: "unnumbered_and_new" });
    relay.synced();
    expect([relay.last("ack").upTo, received]).toEqual([2, [["synced", "active"]]]);
  });

  it("cannot be acknowledged before they were sent", () => {
    const relay = one();
    relay.raw({ type: "ack", upTo: 1 });
    expect(relay.socket.closed?.code).toBe(CLOSE.sequenceGap);
  });

  it("bear an acknowledgement twice", () => {
    const relay = one();
    relays.send({ type: "promote", epoch: 1 });
    relay.acknowledgeAll();
    relay.acknowledgeAll();
    expect(role(relay)).toBe("active");
  });

  it("are not sent to a closed socket", () => {
    const relay = one();
    relay.socket.isOpen = false;
    relays.send({ type: "promote", epoch: 1 });
    relays.tell(relay.socket, { type: "health", pagerduty: { ok: true, problem: null } });
    expect(relay.socket.all("promote")).toEqual([]);
  });
});

describe("a standby", () => {
  it("reports requests, and owes nothing", () => {
    one();
    const standby = two();
    standby.say({ type: "request", request: paged().request, recipients: [] });
    standby.synced();
    expect([received, owed]).toEqual([
      [
        ["request", "standby"],
        ["synced", "standby"],
      ],
      0,
    ]);
  });
});

const REPORT = {
  type: "report",
  teleportVersion: "18.3.0",
  watching: true,
  problem: null,
  certificateExpiresMs: NOW,
};

describe("a report", () => {
  it("is shown of its relay, and heard by nobody else", () => {
    const relay = one();
    expect(relays.connected()).toMatchObject([{ teleportVersion: "18.2.0", watching: null, problem: null }]);
    relay.say(REPORT);
    relay.say({ ...REPORT, watching: false, problem: "Teleport is away." });
    expect(relays.connected()).toMatchObject([
      { teleportVersion: "18.3.0", certificateExpiresMs: NOW, watching: false, problem: "Teleport is away." },
    ]);
    expect([received, relay.last("ack").upTo]).toEqual([[], 2]);
  });

  it("outlives a sleep, and ends with its socket", () => {
    const relay = one();
    relay.say({ ...REPORT, watching: false });
    relays = awake();
    expect(relays.connected()).toMatchObject([{ watching: false, certificateExpiresMs: NOW }]);
    relay.socket.isOpen = false;
    expect(one() && relays.connected()).toMatchObject([{ watching: null }]);
  });

  it("costs a row only when the active relay's certificate was renewed, and leaves the epoch alone", () => {
    const relay = one();
    const run = vi.spyOn(sql, "run");
    relay.say({ ...REPORT, certificateExpiresMs: null });
    relay.say({ ...REPORT, certificateExpiresMs: null, watching: false, problem: "Teleport is away." });
    const writes = () => run.mock.calls.filter(([statement]) => statement.startsWith("INSERT")).length;
    expect(writes()).toBe(0);
    relay.say(REPORT);
    expect([writes(), new Ledger(sql).session()]).toMatchObject([
      1,
      { epoch: 1, hello: { certificateExpiresMs: NOW } },
    ]);
    two().say({ ...REPORT, certificateExpiresMs: NOW + 1 });
    expect([writes(), new Ledger(sql).session()?.hello.certificateExpiresMs]).toEqual([1, NOW]);
  });

  it("goes with a standby that takes over", () => {
    const relay = one();
    two().say({ ...REPORT, certificateExpiresMs: NOW + 1 });
    relay.socket.isOpen = false;
    relays.closed(relay.socket);
    expect(new Ledger(sql).session()).toMatchObject({
      epoch: 2,
      hello: { certificateExpiresMs: NOW + 1, teleportVersion: "18.3.0" },
    });
  });

  it("closes the link when its problem is too long to keep", () => {
    const relay = one();
    relay.say({ ...REPORT, problem: "x".repeat(501) });
    expect(relay.socket.closed?.code).toBe(CLOSE.malformedFrame);
  });
});

describe("an active relay that cannot write its audit log", () => {
  const stands = (writable: boolean) => ({ lines: 0, head: GENESIS, digests: [], writable });
  const says = (relay: ScriptedRelay, writable: boolean): void => {
    relay.say({ ...REPORT, audit: stands(writable) });
  };

  it("gives way to a standby that can, in a new epoch, and stays connected", () => {
    const [first, second] = [one(), two()];
    says(first, false);
    expect([role(first), role(second), relays.epoch, owed]).toEqual(["standby", "active", 2, 1]);
    expect(second.last("promote")).toMatchObject({ epoch: 2 });
    expect(faults).toEqual([expect.stringContaining("cannot write its audit log")]);
    expect(relays.connected()).toMatchObject([{ audit: { writable: false } }, { audit: null }]);
  });

  it("gives way only once what it said with that is heard, as long as it counts", () => {
    const first = one();
    two();
    const outcome = { result: "applied", state: "APPROVED" };
    const heardIn: number[] = [];
    received.push = (...heard) => {
      heardIn.push(relays.epoch);
      return heard.length;
    };
    first.say({ type: "outcome", epoch: 1, requestId: "r", clickId: "c", outcome, audit: stands(false) });
    expect([heardIn, relays.epoch]).toEqual([[1], 2]);
  });

  it("keeps its turn while there is nobody else, or nobody better", () => {
    const first = one();
    says(first, false);
    expect([role(first), relays.epoch]).toEqual(["active", 1]);
    const second = connect().hello({ instance: "relay-two", audit: stands(false) });
    expect([role(first), role(second), relays.epoch]).toEqual(["active", "standby", 1]);
  });

  it("keeps its turn when the only other one may be gone", () => {
    const [first, second] = [one(), two()];
    nowMs += LINK_DEAD_AFTER_MS + PING_EVERY_MS;
    first.socket.heardMs = nowMs;
    says(first, false);
    expect([role(first), role(second)]).toEqual(["active", "standby"]);
  });

  it("gives way to one that comes later", () => {
    const first = one();
    says(first, false);
    expect([role(two()), role(first), relays.epoch]).toEqual(["active", "standby", 2]);
  });

  it("is not given its turn back before it says that it can write again, so that two do not take turns", () => {
    const [first, second] = [one(), two()];
    says(first, false);
    says(second, false);
    says(first, false);
    says(second, false);
    expect([role(first), role(second), relays.epoch]).toEqual(["standby", "active", 2]);
    says(first, true);
    expect([role(first), role(second), relays.epoch]).toEqual(["active", "standby", 3]);
    says(second, true);
    expect([role(first), role(second), relays.epoch]).toEqual(["active", "standby", 3]);
  });

  it("comes after one that can when the active one goes, and before nobody", () => {
    const first = one();
    const unwritable = connect().hello({ instance: "relay-two", audit: stands(false) });
    nowMs += 1000;
    const writable = connect().hello({ instance: "relay-three" });
    disconnect(first);
    expect([role(unwritable), role(writable)]).toEqual(["standby", "active"]);
    disconnect(writable);
    expect(role(unwritable)).toBe("active");
  });

  it("is forgotten by no sleep", () => {
    const first = one();
    says(first, false);
    relays = awake();
    expect([role(two()), role(first)]).toEqual(["active", "standby"]);
  });

  it("is an older release's when it does not say", () => {
    const [first, second] = [one(), two()];
    first.say(REPORT);
    expect([role(first), role(second)]).toEqual(["active", "standby"]);
  });
});

describe("the end of a relay's audit log", () => {
  const DIGESTS = Array.from({ length: 9 }, (_, line) => sha256(`line ${line}`));
  const standing = (lines: number, told = lines) => {
    const digests = DIGESTS.slice(0, lines);
    return { lines, head: digests.reduce(headAfter, GENESIS), digests: digests.slice(lines - told), writable: true };
  };
  const kept = () => new Ledger(sql).auditHead("thumbprint")?.lines;
  const outcome = {
    type: "outcome",
    epoch: 1,
    requestId: "r",
    clickId: "c",
    outcome: { result: "applied", state: "NONE" },
  };

  it("is heard in every frame that tells it, and kept when the socket closes", () => {
    const relay = connect().hello({ audit: standing(1) });
    relay.say({ ...REPORT, audit: standing(2, 1) });
    relay.say({ ...outcome, audit: standing(4, 2) });
    relay.say({ ...outcome, type: "auto_outcome", audit: standing(5, 1) });
    expect([kept(), relays.connected()]).toMatchObject([1, [{ audit: { lines: 5, head: standing(5).head } }]]);
    disconnect(relay);
    expect([kept(), faults]).toEqual([5, []]);
  });

  it("is held against what the same relay said through a socket that nobody has closed yet", () => {
    connect()
      .hello({ audit: standing(1) })
      .say({ ...outcome, audit: standing(6, 5) });
    connect().hello({ instance: "relay-started-anew", audit: standing(3) });
    expect(faults).toEqual([expect.stringContaining(`audit verify --holds ${standing(6).head} FILE`)]);
  });

  it("is held against nobody else's", () => {
    connect().hello({ audit: standing(6) });
    const other = connect("another");
    other.hello({ instance: "relay-two", audit: standing(3) });
    expect(faults).toEqual([]);
  });

  it("is not heard in a frame that was heard before", () => {
    const relay = connect().hello({ audit: standing(1) });
    relay.say({ ...outcome, audit: standing(3, 2) });
    relay.raw({ ...outcome, seq: 1, audit: standing(1) });
    expect([relays.connected()[0]?.audit?.lines, faults]).toEqual([3, []]);
  });

  it("is kept after a while, also when its object has slept", () => {
    connect()
      .hello({ audit: standing(1) })
      .say({ ...outcome, audit: standing(2, 1) });
    relays = awake();
    nowMs += 30 * 60_000;
    relays.keepAuditHeads();
    expect(kept()).toBe(2);
  });
});
