import { afterEach, describe, expect, it } from "vitest";
import { bodyFor } from "../../../edge/incident.ts";
import { digestOf } from "../../../shared/access-request.ts";
import { Host, type ScriptedRelay } from "../host.ts";
import {
  accessRequest,
  BOB,
  BOT,
  CAROL,
  CLUSTER,
  DECISIONS,
  hello,
  KEY,
  noteEvent,
  POLICY,
  pressPayload,
  resolvedEvent,
  SERVICE,
} from "../samples.ts";

let host: Host;
afterEach(() => host.stop());

async function start(...options: Parameters<typeof Host.start>): Promise<ScriptedRelay> {
  host = await Host.start(...options);
  const relay = host.connect().hello();
  relay.synced();
  return relay;
}

/** A request whose incident is open and bound. */
async function open(...options: Parameters<typeof Host.start>): Promise<{ relay: ScriptedRelay; id: string }> {
  const relay = await start(...options);
  relay.request();
  await host.settled();
  relay.bound();
  return { relay, id: onlyIncident().id };
}

function onlyIncident() {
  const [incident] = host.pagerDuty.incidents;
  if (incident === undefined) throw new Error("no incident was opened");
  return incident;
}

/** What the ledger knows of requests is lost. */
function forgetRequests(): void {
  for (const table of ["live_request", "incident"]) host.sql.run(`DELETE FROM ${table}`);
}

const notesOn = (id: string) => host.pagerDuty.incident(id).notes.map(({ content }) => content);
const MINUTE_MS = 60_000;

describe("opening an incident", () => {
  it("takes one call when nothing goes wrong", async () => {
    const relay = await start({ urgency: "low" });
    relay.request();
    await host.settled();
    expect(host.pagerDuty.countCalls("* /incidents")).toBe(1);
    expect(onlyIncident()).toMatchObject({ incidentKey: KEY, serviceId: SERVICE, urgency: "low" });
    expect(relay.last("bind").incidents).toEqual([{ service: SERVICE, incident: onlyIncident().id }]);
  });

  it("looks first where a relay that connects brings it: the ledger may have been lost", async () => {
    const relay = await start();
    relay.request();
    await host.settled();
    const { id } = onlyIncident();
    host.pagerDuty.as(BOB.id).resolve(id);
    forgetRequests();
    host.crash();
    host.connect().hello().request();
    await host.pass(MINUTE_MS);
    expect([host.pagerDuty.incidents.length, host.record.pagings]).toMatchObject([1, [{ incidentId: id }]]);
  });

  it.each(["lost", "answer lost"] as const)("opens one when the call's fate is unknown: %s", async (how) => {
    const relay = await start();
    host.meddle("POST", /^\/incidents$/, how);
    relay.request();
    await host.pass(MINUTE_MS);
    expect(host.pagerDuty.incidents).toHaveLength(1);
    expect(host.record.pagings).toMatchObject([{ key: KEY, state: "open", incidentId: onlyIncident().id }]);
  });

  it("opens one when the first call lands after the second", async () => {
    const relay = await start();
    host.meddle("POST", /^\/incidents$/, "late");
    relay.request();
    await host.pass(MINUTE_MS);
    await host.letGo();
    await host.pass(MINUTE_MS);
    expect(host.pagerDuty.incidents).toHaveLength(1);
  });

  it("adopts its own when the key turns out to be in use", async () => {
    const relay = await start();
    host.meddle("POST", /^\/incidents$/, "answer lost");
    relay.request();
    await host.settled();
    host.meddle("GET", /^\/incidents$/, "lost");
    await host.pass(10 * MINUTE_MS);
    expect([host.pagerDuty.incidents.length, host.record.pagings.length]).toEqual([1, 1]);
  });

  it("does not adopt one that somebody planted under the key, uses the next and says so", async () => {
    const relay = await start();
    const planted = host.pagerDuty.as(CAROL.id).open({
      title: "harmless",
      serviceId: SERVICE,
      incidentKey: KEY,
      details: "Digest: 00000000",
    });
    relay.request();
    await host.settled();
    expect(host.record.pagings).toMatchObject([
      { key: KEY, state: "closed", incidentId: null },
      { key: `${KEY}/2`, state: "open" },
    ]);
    expect(host.ledger.requestOf(planted.id)).toBeUndefined();
    expect(host.ledger.faults(1)[0]?.what).toContain(KEY);
    expect(relay.last("bind").incidents).not.toContainEqual(expect.objectContaining({ incident: planted.id }));
  });

  it("is looked for where what is stored was put back to what it was before it was opened", async () => {
    const relay = await start();
    host.meddle("GET", /^\/services$/, "lost");
    relay.request({ annotations: { pagerduty_notify_service: ["Production access"] } });
    await host.settled();
    const stored = host.sql.run("SELECT * FROM live_request");
    await host.pass(MINUTE_MS);
    host.pagerDuty.as(BOB.id).resolve(onlyIncident().id);
    host.crash();
    forgetRequests();
    for (const row of stored) {
      const marks = Object.keys(row).map(() => "?");
      host.sql.run(`INSERT INTO live_request VALUES (${marks.join()})`, ...(Object.values(row) as (string | number)[]));
    }
    host.crash();
    await host.pass(MINUTE_MS);
    expect([host.pagerDuty.incidents.length, host.record.pagings[0]?.incidentId]).toEqual([1, onlyIncident().id]);
  });

  it("finds the one that shows it as it is now behind those of before it changed, should the ledger have been lost", async () => {
    const relay = await start();
    relay.request();
    await host.settled();
    relay.request({ reason: "to mend two ledgers" });
    await host.settled();
    const [before, after] = host.pagerDuty.incidents;
    expect([before?.status, after?.status]).toEqual(["resolved", "triggered"]);
    forgetRequests();
    host.crash();
    host.connect().hello().request({ reason: "to mend two ledgers" });
    await host.pass(MINUTE_MS);
    expect(host.pagerDuty.incidents).toHaveLength(2);
    expect(host.record.pagings.at(-1)).toMatchObject({ key: `${KEY}/2`, state: "open", incidentId: after?.id });
  });

  it.each(["another user", "nothing else"])("does not adopt one with our digest that says %s", async (what) => {
    const relay = await start();
    const request = accessRequest();
    const context = { cluster: CLUSTER, digest: digestOf(CLUSTER, request), decisions: DECISIONS, shortened: false };
    const { text } = bodyFor({ ...request, user: "mallory" }, { ...context, proxyAddress: null, remarks: [] });
    const details = what === "nothing else" ? (/^Digest: .*$/m.exec(text)?.[0] ?? "") : text;
    const planted = host.pagerDuty.as(CAROL.id).open({ title: "x", serviceId: SERVICE, incidentKey: KEY, details });
    relay.request();
    await host.settled();
    expect(host.ledger.requestOf(planted.id)).toBeUndefined();
    expect(host.record.pagings).toMatchObject([{ state: "closed" }, { key: `${KEY}/2`, state: "open" }]);
  });

  it("goes by the service's escalation policy where the incident was found", async () => {
    const relay = await start();
    host.meddle("POST", /^\/incidents$/, "answer lost");
    relay.request();
    await host.settled();
    host.pagerDuty.addEscalationPolicy({ id: "PMALLORY", name: "Mallory alone", levels: [[CAROL.id]] });
    onlyIncident().policyId = "PMALLORY";
    await host.pass(MINUTE_MS);
    expect(host.record.pagings[0]).toMatchObject({ state: "open", escalationPolicyId: POLICY });
  });

  it("opens no second one when the look-up failed and somebody resolved the first meanwhile", async () => {
    const relay = await start();
    const { text } = bodyFor(accessRequest(), {
      cluster: CLUSTER,
      digest: digestOf(CLUSTER, accessRequest()),
      decisions: DECISIONS,
      shortened: false,
      proxyAddress: null,
      remarks: [],
    });
    const ours = host.pagerDuty.as(BOT.id).open({ title: "x", serviceId: SERVICE, incidentKey: KEY, details: text });
    host.meddle("GET", /^\/incidents$/, "lost");
    relay.request();
    await host.settled();
    host.pagerDuty.as(BOB.id).resolve(ours.id);
    await host.pass(MINUTE_MS);
    expect([host.pagerDuty.incidents.length, host.record.pagings]).toMatchObject([1, [{ incidentId: ours.id }]]);
  });

  it("tells what PagerDuty says when it takes not even the shortest text", async () => {
    const limits = { titleCharacters: 10, detailsCharacters: 10, noteCharacters: 25_000, notesPerIncident: 2000 };
    const relay = await start({}, { limits });
    relay.request();
    await host.settled();
    expect(relay.last("health").pagerduty.problem).toMatch(/^PagerDuty POST \/incidents: invalid \(400/);
  });

  it("notes it when a person resolved it before the answer came", async () => {
    const relay = await start();
    host.meddle("POST", /^\/incidents$/, "answer lost");
    relay.request();
    await host.settled();
    host.pagerDuty.as(BOB.id).resolve(onlyIncident().id);
    await host.pass(MINUTE_MS);
    expect([host.pagerDuty.incidents.length, notesOn(onlyIncident().id)]).toEqual([
      1,
      [expect.stringMatching(/still pending/)],
    ]);
  });

  it("pages again when a person merged it before the answer came", async () => {
    const relay = await start();
    host.meddle("POST", /^\/incidents$/, "answer lost");
    relay.request();
    await host.settled();
    const other = host.pagerDuty.as(BOB.id).open({ title: "an outage", serviceId: SERVICE });
    host.pagerDuty.as(BOB.id).merge(onlyIncident().id, other.id);
    await host.pass(MINUTE_MS);
    expect(host.record.pagings).toMatchObject([{ state: "closed" }, { key: `${KEY}/2`, state: "open" }]);
    expect(notesOn(other.id)).toEqual([expect.stringContaining(`${KEY}/2`)]);
    expect(host.pagerDuty.incident(other.id).status).toBe("triggered");
  });

  it("writes less when PagerDuty finds the text too long, and then says that not everything is shown", async () => {
    const relay = await start(
      {},
      { limits: { titleCharacters: 1024, detailsCharacters: 2500, noteCharacters: 25_000, notesPerIncident: 2000 } },
    );
    relay.request({ roles: Array.from({ length: 150 }, (_, n) => `a-role-of-some-length-${n}`), reason: "" });
    await host.pass(MINUTE_MS);
    expect(onlyIncident().details).toContain("NOT EVERYTHING IS SHOWN");
    expect(host.record.pagings[0]).toMatchObject({ shortened: true, shown: false });
  });

  it("uses the priority that is asked for, and says so when there is none of that name", async () => {
    const relay = await start({ priority: "p1" });
    const priority = host.pagerDuty.account.addPriority({ name: "P1" });
    relay.request();
    await host.settled();
    expect(onlyIncident().priorityId).toBe(priority.id);
    await host.stop();
    const other = await start({ priority: "p9" });
    other.request();
    await host.settled();
    expect([onlyIncident().priorityId, host.ledger.faults(1)[0]?.what]).toEqual([null, expect.stringContaining("p9")]);
  });
});

describe("a request that a relay brings while it connects", () => {
  const NAMED = { annotations: { pagerduty_notify_service: ["Production access"] } };

  /** The incident of a request that PagerDuty still has and the ledger has lost, with a life of the object that is new. */
  async function forgotten(change: Parameters<ScriptedRelay["request"]>[0] = {}): Promise<string> {
    const relay = await start();
    relay.request(change);
    await host.settled();
    forgetRequests();
    host.crash();
    return onlyIncident().id;
  }

  it("is looked for before it is paged, and one that comes once all are told is paged at once", async () => {
    host = await Host.start();
    const relay = host.connect().hello();
    const asked = () => host.pagerDuty.calls.flatMap(({ method, path }) => (path === "/incidents" ? [method] : []));
    relay.request();
    await host.settled();
    expect(asked()).toEqual(["GET", "POST"]);
    relay.synced();
    relay.request({ id: "another" });
    await host.settled();
    expect(asked()).toEqual(["GET", "POST", "POST"]);
  });

  it("leaves no incident open when it is over before PagerDuty lets itself be asked", async () => {
    const id = await forgotten();
    host.pagerDuty.failNext("* /incidents", 429);
    const relay = host.connect().hello();
    relay.request();
    await host.settled();
    relay.ended("denied");
    await host.pass(MINUTE_MS);
    expect([host.pagerDuty.incidents.length, host.pagerDuty.incident(id).status]).toEqual([1, "resolved"]);
    expect(notesOn(id)).toEqual(["Access request has been denied."]);
  });

  it("is answered by who clicks before it is known where it was paged", async () => {
    const id = await forgotten(NAMED);
    host.meddle("GET", /^\/services$/, "lost");
    const relay = host.connect().hello();
    relay.request(NAMED);
    await host.settled();
    host.deliver(noteEvent(id, "/approve", { id: "01EARLY" }));
    expect([host.record.pagings, host.ledger.heldCount()]).toEqual([[], 1]);
    await host.pass(MINUTE_MS);
    expect(relay.last("decide")).toMatchObject({ clickId: "01EARLY" });
    expect(host.pagerDuty.incidents).toHaveLength(1);
  });
});

describe("an end", () => {
  it("is told and then resolved", async () => {
    const { relay, id } = await open();
    relay.ended("denied", { who: "dave", why: "no" });
    await host.settled();
    expect(notesOn(id)).toEqual(["Access request has been denied by dave.\nReason: no"]);
    expect(host.pagerDuty.incident(id).status).toBe("resolved");
  });

  it("opens nothing when nothing was opened yet", async () => {
    const relay = await start();
    host.meddle("POST", /^\/incidents$/, "lost");
    relay.request();
    await host.settled();
    relay.ended("denied");
    await host.pass(3 * MINUTE_MS);
    expect([host.pagerDuty.incidents, host.record.pagings[0]?.state]).toEqual([[], "closed"]);
  });

  it("asks PagerDuty for nothing that it has not been asked to open", async () => {
    const relay = await start();
    host.pagerDuty.failNext("POST /incidents", 429);
    relay.request();
    await host.settled();
    relay.ended("denied");
    await host.pass(3 * MINUTE_MS);
    expect([host.pagerDuty.countCalls("* /incidents"), host.record.pagings[0]?.state]).toEqual([1, "closed"]);
  });

  it("leaves no incident open whose call lands late", async () => {
    const relay = await start();
    host.meddle("POST", /^\/incidents$/, "late");
    relay.request();
    await host.settled();
    relay.ended("denied");
    await host.settled();
    await host.letGo();
    await host.pass(3 * MINUTE_MS);
    expect([onlyIncident().status, notesOn(onlyIncident().id).length]).toEqual(["resolved", 1]);
  });

  it("reaches an incident whose create was under way", async () => {
    const relay = await start();
    relay.request();
    relay.ended("deleted");
    await host.settled();
    await host.pass(MINUTE_MS);
    expect([onlyIncident().status, notesOn(onlyIncident().id)]).toEqual([
      "resolved",
      ["Access request has been deleted."],
    ]);
  });

  it("is fine with an incident that somebody resolved", async () => {
    const { relay, id } = await open();
    host.pagerDuty.as(BOB.id).resolve(id);
    relay.ended("denied");
    await host.settled();
    expect([notesOn(id).length, host.record.pagings[0]?.state]).toEqual([1, "closed"]);
  });

  it("is over with an incident that was deleted, and says so", async () => {
    const { relay, id } = await open();
    host.pagerDuty.account.incidents.delete(id);
    relay.ended("denied");
    await host.pass(MINUTE_MS);
    expect(host.record.pagings[0]?.state).toBe("closed");
    expect(host.ledger.faults(5).map(({ what }) => what)).toContainEqual(expect.stringContaining(`${id} is gone`));
  });

  it.each(["lost", "answer lost"] as const)("writes its note once and resolves: %s", async (how) => {
    const { relay, id } = await open();
    host.meddle("POST", /notes$/, how);
    relay.ended("denied");
    await host.pass(MINUTE_MS);
    expect([notesOn(id).length, host.pagerDuty.incident(id).status]).toEqual([1, "resolved"]);
    expect(host.record.pagings[0]?.noteIds).toEqual(host.pagerDuty.incident(id).notes.map((note) => note.id));
  });

  it("takes no other's note for its own", async () => {
    const { relay, id } = await open();
    host.pagerDuty.as(BOB.id).note(id, "Access request has been denied.");
    host.meddle("POST", /notes$/, "lost");
    relay.ended("denied");
    await host.pass(MINUTE_MS);
    expect(host.pagerDuty.incident(id).notes.map(({ author }) => author?.id)).toEqual([BOB.id, BOT.id]);
  });

  it("resolves when the resolving itself had no answer", async () => {
    const { relay, id } = await open();
    host.meddle("PUT", /incidents/, "answer lost");
    relay.ended("denied");
    await host.pass(MINUTE_MS);
    expect([host.pagerDuty.incident(id).status, host.record.pagings[0]?.state]).toEqual(["resolved", "closed"]);
  });

  it("still tells a person who clicks after it", async () => {
    const { relay, id } = await open();
    relay.ended("approved");
    await host.settled();
    host.deliver(noteEvent(id, "/deny"));
    await host.settled();
    relay.outcome({
      result: "refused",
      refusal: "not_pending",
      state: "APPROVED",
      detail: "Access ends at noon; tctl lock ends it now.",
    });
    await host.settled();
    expect(notesOn(id).at(-1)).toMatch(/^Not denied for Bob Birch .* tctl lock ends it now\.$/);
  });
});

describe("a merge", () => {
  it("pages again, and what was merged away stays as it is", async () => {
    const { relay, id } = await open();
    const other = host.pagerDuty.as(BOB.id).open({ title: "an outage", serviceId: SERVICE });
    host.pagerDuty.as(BOB.id).merge(id, other.id);
    host.deliver(resolvedEvent(id, { mergedInto: other.id }));
    host.deliver(resolvedEvent(id, { mergedInto: other.id }));
    await host.pass(MINUTE_MS);
    expect(host.pagerDuty.incidents).toHaveLength(3);
    expect(notesOn(other.id)).toHaveLength(1);
    relay.bound();
    relay.ended("denied");
    await host.settled();
    expect(host.pagerDuty.incidents.map(({ status }) => status)).toEqual(["resolved", "triggered", "resolved"]);
  });
});

describe("who clicked", () => {
  it("is looked up, with the levels at the time of the click where the relay asks for them", async () => {
    const { relay, id } = await open();
    relay.raw(hello());
    const asking = host.connect().hello({ asksOnCall: true });
    asking.synced();
    host.deliver(noteEvent(id, "/approve thanks", { agent: { id: CAROL.id, type: "user_reference" } }));
    await host.settled();
    expect(asking.last("decide").word).toMatchObject({
      email: CAROL.email,
      name: CAROL.name,
      onCallLevels: [2],
      botUserId: BOT.id,
      shown: true,
      reason: "thanks",
    });
    expect(host.record.pagings[0]?.escalationPolicyId).toBe(POLICY);
  });

  it("is nobody when the user was deleted since", async () => {
    const { relay, id } = await open();
    host.pagerDuty.account.removeUser(CAROL.id);
    host.deliver(noteEvent(id, "/deny", { agent: { id: CAROL.id, type: "user_reference" } }));
    await host.settled();
    expect(relay.last("decide").word).toMatchObject({ email: null, name: null });
  });

  it("is known by their id alone where our key may not look people up, and that is said", async () => {
    const { relay, id } = await open();
    host.pagerDuty.failNext("GET /users/*", 403);
    host.deliver(noteEvent(id, "/deny"));
    await host.settled();
    expect(relay.last("decide").word).toMatchObject({ email: null, name: null });
    expect(host.ledger.faults(1)[0]?.what).toMatch(/without its author's e-mail address: .*403/);
  });

  it("is asked again, never assumed, when PagerDuty does not answer", async () => {
    const { relay, id } = await open();
    host.pagerDuty.failNext("GET /users/*", 500, undefined, { times: 3 });
    host.deliver(noteEvent(id, "/deny"));
    await host.settled();
    expect(relay.socket.all("decide")).toEqual([]);
    await host.pass(5 * MINUTE_MS);
    expect(relay.last("decide").word.email).toBe(BOB.email);
  });
});

describe("a pressed button", () => {
  const URL_ANYWHERE = "http://127.0.0.1:1/actions/approve";

  async function press(
    label = "Approve Request",
    agent = BOB.id,
  ): Promise<{ relay: ScriptedRelay; id: string; entryId: string }> {
    const { relay, id } = await open();
    host.pagerDuty.addAction({ name: label, url: URL_ANYWHERE, serviceIds: [SERVICE] });
    return { relay, id, entryId: host.pagerDuty.as(agent).pressAction(id, label).id };
  }
  const decides = (relay: ScriptedRelay) => relay.socket.all("decide");

  it("is re-read and passed on with the bytes of its log entry", async () => {
    const { relay, id, entryId } = await press();
    host.board.act("approve", pressPayload(id, entryId));
    host.board.act("approve", pressPayload(id, entryId));
    await host.settled();
    expect(decides(relay)).toMatchObject([
      { clickId: entryId, evidence: { kind: "action", action: "approve", token: "the-approve-token-01" } },
    ]);
  });

  it.each([
    ["the other button", "Deny Request", "approve"],
    ["a button of somebody else's", "Restart Server", "approve"],
  ] as const)("counts for nothing when its log entry names %s", async (_, label, verdict) => {
    const { relay, id, entryId } = await press(label);
    host.board.act(verdict, pressPayload(id, entryId));
    await host.settled();
    expect([decides(relay), host.record.decisions[0]?.state]).toEqual([[], "void"]);
    expect(host.ledger.faults(1)[0]?.what).toContain(entryId);
  });

  it("counts for nothing when it was pressed on another incident", async () => {
    const { relay, id } = await press();
    const other = host.pagerDuty.as(BOB.id).open({ title: "an outage", serviceId: SERVICE });
    const elsewhere = host.pagerDuty.as(BOB.id).pressAction(other.id, "Approve Request");
    host.board.act("approve", pressPayload(id, elsewhere.id));
    await host.settled();
    expect([decides(relay), host.record.decisions[0]?.state]).toEqual([[], "void"]);
  });

  it("counts for nothing on an incident that is not ours", async () => {
    await press();
    host.board.act("approve", pressPayload("QOTHER", "R1"));
    await host.settled();
    expect([host.record.decisions, host.ledger.heldCount()]).toEqual([[], 0]);
  });

  it("is read again soon when PagerDuty does not show it yet", async () => {
    const { relay, id, entryId } = await press();
    host.pagerDuty.failNext(`GET /log_entries/${entryId}`, 404);
    host.board.act("approve", pressPayload(id, entryId));
    await host.settled();
    expect(decides(relay)).toEqual([]);
    await host.pass(1000);
    expect(decides(relay)).toHaveLength(1);
    expect(host.ledger.faults(5)).toEqual([]);
  });

  it("counts for nothing when it never shows", async () => {
    const { relay, id } = await press();
    host.board.act("approve", pressPayload(id, "RFORGED"));
    await host.pass(3 * MINUTE_MS);
    expect([decides(relay), host.record.decisions[0]?.state]).toEqual([[], "void"]);
  });

  it("is kept when it comes before the create's answer", async () => {
    const relay = await start();
    host.meddle("POST", /^\/incidents$/, "answer lost");
    relay.request();
    await host.settled();
    host.pagerDuty.addAction({ name: "Deny Request", url: URL_ANYWHERE, serviceIds: [SERVICE] });
    const { id } = onlyIncident();
    host.board.act("deny", pressPayload(id, host.pagerDuty.as(BOB.id).pressAction(id, "Deny Request").id));
    await host.pass(MINUTE_MS);
    expect(relay.last("decide")).toMatchObject({ evidence: { kind: "action", action: "deny" } });
    expect(host.ledger.heldCount()).toBe(0);
  });
});

describe("ids from outside", () => {
  it.each(["../users/PBOB001", "Q1?x=1", "Q/2", ""])("never reach another path: %j", async (logEntryId) => {
    const { id } = await open();
    const calls = host.pagerDuty.calls.length;
    host.board.act("approve", pressPayload(id, logEntryId));
    await host.settled();
    expect(host.pagerDuty.calls).toHaveLength(calls);
  });
});
