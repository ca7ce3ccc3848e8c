import { describe, expect, it } from "vitest";
import { paintFor } from "../../../../relay/commands/print.ts";
import { readStatus } from "../../../../relay/commands/status/answer.ts";
import { statusText } from "../../../../relay/commands/status/text.ts";

const NOW = Date.UTC(2026, 10, 20, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const BODY = {
  nowMs: NOW,
  epoch: 3,
  activeSinceMs: NOW - HOUR,
  relays: [
    {
      role: "active",
      release: "0.1.0",
      connectedMs: NOW - 3 * HOUR,
      teleportVersion: "18.2.0",
      certificateExpiresMs: NOW + 9 * HOUR,
      watching: true,
      problem: null,
    },
    { role: "standby", release: "0.1.0", connectedMs: NOW - 90_000, watching: null, problem: "Teleport is away." },
  ],
  pagerduty: { ok: false, problem: "PagerDuty has no service PIJ90N7 (service_id)" },
  pendingCount: 3,
  heldDeliveries: 2,
  requests: [
    {
      id: "01934d5a-7e4f-7b3a-9c21-3f1d2a6b8c90",
      user: "alice",
      roles: ["dba", "ops"],
      firstSeenMs: NOW - 10 * MINUTE,
      requestExpiresMs: NOW + 50 * MINUTE,
      waitingTasks: 1,
      incidents: [{ incidentId: "Q0INCIDENT", state: "open", openedMs: NOW - 9 * MINUTE, closedMs: null }],
      clicks: [
        {
          channel: "note",
          verdict: "approve",
          email: "bob@example.com",
          receivedMs: NOW - 5 * MINUTE,
          decidedMs: NOW - 4 * MINUTE,
          outcome: { result: "refused", refusal: "self_approval", detail: "", state: "PENDING" },
        },
      ],
    },
  ],
  faults: [{ atMs: NOW - 2 * MINUTE, what: "PagerDuty has no service PIJ90N7 (service_id)" }],
};

function textFor(body: unknown): string {
  const status = readStatus(body);
  if (status === undefined) throw new Error("not a status");
  return statusText(status, {
    cluster: "teleport.example.com",
    url: "https://edge.example.com",
    paint: paintFor({ env: {} }),
  });
}

describe("the status", () => {
  it("is shown aligned, newest events first", () => {
    expect(textFor(BODY)).toBe(`teleport.example.com at https://edge.example.com

Relays     2 connected, epoch 3
  ROLE     RELEASE  CONNECTED  WATCH     TELEPORT  CERTIFICATE
  active   0.1.0    3 h ago    watching  18.2.0    ends in 9 h
  standby  0.1.0    90 s ago   ?         ?         ?
  standby: Teleport is away.

PagerDuty  PagerDuty has no service PIJ90N7 (service_id)

Pending    3 requests, 2 deliveries held for incidents not known yet
  REQUEST                               USER   ROLES     SEEN        ENDS       INCIDENTS
  01934d5a-7e4f-7b3a-9c21-3f1d2a6b8c90  alice  dba, ops  10 min ago  in 50 min  Q0INCIDENT open, 1 call waiting
  and 2 more

Last events
  2 min ago   PagerDuty has no service PIJ90N7 (service_id)
  4 min ago   approve by note from bob@example.com: refused self_approval (01934d5a-7e4f-7b3a-9c21-3f1d2a6b8c90)
  5 min ago   approve by note from bob@example.com (01934d5a-7e4f-7b3a-9c21-3f1d2a6b8c90)
  9 min ago   incident Q0INCIDENT opened (01934d5a-7e4f-7b3a-9c21-3f1d2a6b8c90)
  10 min ago  request seen (01934d5a-7e4f-7b3a-9c21-3f1d2a6b8c90)
`);
  });

  it("says plainly that no relay is connected and that nothing has happened", () => {
    const text = textFor({ nowMs: NOW, pendingCount: 0, relays: [], requests: [], faults: [] });
    expect(text).toContain("none is connected");
    expect(text).toContain("Pending    0 requests\n");
    expect(text).toContain("nothing has happened yet");
  });

  it("shows what an edge of another release says, as far as it goes", () => {
    const text = textFor({
      nowMs: NOW,
      pendingCount: 1,
      relays: [7, { role: 7 }],
      requests: [null, { user: "alice" }],
      faults: {},
    });
    expect(text).toContain("1 connected");
    expect(text).toContain("alice");
  });

  it("lets nothing through that a terminal obeys", () => {
    const evil = "\u001b[2J\u202e\nroot";
    const [request] = BODY.requests;
    const text = textFor({
      ...BODY,
      relays: [{ ...BODY.relays[0], role: evil, release: evil, teleportVersion: evil, problem: evil }],
      pagerduty: { ok: false, problem: evil },
      requests: [{ ...request, id: evil, user: evil, roles: [evil], incidents: [{ incidentId: evil, state: evil }] }],
      faults: [{ atMs: NOW, what: evil }],
    });
    for (const harm of ["\u001b", "\u202e", "\nroot"]) expect(text).not.toContain(harm);
  });

  it.each([null, [], "status", {}, { nowMs: "now", pendingCount: 1 }])("takes %j for none", (body) => {
    expect(readStatus(body)).toBeUndefined();
  });
});
