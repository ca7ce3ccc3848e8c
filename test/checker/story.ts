/** A history to start from, in which everything went well: one request, its incident, one click, one approval. */
import type {
  ClickHistory,
  History,
  IncidentHistory,
  NoteSeen,
  RequestHistory,
  Setting,
  StatusSeen,
  VerdictTaken,
} from "./history.ts";

export const MADE_MS = 1_000_000;
export const OPENED_MS = MADE_MS + 500;
export const CLICKED_MS = MADE_MS + 40_000;
export const DECIDED_MS = MADE_MS + 40_300;
export const CLOSED_MS = MADE_MS + 41_000;
export const QUIET_MS = MADE_MS + 600_000;

export const KEY = "teleport-access-request/teleport.example.com/request-1";

export const SETTING: Setting = {
  cluster: "teleport.example.com",
  approvers: ["PANN001"],
  approvableRoles: null,
  allowsSelfApproval: false,
  autoApproves: false,
  decidesByReview: false,
  approveWithinMs: 60_000,
  clockOffsetMs: 0,
  botUserId: "PBOT001",
  settledWithinMs: 240_000,
  edgeIsHonest: true,
  relays: 2,
  relayStarts: 2,
};

export function request(change: Partial<RequestHistory> = {}): RequestHistory {
  return {
    id: "request-1",
    user: "alice",
    emails: ["Alice@example.com"],
    roles: ["dba"],
    services: ["PACCESS"],
    approvalsNeeded: 1,
    expiresMs: null,
    states: [
      { atMs: MADE_MS, state: "PENDING", byUs: false },
      { atMs: DECIDED_MS, state: "APPROVED", byUs: true },
    ],
    changedMs: [],
    onCall: [],
    ...change,
  };
}

/** A request that nobody decides until the people end it. */
export function undecided(change: Partial<RequestHistory> = {}): RequestHistory {
  const states = [
    { atMs: MADE_MS, state: "PENDING", byUs: false },
    { atMs: QUIET_MS, state: "DENIED", byUs: false },
  ] as const;
  return request({ states, ...change });
}

export function note(content: string, change: Partial<NoteSeen> = {}): NoteSeen {
  return { atMs: CLOSED_MS, byUs: true, content, ...change };
}

export function resolved(atMs = CLOSED_MS, change: Partial<StatusSeen> = {}): StatusSeen {
  return { atMs, status: "resolved", byUs: true, mergedInto: null, ...change };
}

export function incident(change: Partial<IncidentHistory> = {}): IncidentHistory {
  return {
    id: "Q1",
    serviceId: "PACCESS",
    key: KEY,
    openedMs: OPENED_MS,
    byUs: true,
    body: "User: alice",
    notes: [note("Access request has been approved by Ann Alder.")],
    statuses: [resolved()],
    ...change,
  };
}

export function click(change: Partial<ClickHistory> = {}): ClickHistory {
  return {
    id: "E1",
    incidentId: "Q1",
    verdict: "approve",
    atMs: CLICKED_MS,
    person: { id: "PANN001", kind: "user", name: "Ann Alder", email: "ann@example.com", teleportUsers: ["ann"] },
    onCall: false,
    isAuthentic: true,
    acceptedMs: CLICKED_MS + 50,
    foundBy: "reconciliation",
    ...change,
  };
}

export function verdict(change: Partial<VerdictTaken> = {}): VerdictTaken {
  return {
    requestId: "request-1",
    verdict: "approve",
    atMs: DECIDED_MS,
    reason: "[pd:E1]",
    delegator: "pagerduty:ann@example.com",
    ...change,
  };
}

/** The history in which all goes well, with something else where a test wants it. */
export function story(change: Partial<History> = {}): History {
  return {
    setting: SETTING,
    requests: [request()],
    verdicts: [verdict()],
    incidents: [incident()],
    clicks: [click()],
    mistypes: [],
    calls: [],
    losses: [],
    calmFromMs: MADE_MS,
    quietFromMs: QUIET_MS,
    endedMs: QUIET_MS + 100_000,
    ...change,
  };
}
