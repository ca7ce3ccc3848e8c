import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELD_DELIVERY_MS, MAX_HELD_DELIVERIES } from "../../edge/ledger.ts";
import { standingOf } from "../../edge/standing.ts";
import { LEASE_MS } from "../../edge/switchboard.ts";
import { GENESIS, headAfter, sha256 } from "../../shared/audit-chain.ts";
import { ACK_WITHIN_MS } from "../../shared/protocol.ts";
import { Host, type ScriptedRelay } from "./host.ts";
import { BOB, CAROL, DAY_MS, DECISIONS, HOUR_MS, NOW, noteEvent, pressPayload, resolvedEvent } from "./samples.ts";

const MINUTE_MS = 60_000;
const GRACE_MS = 30_000;
let host: Host;
let relay: ScriptedRelay;

beforeEach(async () => {
  host = await Host.start();
  relay = host.connect().hello();
  await host.settled();
});
afterEach(() => host.stop());

async function opened(): Promise<string> {
  relay.request();
  await host.settled();
  relay.bound();
  return host.pagerDuty.incidents[0]?.id ?? "none";
}

/** How many rows a table has; of the slots for what is alive, those that are taken. */
function count(table: string): number {
  const taken = table === "live_request" ? "WHERE id IS NOT NULL" : "";
  return Number(host.sql.run(`SELECT COUNT(*) AS n FROM ${table} ${taken}`)[0]?.n);
}

describe("the alarm", () => {
  it("is not set while there is nothing to do", () => {
    expect(host.alarmsSet).toEqual([]);
  });

  it("comes after a lease while work is under way, and then for the request's expiry", async () => {
    await opened();
    expect(host.alarmsSet).toEqual([NOW + LEASE_MS]);
    await host.ring();
    expect(host.alarmsSet).toEqual([NOW + LEASE_MS, NOW + HOUR_MS + GRACE_MS]);
  });

  it("is not set again while one that is early enough is armed", async () => {
    const id = await opened();
    const before = host.alarmsSet.length;
    for (let n = 0; n < 20; n++) host.deliver(noteEvent(id, `/approve ${n}`));
    await host.settled();
    expect(host.alarmsSet).toHaveLength(before);
  });

  it("is set again by a poke when it was lost", async () => {
    await opened();
    host.alarmMs = null;
    host.nowMs += 2 * LEASE_MS;
    host.board.look();
    expect(host.alarmMs).toBe(NOW + HOUR_MS + GRACE_MS);
  });

  it("is left as it is by a poke when it is armed", async () => {
    await opened();
    host.board.look();
    expect(host.alarmsSet).toEqual([NOW + LEASE_MS]);
  });

  it("comes for a relay that leaves a frame unanswered while another waits", async () => {
    const id = await opened();
    await host.ring();
    relay.acknowledgeAll();
    relay.socket.heardMs = host.nowMs;
    const standby = host.connect().hello({ instance: "relay-two" });
    host.deliver(noteEvent(id, "/deny"));
    await host.settled();
    expect(host.alarmMs).toBe(NOW + LEASE_MS + ACK_WITHIN_MS);
    await host.ring();
    expect(relay.socket.isOpen).toBe(false);
    expect(standby.last("decide")).toMatchObject({ epoch: 2 });
    expect(standby.last("promote")).toMatchObject({ epoch: 2 });
  });

  it("wakes an object that nobody pokes, again and again", async () => {
    host.wakeEveryMs = 30 * MINUTE_MS;
    host.crash();
    host.board.look();
    expect(host.alarmMs).toBe(NOW + 30 * MINUTE_MS);
    await host.ring();
    expect(host.alarmMs).toBe(NOW + 60 * MINUTE_MS);
  });

  it("is armed although a record is torn, and looks after the others", async () => {
    await opened();
    const standing = JSON.stringify({ ...standingOf(host.record), expiresMs: 1 });
    host.sql.run(
      "INSERT INTO live_request (step, id, standing, record, tally) VALUES (0, 'torn', ?, '{}', '{}')",
      standing,
    );
    host.crash();
    await host.pass(HOUR_MS + GRACE_MS);
    expect(host.record.end?.end).toBe("expired");
    expect(host.alarmMs).not.toBeNull();
    expect(host.log.join("\n")).toContain("requestId=torn");
  });
});

describe("expiry", () => {
  it("is the relay's to tell, and the edge's when it does not", async () => {
    const id = await opened();
    relay.socket.isOpen = false;
    await host.pass(HOUR_MS + GRACE_MS - 1);
    expect(host.record.end).toBeNull();
    await host.pass(1);
    await host.settled();
    expect(host.record.end?.end).toBe("expired");
    const { status, notes } = host.pagerDuty.incident(id);
    expect([status, notes.at(-1)?.content]).toEqual(["resolved", "Access request has been expired."]);
  });

  it("moves with the request's", async () => {
    await opened();
    relay.request({ requestExpiresMs: NOW + 2 * HOUR_MS });
    await host.pass(HOUR_MS + MINUTE_MS);
    expect(host.record.end).toBeNull();
    await host.pass(HOUR_MS);
    expect(host.record.end?.end).toBe("expired");
  });
});

describe("what is over", () => {
  it("is deleted, with all that belongs to it, once it was kept long enough after its access ended", async () => {
    const id = await opened();
    host.deliver(noteEvent(id, "/approve"));
    await host.settled();
    relay.outcome({ result: "applied", state: "APPROVED" });
    await host.pass(8 * HOUR_MS + 30 * DAY_MS - 1);
    expect([count("live_request"), count("finished_request"), count("incident"), count("delivery")]).toEqual([
      0, 1, 1, 1,
    ]);
    host.board.look();
    expect(count("finished_request")).toBe(1);
    host.nowMs += 1;
    host.board.look();
    expect([count("live_request"), count("finished_request"), count("incident"), count("delivery")]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(host.alarmMs).toBeNull();
  });

  it("leaves nothing behind of what was held, helped or dropped", async () => {
    host.meddle("POST", /^\/incidents$/, "answer lost");
    relay.request();
    await host.settled();
    const id = host.pagerDuty.incidents[0]?.id ?? "none";
    host.deliver(noteEvent(id, "/aprove"));
    host.deliver(resolvedEvent(id));
    host.deliver(noteEvent("QFOREIGN", "/approve"));
    await host.pass(MINUTE_MS);
    relay.ended("denied");
    await host.pass(31 * DAY_MS);
    host.board.look();
    expect([count("live_request"), count("finished_request"), count("incident"), count("delivery")]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it("does not grow with clicks beyond what a request can have", async () => {
    const id = await opened();
    for (let n = 0; n < 300; n++) host.deliver(noteEvent(id, "/approve"));
    await host.settled();
    expect(count("delivery")).toBe(200);
  });
});

describe("deliveries before the create's answer", () => {
  const early = async () => {
    host.meddle("POST", /^\/incidents$/, "answer lost");
    relay.request();
    await host.settled();
    return host.pagerDuty.incidents[0]?.id ?? "none";
  };

  it("are held, and count in their order once the answer is there", async () => {
    const id = await early();
    host.deliver(noteEvent(id, "/approve", { id: "01A" }));
    host.nowMs += 10;
    host.deliver(noteEvent(id, "/deny", { id: "01B" }));
    expect([host.ledger.heldCount(), host.record.decisions]).toEqual([2, []]);
    await host.pass(MINUTE_MS);
    expect(relay.socket.all("decide").map(({ clickId }) => clickId)).toEqual(["01A", "01B"]);
    expect(host.ledger.heldCount()).toBe(0);
  });

  it("survive a crash", async () => {
    const id = await early();
    host.deliver(noteEvent(id, "/deny", { id: "01A" }));
    host.crash();
    relay = host.connect().hello();
    relay.synced();
    await host.pass(MINUTE_MS);
    expect(relay.last("decide").clickId).toBe("01A");
  });

  it("page again when they tell of a merge", async () => {
    const id = await early();
    host.deliver(resolvedEvent(id, { mergedInto: "QSURVIVOR" }));
    await host.pass(MINUTE_MS);
    expect(host.record.pagings.map(({ number, closing }) => [number, closing])).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  it("are not held for long, nor without bound", async () => {
    await early();
    for (let n = 0; n < MAX_HELD_DELIVERIES + 5; n++) host.deliver(noteEvent(`QFOREIGN${n}`, "/approve"));
    expect(host.ledger.heldCount()).toBe(MAX_HELD_DELIVERIES);
    await host.pass(HELD_DELIVERY_MS + HOUR_MS + MINUTE_MS);
    expect(host.ledger.heldCount()).toBe(0);
  });

  it("are nobody's when nothing is opening", async () => {
    await opened();
    host.deliver(noteEvent("QFOREIGN", "/approve"));
    expect([host.ledger.heldCount(), count("delivery")]).toEqual([0, 0]);
  });
});

describe("a delivery", () => {
  it("counts once, a hundred times over", async () => {
    const id = await opened();
    const raw = noteEvent(id, "/approve");
    for (let n = 0; n < 100; n++) host.deliver(raw);
    await host.settled();
    expect([relay.socket.all("decide").length, host.record.decisions.length]).toEqual([1, 1]);
  });

  it("of a note of our own never decides", async () => {
    const id = await opened();
    host.deliver(resolvedEvent(id));
    await host.settled();
    const [note] = host.pagerDuty.incident(id).notes;
    host.deliver(noteEvent(id, "/approve", { noteId: note?.id ?? "" }));
    host.deliver(noteEvent(id, "/aprove", { noteId: note?.id ?? "" }));
    await host.settled();
    expect([host.record.decisions, host.record.helped]).toEqual([[], []]);
  });

  it.each([
    ["/aprove", { id: BOB.id, type: "user_reference" }, 1],
    ["approve", { id: BOB.id, type: "user_reference" }, 1],
    ["/aprove", { id: "PINT", type: "integration_reference" }, 0],
    ["/aprove", null, 0],
    ["looks odd", { id: BOB.id, type: "user_reference" }, 0],
  ])("of a mistyped command is answered once to a person: %s by %j", async (content, agent, notes) => {
    const id = await opened();
    host.deliver(noteEvent(id, content, { agent }));
    host.deliver(noteEvent(id, content, { agent }));
    await host.settled();
    expect(host.pagerDuty.incident(id).notes).toHaveLength(notes);
  });

  it("that resolves denies where the relay says so, and only when a person resolves", async () => {
    host.disconnect(relay);
    relay = host.connect().hello({ decisions: { ...DECISIONS, onResolve: "deny" } });
    const id = await opened();
    host.deliver(resolvedEvent(id, { id: "01RESOLVE" }));
    await host.settled();
    expect(relay.last("decide")).toMatchObject({ clickId: "01RESOLVE" });
    relay.outcome({ result: "applied", state: "DENIED" });
    await host.settled();
    host.deliver(resolvedEvent(id, { id: "01OURS", agent: { id: "PBOT001", type: "user_reference" } }));
    await host.settled();
    expect(relay.socket.all("decide")).toHaveLength(1);
  });

  it.each([
    ["nothing", new Uint8Array()],
    ["no JSON", new TextEncoder().encode("{")],
    ["a depth that breaks readers", new TextEncoder().encode("[".repeat(100_000))],
  ])("that is %s changes nothing", async (_, raw) => {
    await opened();
    const before = JSON.stringify(host.record);
    host.deliver(raw);
    host.board.act("approve", raw);
    expect(JSON.stringify(host.record)).toBe(before);
  });
});

describe("a press", () => {
  it("counts for nothing where the relay does not take buttons", async () => {
    host.disconnect(relay);
    relay = host.connect().hello({ decisions: { ...DECISIONS, channels: ["note"] } });
    const id = await opened();
    host.board.act("approve", pressPayload(id, "R1"));
    expect(host.record.decisions).toEqual([]);
  });
});

describe("a relay's token", () => {
  it("is good once", () => {
    expect([host.board.useToken("j", NOW + 1000), host.board.useToken("j", NOW + 1000)]).toEqual([true, false]);
  });
});

describe("the status", () => {
  it("tells what an operator asks, and no secret", async () => {
    const id = await opened();
    host.deliver(noteEvent(id, "/approve", { agent: { id: CAROL.id, type: "user_reference" } }));
    await host.settled();
    const status = JSON.stringify(host.status());
    expect(JSON.parse(status)).toMatchObject({
      epoch: 1,
      pendingCount: 1,
      relays: [{ instance: "relay-one", role: "active" }],
      pagerduty: { ok: true, problem: null },
      requests: [
        {
          user: "alice",
          incidents: [{ incidentId: id, bound: true }],
          clicks: [{ email: CAROL.email, state: "undecided" }],
        },
      ],
    });
    const { actionTokens, pagerDuty } = host.config;
    const { credentials } = pagerDuty;
    for (const secret of [
      actionTokens?.approve,
      actionTokens?.deny,
      credentials.kind === "api_key" && credentials.apiKey,
    ]) {
      expect(status).not.toContain(secret || "none");
      expect(host.log.join("\n")).not.toContain(secret || "none");
    }
  });
});

describe("relays that tell where their audit logs end", () => {
  const digests = [sha256("line 1"), sha256("line 2")];
  const heads = digests.map((_, index) => digests.slice(0, index + 1).reduce(headAfter, GENESIS));
  const standing = (lines: number) => ({
    lines,
    head: heads[lines - 1] ?? GENESIS,
    digests: digests.slice(0, lines),
    writable: true,
  });

  it("are taken at their word after half an hour, whatever becomes of the object then", () => {
    const relay = host.connect().hello({ audit: standing(1) });
    const report = { teleportVersion: "18.3.0", watching: true, problem: null, certificateExpiresMs: null };
    relay.say({ type: "report", ...report, audit: standing(2) });
    host.nowMs += 30 * 60_000;
    host.board.look();
    host.crash();
    host.connect().hello({ instance: "relay-two", audit: standing(1) });
    expect(host.ledger.faults(1)).toMatchObject([{ what: expect.stringContaining("audit verify --holds") }]);
  });
});
