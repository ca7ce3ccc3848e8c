import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Host, type ScriptedRelay } from "./host.ts";
import { accessRequest, noteEvent, review } from "./samples.ts";

let host: Host;
let relay: ScriptedRelay;
let incidentId: string;

beforeEach(async () => {
  host = await Host.start();
  relay = host.connect().hello();
  relay.request();
  await host.settled();
  incidentId = host.pagerDuty.incidents[0]?.id ?? "none";
});
afterEach(() => host.stop());

const binds = (of = relay) => of.socket.all("bind").length;
const decides = (of = relay) => of.socket.all("decide").length;
const APPLIED = { result: "applied", state: "APPROVED" };
const REFUSED = { result: "refused", refusal: "stale", state: "PENDING", detail: "" };

async function click(): Promise<void> {
  host.deliver(noteEvent(incidentId, "/approve", { id: "01CLICK" }));
  await host.settled();
}

describe("within a session", () => {
  it("a binding is asked for once, whatever else changes", async () => {
    relay.request({ reviews: [review()] });
    await host.settled();
    await click();
    expect([binds(), decides()]).toEqual([1, 1]);
  });

  it("a click is asked about once, whatever else changes", async () => {
    await click();
    relay.bound();
    relay.request({ reviews: [review()] });
    await host.settled();
    expect(decides()).toBe(1);
  });

  it("everything without an answer is asked for again after synced", async () => {
    await click();
    relay.synced();
    expect([binds(), decides()]).toEqual([2, 2]);
    relay.bound();
    relay.outcome(APPLIED);
    relay.synced();
    expect([binds(), decides()]).toEqual([2, 2]);
  });

  it("a click that waits for an admin is told on the incident and the status, and still awaits its answer", async () => {
    await click();
    const { requestId, epoch } = relay.last("decide");
    const waiting = { type: "waiting", requestId, problem: "Give the relay's role a rule." };
    relay.say({ ...waiting, epoch: epoch - 1 });
    await host.settled();
    expect(host.pagerDuty.incident(incidentId).notes).toEqual([]);
    for (let time = 0; time < 3; time++) relay.say({ ...waiting, epoch });
    await host.settled();
    const notes = host.pagerDuty.incident(incidentId).notes.map(({ content }) => content);
    expect(notes).toEqual([expect.stringContaining("Give the relay's role a rule.")]);
    expect(host.ledger.faults(9).some(({ what }) => what.includes("Give the relay's role a rule."))).toBe(true);
    expect(host.record.decisions).toMatchObject([{ state: "undecided" }]);
  });

  it("a changed request is bound anew, under its new digest", async () => {
    relay.bound();
    relay.request({ roles: ["root"] });
    await host.settled();
    expect(relay.last("bind")).toMatchObject({ digest: host.record.digest });
    expect(relay.last("bind").incidents).not.toContainEqual(expect.objectContaining({ incident: incidentId }));
  });

  it("an answer for what was paged before does not bind what is paged now", async () => {
    const { seq: _, type: __, ...old } = relay.last("bind");
    relay.request({ roles: ["root"] });
    relay.say({ ...old, type: "bound", result: "bound" });
    await host.settled();
    expect(host.record.pagings.at(-1)?.bound).toBe(false);
  });

  it.each(["changed", "gone"])("a binding that Teleport does not take binds nothing: %s", async (result) => {
    relay.bound(result);
    expect(host.record.pagings[0]?.bound).toBe(false);
    expect(host.ledger.faults(5).some(({ what }) => what.includes(accessRequest().id))).toBe(result === "changed");
  });
});

describe("a new session", () => {
  it("is asked for everything without an answer", async () => {
    await click();
    host.disconnect(relay);
    relay = host.connect().hello();
    expect([binds(), decides()]).toEqual([0, 0]);
    relay.synced();
    expect([binds(), decides()]).toEqual([1, 1]);
  });

  it("hears of a click that came while nobody was there", async () => {
    host.disconnect(relay);
    await click();
    host.crash();
    relay = host.connect().hello({ instance: "relay-two" });
    relay.synced();
    expect(relay.last("decide")).toMatchObject({ clickId: "01CLICK", epoch: 2 });
  });

  it("is told what is open, and not asked for what is known", () => {
    host.disconnect(relay);
    relay = host.connect().hello();
    expect(relay.last("welcome").open).toEqual([[accessRequest().id, host.record.digest, 0]]);
    relay.synced();
    expect(host.record.end).toBeNull();
  });
});

describe("after the object slept", () => {
  it("an answer to what was asked before is taken", async () => {
    await click();
    host.sleep();
    relay.outcome(APPLIED);
    await host.settled();
    expect(host.record.end?.end).toBe("approved");
  });

  it("numbers go on where they were", async () => {
    host.sleep();
    await click();
    const numbers = relay.socket.frames.flatMap((frame) => ("seq" in frame ? [frame.seq] : []));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(relay.socket.closed).toBeNull();
  });
});

describe("answers that do not count", () => {
  it("are those of a standby", async () => {
    await click();
    const standby = host.connect().hello({ instance: "relay-two" });
    const { clickId, requestId, epoch } = relay.last("decide");
    standby.say({ type: "outcome", epoch, requestId, clickId, outcome: APPLIED });
    expect(host.record.end).toBeNull();
  });

  it("are those of an old epoch", async () => {
    await click();
    const { clickId, requestId, epoch } = relay.last("decide");
    const standby = host.connect().hello({ instance: "relay-two" });
    host.disconnect(relay);
    expect(standby.last("decide")).toMatchObject({ clickId, epoch: 2 });
    standby.say({ type: "outcome", epoch, requestId, clickId, outcome: APPLIED });
    expect(host.record.end).toBeNull();
    standby.outcome(APPLIED);
    expect(host.record.end?.end).toBe("approved");
  });

  it.each<[string, Record<string, unknown>]>([
    ["bound", { result: "bound" }],
    ["changed", { result: "changed" }],
    ["gone", { result: "gone" }],
    ["outcome", { outcome: APPLIED }],
    ["outcome", { outcome: REFUSED }],
    ["auto_outcome", { outcome: APPLIED }],
    ["waiting", { problem: "Give the relay's role a rule." }],
  ])("are those of an old epoch and of a standby, whatever they answer: %s %j", async (kind, said) => {
    await click();
    const { digest, incidents, requestId, epoch } = relay.last("bind");
    const { clickId } = relay.last("decide");
    const isBinding = ["bound", "changed", "gone"].includes(kind);
    const answer = { type: isBinding ? "bound" : kind, requestId, ...said };
    const whole = isBinding ? { ...answer, digest, incidents } : { ...answer, clickId };
    const before = host.record;
    const standby = host.connect().hello({ instance: "relay-two" });
    standby.say({ ...whole, epoch });
    standby.say({ ...whole, epoch: epoch + 1 });
    relay.say({ ...whole, epoch: epoch - 1 });
    await host.settled();
    expect(host.record).toEqual(before);
    expect([relay.last("ack").upTo, standby.last("ack").upTo]).toEqual([2, 2]);
    expect(host.ledger.faults(10)).toEqual([]);
  });

  it("are not those of a later epoch, which a storage that was put back has forgotten", async () => {
    await click();
    const { clickId, requestId, epoch } = relay.last("decide");
    relay.say({ type: "outcome", epoch: epoch + 5, requestId, clickId, outcome: APPLIED });
    expect(host.record.end?.end).toBe("approved");
  });

  it("are those about what nobody knows", () => {
    relay.say({ type: "outcome", epoch: 1, requestId: "unknown", clickId: "01", outcome: APPLIED });
    relay.say({ type: "outcome", epoch: 1, requestId: accessRequest().id, clickId: "unknown", outcome: REFUSED });
    relay.say({ type: "ended", requestId: "unknown", end: "denied", who: null, why: null, clickId: null });
    expect([host.record.end, relay.socket.closed]).toEqual([null, null]);
  });
});

describe("a click that was lost with what was stored", () => {
  const saying = (outcome: Record<string, unknown>) =>
    relay.say({ type: "outcome", epoch: 1, requestId: accessRequest().id, clickId: "unknown", outcome });

  it.each([
    ["APPROVED", "approved"],
    ["DENIED", "denied"],
  ])("has ended its request all the same, and its incident is told so, once, and resolved: %s", async (state, end) => {
    saying({ result: "applied", state });
    relay.ended(end, { who: "bob", clickId: "unknown" });
    saying({ result: "applied", state });
    await host.settled();
    const { notes, status } = host.pagerDuty.incident(incidentId);
    expect([notes.map(({ content }) => content), status]).toEqual([[`Access request has been ${end}.`], "resolved"]);
    expect(host.record.end).toMatchObject({ end });
  });

  it.each(["PENDING", "NONE"])("has ended nothing when Teleport has the request as %s", async (state) => {
    saying({ result: "applied", state });
    await host.settled();
    expect([host.record.end, host.pagerDuty.incident(incidentId).status]).toEqual([null, "triggered"]);
  });
});

describe("an empty list", () => {
  it("closes nothing", async () => {
    host.disconnect(relay);
    relay = host.connect().hello();
    relay.synced();
    await host.settled();
    expect(host.pagerDuty.incident(incidentId).status).toBe("triggered");
  });
});

describe("a standby", () => {
  it("may report requests and ends; the active one is asked to act", async () => {
    const standby = host.connect().hello({ instance: "relay-two" });
    standby.request({ id: "another", requestExpiresMs: null });
    await host.settled();
    expect([binds(), binds(standby)]).toEqual([2, 0]);
    standby.ended("denied");
    await host.settled();
    expect(host.pagerDuty.incident(incidentId).status).toBe("resolved");
  });
});

describe("a frame whose handling fails", () => {
  it("is not acknowledged", () => {
    const acks = relay.socket.all("ack").length;
    host.sql.run("DROP TABLE live_request");
    expect(() => relay.ended("denied")).toThrow();
    expect(relay.socket.all("ack")).toHaveLength(acks);
  });
});
