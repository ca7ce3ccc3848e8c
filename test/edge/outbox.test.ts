import { afterEach, describe, expect, it } from "vitest";
import { Ledger } from "../../edge/ledger.ts";
import { MAX_TASKS_AT_ONCE, MENDING_RETRY_MS, Outbox, type Worker } from "../../edge/outbox.ts";
import { faultForAnswer, faultForSilence, PagerDutyError } from "../../edge/pagerduty/error.ts";
import { FRESH_PACE } from "../../edge/pagerduty/pace.ts";
import { Requests } from "../../edge/requests.ts";
import { incidentOpened, noteWritten } from "../../edge/steps/paging.ts";
import { createLogger } from "../../shared/log.ts";
import { NodeSql } from "../fakes/node-sql.ts";
import { Host, type ScriptedRelay } from "./host.ts";
import { accessRequest, CLUSTER, NOW, noteEvent, OPENED, REQUEST_ID, RETAIN_MS, routedTo, SERVICE } from "./samples.ts";

const MINUTE_MS = 60_000;

/** An outbox over a ledger, whose worker a test writes. */
function outboxWith(work: Worker) {
  const sql = new NodeSql();
  const ledger = new Ledger(sql);
  const clock = { nowMs: NOW };
  const troubles: (string | null)[] = [];
  const lines: string[] = [];
  const outbox = new Outbox({
    ledger,
    requests: () => requests,
    work,
    now: () => clock.nowMs,
    random: () => 0,
    log: createLogger({ severity: "info", format: "text", now: () => clock.nowMs, write: (line) => lines.push(line) }),
    pace: () => FRESH_PACE,
    trouble: (problem) => troubles.push(problem),
    waits: () => {},
  });
  const requests = new Requests({
    cluster: CLUSTER,
    ledger,
    now: () => clock.nowMs,
    retainMs: RETAIN_MS,
    route: () => routedTo(SERVICE),
    knownIdentity: () => undefined,
    botId: () => undefined,
    changed: (record, before) => outbox.changed(record, before),
  });
  return { outbox, requests, ledger, clock, troubles, lines };
}

/** Enough turns of the microtask queue for work that does nothing to end. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

const answered = (status: number, retryAfterMs: number | null = null) =>
  new PagerDutyError(
    "POST /incidents",
    faultForAnswer(status, new Uint8Array(), { write: true, retryAfterMs, secret: "key" }),
  );

describe("the outbox", () => {
  it("does at most so many things at once, and then the rest", async () => {
    let atOnce = 0;
    let most = 0;
    let calls = 0;
    const { requests } = outboxWith(async (record, task) => {
      most = Math.max(most, ++atOnce);
      calls += 1;
      await turns();
      atOnce -= 1;
      if (task.task === "open") {
        const opened = { ...OPENED, incidentId: `Q${record.request.id}` };
        requests.change(record.request.id, (r) =>
          incidentOpened(r, task.paging.id, opened, { shown: true, nowMs: NOW }),
        );
      }
    });
    for (let n = 0; n < 100; n++) requests.seen(accessRequest({ id: `r${n}` }));
    for (let n = 0; n < 40; n++) await turns();
    expect([most, calls, atOnce]).toEqual([MAX_TASKS_AT_ONCE, 100, 0]);
  });

  it("does not begin what is under way, however often it is told", async () => {
    let calls = 0;
    const { requests, outbox, ledger } = outboxWith(() => {
      calls += 1;
      return new Promise(() => {});
    });
    requests.seen(accessRequest());
    outbox.beginDue();
    const record = ledger.load(REQUEST_ID);
    if (record) outbox.begin(record);
    expect(calls).toBe(1);
  });

  it("knows what cannot have been tried: only while it is remembered, and until a doubtful attempt", async () => {
    const fresh: boolean[] = [];
    const faults = [
      answered(429),
      new PagerDutyError("POST /incidents", faultForSilence("timeout", true)),
      answered(429),
    ];
    const { requests, outbox, clock } = outboxWith(async (_record, _task, isFresh) => {
      fresh.push(isFresh);
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      await new Promise(() => {});
    });
    requests.seen(accessRequest());
    for (let n = 0; n < 4; n++) {
      await turns();
      clock.nowMs += MINUTE_MS;
      outbox.beginDue();
    }
    expect(fresh).toEqual([true, true, false, false]);
  });

  it("looks for no note that came up now, also behind others", async () => {
    const fresh: [string, boolean][] = [];
    const { requests } = outboxWith(async (record, task, isFresh) => {
      fresh.push([task.id, isFresh]);
      await turns();
      if (task.task === "open")
        requests.change(record.request.id, (r) =>
          incidentOpened(r, task.paging.id, OPENED, { shown: true, nowMs: NOW }),
        );
      if (task.task === "note")
        requests.change(record.request.id, (r) => noteWritten(r, task.paging.id, `PN${task.id}`, NOW));
    });
    const review = { author: "dave", proposedState: "DENIED", reason: "", createdMs: NOW } as const;
    requests.seen(accessRequest({ reviews: [review, review, review] }));
    for (let n = 0; n < 10; n++) await turns();
    expect(fresh.map(([id, isFresh]) => `${id} ${isFresh}`)).toEqual([
      `${SERVICE}/1 true`,
      `${SERVICE}/1#1 true`,
      `${SERVICE}/1#2 true`,
      `${SERVICE}/1#3 true`,
    ]);
  });

  it("stops for everybody when PagerDuty asks for a pause, and goes on after it", async () => {
    let calls = 0;
    const { requests, outbox, clock, troubles } = outboxWith(async () => {
      calls += 1;
      if (calls === 1) throw answered(429, 600_000);
      await new Promise(() => {});
    });
    requests.seen(accessRequest());
    await turns();
    requests.seen(accessRequest({ id: "another" }));
    outbox.beginDue();
    expect([calls, outbox.pausedUntilMs, troubles]).toEqual([1, NOW + 600_000, []]);
    clock.nowMs += 600_000;
    outbox.beginDue();
    expect(calls).toBe(3);
  });

  it("keeps the place of whatever was refused for the rate alone", async () => {
    const { requests, ledger } = outboxWith(async () => {
      throw answered(429, 600_000);
    });
    requests.seen(accessRequest());
    await turns();
    expect(ledger.load(REQUEST_ID)?.pagings).toMatchObject([{ attempts: 0, dueMs: NOW }]);
  });

  it("stops for everybody while the credential is refused, and asks again after a minute", async () => {
    let calls = 0;
    const { requests, outbox, clock } = outboxWith(async () => {
      calls += 1;
      throw answered(401);
    });
    requests.seen(accessRequest());
    await turns();
    requests.seen(accessRequest({ id: "another" }));
    outbox.beginDue();
    expect([calls, outbox.resumesMs]).toEqual([1, NOW + MENDING_RETRY_MS]);
    clock.nowMs += MENDING_RETRY_MS;
    outbox.beginDue();
    expect(calls).toBe(3);
  });

  it("pauses a second where PagerDuty does not say how long", async () => {
    const { requests, outbox } = outboxWith(async () => {
      throw answered(429);
    });
    requests.seen(accessRequest());
    await turns();
    expect(outbox.pausedUntilMs).toBe(NOW + 1000);
  });

  it.each([
    ["a credential that is refused", answered(401), MENDING_RETRY_MS],
    ["a service that is gone", answered(404), MENDING_RETRY_MS],
    ["a fault of PagerDuty's", answered(503), 1000],
    ["a fault of ours", new TypeError("oops"), MENDING_RETRY_MS],
  ])("keeps what failed for %s, and shows it", async (_, fault, delayMs) => {
    const { requests, ledger, lines } = outboxWith(async () => {
      throw fault;
    });
    requests.seen(accessRequest());
    await turns();
    expect(ledger.load(REQUEST_ID)?.pagings).toMatchObject([{ state: "opening", attempts: 1, dueMs: NOW + delayMs }]);
    expect(lines.join("\n")).toContain(REQUEST_ID);
  });
});

describe("the outbox over a real network", () => {
  let host: Host;
  let relay: ScriptedRelay;
  afterEach(() => host.stop());

  async function start() {
    host = await Host.start();
    relay = host.connect().hello();
    relay.synced();
  }

  it("tells the relays of a refused credential, keeps everything, and recovers", async () => {
    await start();
    await host.settled();
    host.pagerDuty.failNext("POST /incidents", 401, { error: { message: "Unauthorized", code: 2006 } });
    relay.request();
    await host.settled();
    expect(relay.last("health").pagerduty).toMatchObject({
      ok: false,
      problem: expect.stringContaining("unauthorized"),
    });
    await host.pass(MENDING_RETRY_MS);
    expect([relay.last("health").pagerduty.ok, host.pagerDuty.incidents.length]).toEqual([true, 1]);
  });

  it("opens each incident once through ten minutes of rate limits", async () => {
    await start();
    await host.settled();
    host.pagerDuty.failNext("* /**", 429, undefined, {
      times: 5,
      headers: { "ratelimit-reset": "120", "ratelimit-limit": "960", "ratelimit-remaining": "0" },
    });
    for (let n = 0; n < 30; n++) relay.request({ id: `r${n}`, requestExpiresMs: null });
    await host.pass(15 * MINUTE_MS);
    expect(host.pagerDuty.incidents).toHaveLength(30);
    expect(new Set(host.pagerDuty.incidents.map(({ incidentKey }) => incidentKey)).size).toBe(30);
  });

  it("does not let one request wait for another", async () => {
    await start();
    host.pagerDuty.hang("POST /incidents", { afterEffect: true });
    relay.request({ id: "stuck" });
    await host.pagerDuty.waitForIncident(({ incidentKey }) => incidentKey?.endsWith("stuck") === true);
    // One that hangs is enough.
    const held = host.pagerDuty.waitForIncident(({ incidentKey }) => incidentKey?.endsWith("free") === true);
    relay.request({ id: "free" });
    await held;
    host.pagerDuty.release();
    await host.settled();
    expect(host.pagerDuty.incidents).toHaveLength(2);
  });

  it("retries one as soon as it is due, though others are still under way", async () => {
    await start();
    await host.settled();
    host.pagerDuty.hang("POST /incidents", { afterEffect: true });
    relay.request({ id: "stuck" });
    await host.pagerDuty.waitForIncident(() => true);
    host.meddle("POST", /^\/incidents$/, "lost");
    relay.request({ id: "unlucky" });
    await new Promise((done) => setImmediate(done));
    expect(host.alarmMs).toBe(NOW + 1000);
    host.pagerDuty.release();
  });

  /** A whole life: a request that somebody reviews, a refused click, an approval, the end. */
  async function live(): Promise<void> {
    const play = async (act: () => void) => {
      act();
      await host.settled();
    };
    await play(() => relay.request());
    const incident = () => host.pagerDuty.incidents[0]?.id ?? "none";
    await play(() => {
      if (relay.socket.isOpen && relay.socket.all("bind").length > 0) relay.bound();
    });
    await play(() => host.deliver(noteEvent(incident(), "/approve", { id: "01FIRST", atMs: host.nowMs })));
    await play(() => host.deliver(noteEvent(incident(), "aprove this", { id: "01NEAR" })));
    await play(() => host.deliver(noteEvent(incident(), "/deny no", { id: "01SECOND", atMs: host.nowMs })));
    await host.pass(MINUTE_MS);
  }

  async function finish(): Promise<void> {
    relay = host.connect().hello();
    relay.request();
    relay.synced();
    await host.pass(2 * MINUTE_MS);
    if (relay.socket.all("bind").length > 0) relay.bound();
    // Whoever takes over is asked again for every click that has no outcome.
    for (const { clickId, epoch, requestId } of relay.socket.all("decide")) {
      const outcome =
        clickId === "01FIRST"
          ? { result: "refused", refusal: "stale", state: "PENDING", detail: "" }
          : { result: "applied", state: "DENIED" };
      relay.say({ type: "outcome", requestId, clickId, epoch, outcome });
    }
    await host.pass(5 * MINUTE_MS);
  }

  const POINTS = Array.from({ length: 8 }, (_, call) => call + 1);

  it.each(POINTS)("loses nothing and doubles nothing when its object dies after call %i", async (point) => {
    await start();
    await host.settled();
    host.callsLeft = point;
    // PagerDuty sends a delivery again until it is answered 202; here, to the next object.
    try {
      await live();
    } catch (error) {
      expect(String(error)).toContain("this object's life is over");
    }
    host.crash();
    await host.pass(MINUTE_MS);
    relay = host.connect().hello();
    relay.request();
    relay.synced();
    await host.pass(MINUTE_MS);
    const incident = host.pagerDuty.incidents[0]?.id ?? "none";
    host.deliver(noteEvent(incident, "/approve", { id: "01FIRST", atMs: NOW }));
    host.deliver(noteEvent(incident, "/deny no", { id: "01SECOND", atMs: NOW }));
    await host.pass(MINUTE_MS);
    await finish();
    expect(host.pagerDuty.incidents.map(({ status }) => status)).toEqual(["resolved"]);
    const notes = host.pagerDuty.incident(incident).notes.map(({ content }) => content);
    expect(notes.filter((text) => text.startsWith("Access request has been denied by Bob Birch"))).toHaveLength(1);
    expect(notes.filter((text) => text.startsWith("Not approved for Bob Birch"))).toHaveLength(1);
    expect(new Set(notes).size).toBe(notes.length);
    expect(host.record.decisions.map(({ clickId, state }) => `${clickId} ${state}`)).toEqual([
      "01FIRST decided",
      "01SECOND decided",
    ]);
  });
});
