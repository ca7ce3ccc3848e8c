import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PagerDutyCredentials } from "../edge/config/cluster-config.ts";
import { PagerDutyError } from "../edge/pagerduty/error.ts";
import { PagerDuty } from "../edge/pagerduty.ts";
import { platformTimer } from "../edge/timer.ts";
import { FakePagerDuty } from "./fakes/pagerduty.ts";

const BOT = { id: "PBOT001", name: "Teleport", email: "teleport-bot@example.com" };
const ALICE = { id: "PALICE1", name: "Alice", email: "Alice@Example.com" };
const SERVICE = "PIJ90N7";
const POLICY = "PPOLICY";
const DRAFT = {
  title: "Access request from bob: dba",
  details: "who, what, why",
  serviceId: SERVICE,
  key: "teleport-access-request/teleport.example.com/1",
  urgency: null,
  priorityId: null,
};

let fake: FakePagerDuty;
let apiKey: string;
let nowMs: number;

beforeEach(async () => {
  nowMs = Date.UTC(2026, 10, 1, 12);
  fake = await FakePagerDuty.start({ now: () => nowMs });
  fake.addUser(BOT);
  fake.addUser(ALICE);
  fake.addEscalationPolicy({ id: POLICY, name: "On call", levels: [[BOT.id], [ALICE.id]] });
  fake.addService({ id: SERVICE, name: "Production access", policyId: POLICY });
  apiKey = fake.credentials.addAccountKey();
});
afterEach(() => fake.stop());

function client(credentials: PagerDutyCredentials = { kind: "api_key", apiKey }, timeoutMs = 5000): PagerDuty {
  const account = { region: "us", apiUrl: fake.url, userEmail: BOT.email, credentials } as const;
  return new PagerDuty({
    account,
    fetch: (request) => fetch(request),
    now: () => nowMs,
    after: platformTimer,
    timeoutMs,
  });
}

async function errorOf(call: Promise<unknown>): Promise<PagerDutyError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PagerDutyError) return error;
  throw new Error(`expected a PagerDutyError, got ${error}`);
}

async function opened(pagerDuty = client()): Promise<string> {
  const creation = await pagerDuty.createIncident(DRAFT);
  if (creation.kind !== "created") throw new Error(creation.kind);
  return creation.incident.id;
}

describe("createIncident", () => {
  it("opens an incident on the service, under the bot's name, with the key", async () => {
    const creation = await client().createIncident({ ...DRAFT, urgency: "low" });
    expect(creation).toMatchObject({
      kind: "created",
      incident: {
        key: DRAFT.key,
        status: "triggered",
        serviceId: SERVICE,
        escalationPolicyId: POLICY,
        title: DRAFT.title,
      },
    });
    expect(fake.incidents[0]).toMatchObject({ details: DRAFT.details, urgency: "low" });
    expect(fake.calls[0]).toMatchObject({ route: "POST /incidents", userId: BOT.id });
  });

  it("needs nothing of the answer but the incident's id", async () => {
    fake.failNext("POST /incidents", 201, { incident: { id: "Q1" } });
    const incident = { id: "Q1", status: "triggered" };
    expect(await client().createIncident(DRAFT)).toMatchObject({ kind: "created", incident });
  });

  it("says so when an open incident has the key, and opens another once that is resolved", async () => {
    const id = await opened();
    expect(await client().createIncident(DRAFT)).toEqual({ kind: "key_in_use" });
    await client().resolveIncident(id);
    expect((await client().createIncident(DRAFT)).kind).toBe("created");
  });

  it("says so when PagerDuty finds a text too long", async () => {
    expect(await client().createIncident({ ...DRAFT, title: "x".repeat(1025) })).toMatchObject({
      kind: "too_long",
      refusal: { status: 400 },
    });
  });

  it.each([
    "Details is too long (maximum is 1024 characters)",
    "body.details must be at most 25000 characters",
    "Title length is limited to 255",
    "The request exceeds the size that is allowed",
  ])("knows it by whichever words: %s", async (words) => {
    fake.failNext("POST /incidents", 400, {
      error: { message: "Invalid Input Provided", code: 2001, errors: [words] },
    });
    expect((await client().createIncident(DRAFT)).kind).toBe("too_long");
  });

  it("may have happened when its answer is lost, and is found by its key then", async () => {
    fake.failNext("POST /incidents", "cut", undefined, { afterEffect: true });
    const error = await errorOf(client().createIncident(DRAFT));
    expect(error).toMatchObject({ code: "unavailable", retryable: true, mayHaveHappened: true, status: null });
    expect(await client().findIncidents(DRAFT)).toHaveLength(1);
  });

  it("is invalid for a service that does not exist", async () => {
    const error = await errorOf(client().createIncident({ ...DRAFT, serviceId: "PNOTHERE" }));
    expect([error.retryable, error.mayHaveHappened]).toEqual([false, false]);
  });
});

describe("findIncidents", () => {
  it("finds incidents of every status and age, with their bodies", async () => {
    await client().resolveIncident(await opened());
    await opened();
    nowMs += 90 * 86_400_000;
    const found = await client().findIncidents(DRAFT);
    expect(found.map(({ status, body }) => [status, body]).sort()).toEqual([
      ["resolved", DRAFT.details],
      ["triggered", DRAFT.details],
    ]);
  });

  it("finds nothing under another key or service", async () => {
    await opened();
    expect(await client().findIncidents({ ...DRAFT, key: `${DRAFT.key}/2` })).toEqual([]);
    expect(await client().findIncidents({ ...DRAFT, serviceId: "POTHER1" })).toEqual([]);
  });

  it("never asks with an empty key", async () => {
    await expect(client().findIncidents({ key: "", serviceId: SERVICE })).rejects.toThrow(RangeError);
    expect(fake.calls).toEqual([]);
  });
});

describe("an incident", () => {
  it("is read with its body, and says what it was merged into", async () => {
    const id = await opened();
    expect(await client().incident(id)).toMatchObject({ id, body: DRAFT.details, mergedInto: null });
    const other = fake.as(ALICE.id).open({ serviceId: SERVICE, title: "another" });
    fake.as(ALICE.id).merge(id, other.id);
    expect(await client().incident(id)).toMatchObject({ status: "resolved", mergedInto: other.id });
  });

  it("gets notes, which are read back with their authors", async () => {
    const id = await opened();
    const noteId = await client().addNote(id, "Access request has been approved");
    fake.as(ALICE.id).note(id, "/approve");
    const notes = await client().notes(id);
    expect(notes.map(({ content, userId }) => [content, userId])).toEqual(
      expect.arrayContaining([
        ["Access request has been approved", BOT.id],
        ["/approve", ALICE.id],
      ]),
    );
    expect(notes.map((note) => note.id)).toContain(noteId);
  });

  it("is resolved once, and resolving it again is fine", async () => {
    const id = await opened();
    await client().resolveIncident(id);
    await client().resolveIncident(id);
    expect(fake.incident(id).status).toBe("resolved");
  });

  it.each(["../users", "..", "", "P1/notes", "P1?x", "x".repeat(65)])(
    "under the id %j is not asked for",
    async (id) => {
      const error = await errorOf(client().incident(id));
      expect([error.code, error.retryable, fake.calls.length]).toEqual(["not_found", false, 0]);
    },
  );
});

describe("people", () => {
  it("are read by id and found by their exact address, whatever its case", async () => {
    expect(await client().user(ALICE.id)).toEqual(ALICE);
    expect(await client().userByEmail("ALICE@example.com")).toEqual(ALICE);
    expect(await client().userByEmail("alice@example.co")).toBeUndefined();
  });

  it("are found on a later page", async () => {
    for (let index = 0; index < 250; index++) fake.addUser({ name: `zed ${index}`, email: `zed${index}@example.com` });
    expect(await client().userByEmail("zed249@example.com")).toMatchObject({ name: "zed 249" });
  });

  it("are on call at the levels of their policy at that instant", async () => {
    const startMs = nowMs - 3_600_000;
    fake.setOnCall(POLICY, [[BOT.id], [{ userId: ALICE.id, startMs, endMs: nowMs }], [ALICE.id]]);
    const levels = (atMs: number) => client().onCallLevels({ userId: ALICE.id, escalationPolicyId: POLICY, atMs });
    expect(await levels(nowMs - 60_000)).toEqual([2, 3]);
    expect(await levels(nowMs + 60_000)).toEqual([3]);
    expect(await client().onCallLevels({ userId: ALICE.id, escalationPolicyId: "POTHER1", atMs: nowMs })).toEqual([]);
  });

  it.each<[string, { startMs?: number; endMs?: number }, boolean]>([
    ["always", {}, true],
    ["until just then", { endMs: 0 }, false],
    ["until a moment later", { endMs: 1 }, true],
    ["from just then", { startMs: 0 }, true],
    ["from the next second", { startMs: 500 }, false],
    ["until the second before", { endMs: -500 }, false],
    ["for one shift around it", { startMs: -3_600_000, endMs: 3_600_000 }, true],
    ["for a shift that is over", { startMs: -7_200_000, endMs: -3_600_000 }, false],
    ["for a shift to come", { startMs: 3_600_000 }, false],
  ])("are on call at a click within a second when they are so %s", async (_, { startMs, endMs }, isOnCall) => {
    const atMs = nowMs + 500;
    const shift = {
      userId: ALICE.id,
      ...(startMs !== undefined && { startMs: atMs + startMs }),
      ...(endMs !== undefined && { endMs: atMs + endMs }),
    };
    fake.setOnCall(POLICY, [[BOT.id], [shift]]);
    const levels = await client().onCallLevels({ userId: ALICE.id, escalationPolicyId: POLICY, atMs });
    expect(levels).toEqual(isOnCall ? [2] : []);
  });

  it("are on call once a level, however many entries say so, as the whole team is on the last", async () => {
    const team = Array.from({ length: 130 }, (_, n) => fake.addUser({ name: `T${n}`, email: `t${n}@example.com` }).id);
    const shifts = team.map((_, n) => ({ userId: ALICE.id, scheduleId: `PS${n}` }));
    fake.setOnCall(POLICY, [[ALICE.id, ...shifts], [BOT.id], [...team, ALICE.id]]);
    const of = (userId: string) => client().onCallLevels({ userId, escalationPolicyId: POLICY, atMs: nowMs });
    expect([await of(ALICE.id), await of(BOT.id), await of(team[129] ?? "")]).toEqual([[1, 3], [2], [3]]);
  });
});

describe("what else is read", () => {
  it("a service and the account's abilities", async () => {
    expect(await client().service(SERVICE)).toMatchObject({ name: "Production access", escalationPolicyId: POLICY });
    expect(await client().abilities()).toContain("teams");
  });

  it("a log entry, as the bytes that came", async () => {
    const id = await opened();
    fake.addAction({ name: "Approve Request", url: `${fake.url}/nowhere`, serviceIds: [SERVICE] });
    const entry = await fake.as(ALICE.id).pressAction(id, "Approve Request");
    const raw = await client().logEntry(entry.id);
    expect(JSON.parse(new TextDecoder().decode(raw))).toMatchObject({ log_entry: { id: entry.id } });
  });
});

describe("faults", () => {
  it.each([
    [400, { error: { message: "Invalid Input Provided", code: 2001, errors: ["x"] } }, "invalid", false, false],
    [401, { error: { message: "no", code: 2006 } }, "unauthorized", false, false],
    [402, {}, "missing_ability", false, false],
    [403, { error: { message: "Access Denied", code: 2010 } }, "forbidden", false, false],
    [404, { error: { message: "Not Found", code: 2100 } }, "not_found", false, false],
    [408, {}, "unavailable", true, true],
    [409, {}, "conflict", true, false],
    [429, { error: { message: "Rate Limit Exceeded", code: 2020 } }, "rate_limited", true, false],
    [500, "not JSON", "unavailable", true, true],
    [503, {}, "unavailable", true, true],
    [302, {}, "unreadable", true, true],
  ])("%i becomes a fault of its own", async (status, body, code, retryable, mayHaveHappened) => {
    const id = await opened();
    fake.failNext("POST /incidents/*/notes", status, body);
    const error = await errorOf(client().addNote(id, "hello"));
    expect(error).toMatchObject({ code, retryable, mayHaveHappened, status });
  });

  it("of a read never may have happened", async () => {
    fake.failNext("GET /users/*", 500);
    expect(await errorOf(client().user(ALICE.id))).toMatchObject({ code: "unavailable", mayHaveHappened: false });
  });

  it("say how long PagerDuty asks to wait, if it does", async () => {
    fake.failNext(
      "GET /users/*",
      429,
      {},
      { headers: { "ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": "17" } },
    );
    const pagerDuty = client();
    expect(await errorOf(pagerDuty.user(ALICE.id))).toMatchObject({ code: "rate_limited", retryAfterMs: 17_000 });
    expect(pagerDuty.budget).toEqual({ limit: 960, remaining: 0, resetMs: nowMs + 17_000 });
    fake.rateLimit.options = { perMinute: null, omitHeaders: true };
    fake.failNext("GET /users/*", 429);
    expect(await errorOf(client().user(ALICE.id))).toMatchObject({ code: "rate_limited", retryAfterMs: null });
  });

  it("come without a call while the account's rate allows none", async () => {
    fake.failNext("GET /users/*", 429, {}, { headers: { "ratelimit-reset": "17" } });
    const pagerDuty = client();
    await errorOf(pagerDuty.user(ALICE.id));
    const calls = fake.calls.length;
    expect(await errorOf(pagerDuty.user(ALICE.id))).toMatchObject({ code: "rate_limited", retryAfterMs: 17_000 });
    expect([fake.calls.length, (await errorOf(pagerDuty.addNote("Q1", "hm"))).mayHaveHappened]).toEqual([calls, false]);
  });

  it("are timeouts when no answer comes", async () => {
    fake.hang("GET /users/*");
    expect(await errorOf(client(undefined, 50).user(ALICE.id))).toMatchObject({ code: "timeout", retryable: true });
    fake.release();
  });

  it("are unavailable when nobody listens", async () => {
    await fake.down();
    expect(await errorOf(client().user(ALICE.id))).toMatchObject({ code: "unavailable", status: null });
    await fake.up();
  });

  it("are unreadable when an answer is not what it should be", async () => {
    fake.failNext("GET /users/*", 200, { user: { id: 1 } });
    expect(await errorOf(client().user(ALICE.id))).toMatchObject({ code: "unreadable", retryable: true });
  });

  it("hold no credential", async () => {
    const error = await errorOf(client({ kind: "api_key", apiKey: "canary-api-key" }).user(ALICE.id));
    expect(error.code).toBe("unauthorized");
    expect(JSON.stringify([error.message, error.stack, error])).not.toContain("canary");
    expect(fake.callCount("GET /users/{id}")).toBe(1);
  });

  it("hold no credential that PagerDuty repeats to us", async () => {
    const message = `no such key: Authorization: Token token=${apiKey}`;
    fake.failNext("GET /users/*", 401, { error: { message, code: 2006, errors: [apiKey] } });
    const { detail } = await errorOf(client().user(ALICE.id));
    expect(detail).toBe("no such key: Authorization: Token token=…; …");
  });
});

describe("an OAuth app", () => {
  const app = { clientId: "client", clientSecret: "canary-client-secret", lifetimeSeconds: 86_400 };
  const credentials = { kind: "oauth", ...app, subdomain: "harborlight" } as const;
  const scopes = ["incidents.read", "incidents.write", "users.read"];
  beforeEach(() => fake.credentials.addApp({ ...app, scopes }));
  const grants = (): number => grantRequests;
  let grantRequests = 0;
  const counting = (): PagerDuty => {
    grantRequests = 0;
    const account = { region: "us", apiUrl: fake.url, userEmail: BOT.email, credentials } as const;
    const counted = (request: Request): Promise<Response> => {
      if (request.url.endsWith("/oauth/token")) grantRequests += 1;
      return fetch(request);
    };
    return new PagerDuty({ account, fetch: counted, now: () => nowMs, after: platformTimer });
  };

  it("gets one token for many calls, side by side too", async () => {
    const pagerDuty = counting();
    await Promise.all([1, 2, 3].map(() => pagerDuty.user(ALICE.id)));
    await opened(pagerDuty);
    expect(grants()).toBe(1);
  });

  it.each([400, 401, 403])("is not accepted when the grant is refused, whatever the status: %i", async (status) => {
    fake.failNext("POST /oauth/token", status);
    expect(await errorOf(counting().service(SERVICE))).toMatchObject({
      code: "unauthorized",
      retryable: false,
      status,
    });
  });

  it("renews it before it ends", async () => {
    const pagerDuty = counting();
    await pagerDuty.user(ALICE.id);
    nowMs += 86_400_000 - 30_000;
    await pagerDuty.user(ALICE.id);
    expect(grants()).toBe(2);
    expect(fake.calls.map(({ status }) => status)).not.toContain(401);
  });

  it("gets another once when PagerDuty refuses the one it has", async () => {
    const pagerDuty = counting();
    await pagerDuty.user(ALICE.id);
    fake.credentials.revoke(app.clientId);
    fake.credentials.addApp({ ...app, scopes });
    expect(await pagerDuty.user(ALICE.id)).toEqual(ALICE);
    expect(grants()).toBe(2);
  });

  it("that is gone is unauthorized, and one without a scope forbidden", async () => {
    expect(await errorOf(counting().abilities())).toMatchObject({ code: "forbidden", retryable: false });
    fake.credentials.revoke(app.clientId);
    expect(await errorOf(counting().user(ALICE.id))).toMatchObject({ code: "unauthorized", retryable: false });
  });
});
