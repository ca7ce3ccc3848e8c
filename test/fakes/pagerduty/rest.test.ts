/**
 * REST v2: headers, codes, keys, windows, pages, limits.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isRecord } from "./json.ts";
import { BOT, draft, Stage } from "./stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.start();
});

afterEach(() => stage.stop());

describe("the headers of REST", () => {
  it.each<[string, Record<string, string | null>, number, number]>([
    ["refuses an unknown key", { authorization: "Token token=nobody" }, 401, 2006],
    ["refuses a request without a key", { authorization: null }, 401, 2006],
    ["refuses another version", { accept: "application/vnd.pagerduty+json;version=1" }, 406, 2001],
    ["misleads about a missing content type", { "content-type": "text/plain" }, 400, 2001],
    ["wants From", { from: null }, 400, 2001],
    ["refuses a From that nobody has", { from: "nobody@harborlight.example" }, 400, 1008],
  ])("%s", async (_name, headers, status, code) => {
    const answer = await stage.call("POST", "/incidents", draft(), { headers });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(stage.fake.incidents).toHaveLength(0);
  });

  it("says which header is missing", async () => {
    const answer = await stage.call("POST", "/incidents", draft(), { headers: { from: null } });
    expect(answer.body.error.message).toContain(`You must specify a user's email address in the "From" header`);
    const misled = await stage.call("POST", "/incidents", draft(), { headers: { "content-type": null } });
    expect(misled.body.error.errors).toEqual(["params must be a Hash"]);
  });

  it("lets a user's own key ignore From, and lets only that key ask who it is", async () => {
    const key = stage.fake.credentials.addUserKey("PM4RZ0C");
    const opened = await stage.call("POST", "/incidents", draft(), { key, headers: { from: BOT } });
    expect(stage.fake.incident(opened.body.incident.id).changedBy?.id).toBe("PM4RZ0C");
    expect((await stage.call("GET", "/users/me", undefined, { key })).body.user.id).toBe("PM4RZ0C");
    expect((await stage.call("GET", "/users/me")).status).toBe(400);
  });

  it("keeps read-only keys from writing", async () => {
    const key = stage.fake.credentials.addAccountKey("reader", { readOnly: true });
    expect((await stage.call("POST", "/incidents", draft(), { key })).body.error.code).toBe(2010);
    expect((await stage.call("GET", "/services", undefined, { key })).status).toBe(200);
  });
});

describe("an OAuth app", () => {
  async function token(scope: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const secrets = { grant_type: "client_credentials", client_id: "app", client_secret: "hush" };
    const response = await fetch(`${stage.fake.url}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({ ...secrets, scope }),
    });
    const read: unknown = await response.json();
    return { status: response.status, body: isRecord(read) ? read : {} };
  }

  it("gets a token for its scopes only, until it expires", async () => {
    stage.fake.credentials.addApp({
      clientId: "app",
      clientSecret: "hush",
      scopes: ["services.read"],
      lifetimeSeconds: 60,
    });
    const granted = await token("as_account-us.harborlight services.read users.read");
    expect(granted.body.scope).toBe("as_account-us.harborlight services.read");
    const headers = { authorization: `Bearer ${granted.body.access_token}` };
    expect((await stage.call("GET", "/services", undefined, { headers })).status).toBe(200);
    expect((await stage.call("GET", "/users", undefined, { headers })).status).toBe(403);
    stage.nowMs += 60_000;
    const late = await stage.call("GET", "/services", undefined, { headers });
    expect([late.status, late.body.error.code]).toEqual([401, 2006]);
  });

  it("is refused for another account or with a wrong secret", async () => {
    expect((await token("as_account-us.harborlight")).status).toBe(401);
    stage.fake.credentials.addApp({ clientId: "app", clientSecret: "hush", scopes: [], lifetimeSeconds: 60 });
    expect((await token("as_account-eu.elsewhere")).status).toBe(400);
  });
});

describe("POST /incidents", () => {
  it("opens an incident for whoever is on call, and gives its body when asked", async () => {
    const answer = await stage.call("POST", "/incidents", draft());
    expect(answer.status).toBe(201);
    const { id } = answer.body.incident;
    const read = await stage.call("GET", `/incidents/${id}?include[]=body`);
    expect(read.body.incident).toMatchObject({
      status: "triggered",
      incident_key: "teleport-access-request/one",
      assignments: [{ assignee: { id: "PK7Q2LA" } }],
      body: { type: "incident_body", details: "who wants what" },
    });
    expect((await stage.call("GET", `/incidents/${id}`)).body.incident.body).toBeUndefined();
  });

  it("refuses an open incident's key on the same service, and takes it again once that is resolved", async () => {
    const id = await stage.open();
    const again = await stage.call("POST", "/incidents", draft());
    expect([again.status, again.body.error.code]).toEqual([400, 2002]);
    expect(again.body.error.errors).toEqual(["Open incident with matching dedup key already exists on this service"]);
    stage.fake.addService({ id: "PSVC88B", name: "Another", policyId: "PEP31KD" });
    const elsewhere = draft(undefined, { service: { id: "PSVC88B", type: "service_reference" } });
    expect((await stage.call("POST", "/incidents", elsewhere)).status).toBe(201);
    stage.fake.as("PK7Q2LA").resolve(id);
    expect((await stage.call("POST", "/incidents", draft())).status).toBe(201);
  });

  it.each<[string, object]>([
    ["details that are no string", { body: { type: "incident_body", details: { text: "no" } } }],
    ["a title that is too long", { title: "x".repeat(1025) }],
    ["no title", { title: "" }],
    ["a service that does not exist", { service: { id: "PNONE", type: "service_reference" } }],
    ["a type that is not incident", { type: "incident_reference" }],
  ])("refuses %s", async (_name, more) => {
    const answer = await stage.call("POST", "/incidents", draft("k", more));
    expect([answer.status, answer.body.error.code]).toEqual([400, 2001]);
  });

  it("starts acknowledged when its opener is its assignee", async () => {
    const assignments = [{ assignee: { id: "PB0TX91", type: "user_reference" } }];
    expect((await stage.call("POST", "/incidents", draft("k", { assignments }))).body.incident.status).toBe(
      "acknowledged",
    );
  });
});

describe("GET /incidents", () => {
  it("looks a month back unless told otherwise", async () => {
    await stage.open("old");
    stage.nowMs += 40 * 24 * 3600 * 1000;
    expect((await stage.call("GET", "/incidents?incident_key=old")).body.incidents).toHaveLength(0);
    expect((await stage.call("GET", "/incidents?incident_key=old&date_range=all")).body.incidents).toHaveLength(1);
  });

  it("takes an empty key for every open incident", async () => {
    stage.fake.as("PK7Q2LA").resolve(await stage.open("a"));
    await stage.open("b");
    await stage.open("c");
    expect((await stage.call("GET", "/incidents?incident_key=")).body.incidents).toHaveLength(2);
  });

  it("pages to the end, 100 at most, never beyond 10,000", async () => {
    for (let index = 0; index < 103; index += 1) await stage.open(`k${index}`);
    const first = await stage.call("GET", "/incidents?limit=500");
    expect([first.body.incidents.length, first.body.more, first.body.total]).toEqual([100, true, null]);
    const second = await stage.call("GET", "/incidents?limit=100&offset=100");
    expect([second.body.incidents.length, second.body.more]).toEqual([3, false]);
    expect((await stage.call("GET", "/incidents?offset=9990")).status).toBe(400);
  });
});

describe("PUT /incidents/{id}", () => {
  const status = (value: string) => ({ incident: { type: "incident_reference", status: value } });

  it("refuses to resolve twice, and opens again for triggered and acknowledged", async () => {
    const id = await stage.open();
    expect((await stage.call("PUT", `/incidents/${id}`, status("resolved"))).status).toBe(200);
    expect((await stage.call("PUT", `/incidents/${id}`, status("resolved"))).body.error.code).toBe(1001);
    expect((await stage.call("PUT", `/incidents/${id}`, status("acknowledged"))).body.incident.status).toBe(
      "acknowledged",
    );
    expect(stage.fake.incident(id).reopenedAtMs).toBe(stage.nowMs);
  });

  it("hands an incident to whoever acknowledges it", async () => {
    const id = await stage.open();
    await stage.call("PUT", `/incidents/${id}`, status("acknowledged"));
    expect(stage.fake.incident(id).assigneeIds).toEqual(["PB0TX91"]);
  });

  it("knows no incident of another account", async () => {
    const answer = await stage.call("PUT", "/incidents/QNONE", status("resolved"));
    expect([answer.status, answer.body.error.code]).toEqual([404, 2100]);
  });
});

describe("the directory", () => {
  it("tells who is on call now, with levels, and at another time", async () => {
    const shift = { userId: "PK7Q2LA", startMs: stage.nowMs - 1000, endMs: stage.nowMs + 1000 };
    stage.fake.setOnCall("PEP31KD", [[shift], ["PM4RZ0C"]]);
    const now = await stage.call("GET", "/oncalls?escalation_policy_ids[]=PEP31KD&include[]=users");
    expect(now.body.oncalls).toMatchObject([
      { escalation_level: 1, user: { id: "PK7Q2LA", email: "alicia@harborlight.example" } },
      { escalation_level: 2, end: null },
    ]);
    const later = new Date(stage.nowMs + 5000).toISOString();
    const then = await stage.call("GET", `/oncalls?escalation_policy_ids[]=PEP31KD&since=${later}&until=${later}`);
    expect(then.body.oncalls).toMatchObject([{ user: { id: "PM4RZ0C" } }]);
  });

  it("finds services by their exact name and by a part of it", async () => {
    stage.fake.addService({ name: "Teleport Access Approvals (old)", policyId: "PEP31KD" });
    expect((await stage.call("GET", "/services?name=Teleport%20Access%20Approvals")).body.services).toHaveLength(1);
    expect((await stage.call("GET", "/services?query=teleport%20access")).body.services).toHaveLength(2);
  });
});

describe("rate limits", () => {
  it("counts down, refuses with 2020, and starts again after the window", async () => {
    stage.fake.rateLimit.options = { perMinute: 2, omitHeaders: false };
    const first = await stage.call("GET", "/abilities");
    expect([first.headers.get("ratelimit-limit"), first.headers.get("ratelimit-remaining")]).toEqual(["2", "1"]);
    await stage.call("GET", "/abilities");
    stage.nowMs += 20_000;
    const refused = await stage.call("GET", "/abilities");
    expect([refused.status, refused.body]).toEqual([429, { error: { message: "Rate Limit Exceeded", code: 2020 } }]);
    expect(refused.headers.get("ratelimit-reset")).toBe("40");
    stage.nowMs += 40_000;
    expect((await stage.call("GET", "/abilities")).status).toBe(200);
  });

  it("can leave the headers out, and counts each key by itself", async () => {
    stage.fake.rateLimit.options = { perMinute: 1, omitHeaders: true };
    await stage.call("GET", "/abilities");
    const refused = await stage.call("GET", "/abilities");
    expect([refused.status, refused.headers.has("ratelimit-reset")]).toEqual([429, false]);
    expect(
      (await stage.call("GET", "/abilities", undefined, { key: stage.fake.credentials.addAccountKey() })).status,
    ).toBe(200);
  });
});
