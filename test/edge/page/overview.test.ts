import { describe, expect, it } from "vitest";
import { headlineFor, overview, titleFor } from "../../../edge/page/overview.ts";
import type { ClusterStatus, RequestStatus } from "../../../edge/status.ts";
import { CLUSTER, NOW, quietStatus, REQUEST_ID } from "../samples.ts";

const HOSTILE = `"><script>alert('x')</script>&amp;`;

function request(change: Partial<RequestStatus> = {}): RequestStatus {
  return {
    id: REQUEST_ID,
    user: "alice",
    roles: ["dba"],
    resources: [],
    reason: "",
    digest: "0123456789abcdef",
    stage: "awaiting_decision",
    firstSeenMs: NOW,
    requestExpiresMs: null,
    end: null,
    waitingTasks: 0,
    unrouted: [],
    incidents: [],
    clicks: [],
    autoApprovalRefusal: null,
    timeline: [],
    ...change,
  };
}

const hop = (change: Partial<RequestStatus["timeline"][number]>): RequestStatus["timeline"][number] => ({
  kind: "seen",
  atMs: NOW,
  who: null,
  verdict: null,
  incidentId: null,
  ...change,
});

const incident = (url: string | null): RequestStatus["incidents"][number] => ({
  key: "key",
  serviceId: "P1",
  incidentId: "Q1",
  url,
  state: "open",
  covered: null,
  bound: true,
  openedMs: NOW,
  boundMs: NOW,
  closedMs: null,
});

const RELAY: ClusterStatus["relays"][number] = {
  instance: "relay-one",
  role: "active",
  release: "0.1.0",
  connectedMs: NOW,
  relayKey: "thumbprint",
  teleportVersion: "18.0.0",
  certificateExpiresMs: null,
  watching: true,
  problem: null,
  audit: null,
};

const shown = (change: Partial<ClusterStatus>): string => String(overview(quietStatus(change)));

describe("the page", () => {
  it("says that all is well when nothing needs anybody", () => {
    expect(shown({})).toContain("All is well");
  });

  it("says since when a relay acts only while one is there", () => {
    const activeSinceMs = Date.UTC(2020, 1, 3);
    expect(shown({ relays: [RELAY], activeSinceMs })).toContain("2020-02-03");
    expect(shown({ relays: [], activeSinceMs })).not.toContain("2020-02-03");
  });

  it("says what does not work, and since when", () => {
    const page = shown({ notices: [{ level: "failing", what: "No relay is connected.", atMs: NOW }] });
    expect(page).toMatch(/Something does not work.*No relay is connected\. <time/s);
    expect(page).not.toContain("All is well");
  });

  it("escapes every value, whoever it is from", () => {
    const hops = (["asked", "paged", "clicked", "refused", "denied", "resolved"] as const).map((kind) =>
      hop({ kind, who: HOSTILE, incidentId: HOSTILE, verdict: "deny" }),
    );
    const worst = request({
      id: HOSTILE,
      user: HOSTILE,
      roles: [HOSTILE],
      resources: [HOSTILE],
      reason: HOSTILE,
      digest: HOSTILE,
      unrouted: [HOSTILE],
      incidents: [{ ...incident(`https://example.com/${HOSTILE}`), incidentId: HOSTILE }],
      timeline: hops,
    });
    const page = shown({
      cluster: HOSTILE,
      teleportVersion: HOSTILE,
      notices: [{ level: "soon", what: HOSTILE, atMs: null }],
      pendingCount: 1,
      requests: [worst],
      finished: [{ ...worst, stage: "denied", end: { end: "denied", who: HOSTILE, why: HOSTILE, atMs: NOW } }],
      relays: [
        {
          ...RELAY,
          instance: HOSTILE,
          release: HOSTILE,
          relayKey: HOSTILE,
          teleportVersion: HOSTILE,
          problem: HOSTILE,
        },
      ],
      refusals: [{ atMs: NOW, requestId: HOSTILE, who: HOSTILE, verdict: "deny", refusal: "stale", text: HOSTILE }],
      waiting: [{ requestId: HOSTILE, task: "open", attempts: 1, dueMs: NOW, sinceMs: NOW }],
      faults: [{ atMs: NOW, what: HOSTILE }],
    });
    expect(page).not.toMatch(/<script|alert\('/);
    expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(20);
  });

  it.each([
    ["https://acme.pagerduty.com/incidents/Q1", true],
    ["javascript:alert(1)", false],
    ["data:text/html,x", false],
    [null, false],
  ])("follows an incident's address on the web alone: %s", (url, isLink) => {
    const page = shown({
      requests: [request({ incidents: [incident(url)], timeline: [hop({ kind: "paged", incidentId: "Q1" })] })],
      pendingCount: 1,
    });
    expect(page.includes(`<a href="${url}"`)).toBe(isLink);
    expect(page).toContain("Q1");
  });

  it("tells of each hop how long it took, and of a request how long all of it did", () => {
    const timeline = [hop({}), hop({ kind: "paged", atMs: NOW + 120 }), hop({ kind: "expired", atMs: NOW + 60_000 })];
    const end = { end: "expired", who: null, why: null, atMs: NOW } as const;
    const page = shown({ finished: [request({ stage: "expired", end, timeline })] }).replaceAll("\u00a0", " ");
    expect(page).toContain("+120 ms");
    expect(page).toContain("+59 s");
    expect(page).toContain("took 1 min");
  });

  it("says what a request waits for, and since when", () => {
    const page = shown({ requests: [request({ timeline: [hop({})] })], pendingCount: 1 });
    expect(page).toMatch(/class="next"><b>Awaiting decision<\/b><small>since <time/);
  });

  it("opens what is pending unless that is much, and nothing that is over", () => {
    const many = Array.from({ length: 6 }, (_, index) => request({ id: `r${index}` }));
    expect(shown({ requests: many.slice(1), pendingCount: 5 }).match(/<details id="r-r\d" open>/g)).toHaveLength(5);
    expect(shown({ requests: many, pendingCount: 6, finished: many })).not.toContain(" open>");
  });

  it("says how many more are pending than it shows", () => {
    const page = shown({ requests: [request()], pendingCount: 3 });
    expect(page).toContain("and 2 more");
    expect(page).toContain("1 awaiting decision, 2 more");
  });

  it("shows the days as bars and as words", () => {
    const day = { startsMs: NOW, approved: 3, denied: 1, other: 0, medianAnswerMs: 60_000, medianClickMs: 90 };
    const page = shown({ days: [day] }).replaceAll("\u00a0", " ");
    expect(page).toContain("3 approved, 1 denied<");
    expect(page).toContain('<rect class="approved" x="0.0" width="75.0"');
    expect(page).toContain('<rect class="denied" x="75.0" width="25.0"');
    expect(page).toContain("90 ms");
  });
});

describe("what is told of the page without looking", () => {
  it("is how much is pending, and whether something is wrong", () => {
    expect(titleFor(quietStatus({ pendingCount: 2 }))).toBe(`2 pending · ${CLUSTER}`);
    const notices = [{ level: "soon", what: "The certificate ends.", atMs: null }] as const;
    expect(titleFor(quietStatus({ notices: [...notices] }))).toBe(`⚠ 0 pending · ${CLUSTER}`);
    expect(headlineFor(quietStatus({ notices: [...notices], requests: [request()], pendingCount: 1 }))).toBe(
      "1 pending. 1 awaiting decision. The certificate ends.",
    );
  });
});
