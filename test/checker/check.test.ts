/** The checker against histories written by hand: one that is fine, and each promise broken. */
import { describe, expect, it } from "vitest";
import { check, PROPERTIES } from "./check.ts";
import type { Call, History } from "./history.ts";
import {
  CLICKED_MS,
  CLOSED_MS,
  click,
  DECIDED_MS,
  incident,
  KEY,
  MADE_MS,
  note,
  OPENED_MS,
  QUIET_MS,
  request,
  resolved,
  SETTING,
  story,
  undecided,
  verdict,
} from "./story.ts";

type Case = readonly [what: string, property: string, change: Partial<History>];

const CAROL = {
  id: "PCAROL1",
  kind: "user",
  name: "Carol Cedar",
  email: "carol@example.com",
  teleportUsers: [],
} as const;
const ALICE = {
  id: "PANN001",
  kind: "user",
  name: "Alice Ash",
  email: "alice@example.com",
  teleportUsers: [],
} as const;
const open = incident({ statuses: [resolved(QUIET_MS + 1_000)], notes: [] });
const unanswered = { requests: [undecided()], incidents: [open], verdicts: [] };

const VERDICTS: readonly Case[] = [
  ["nobody clicked", "every verdict has its click", { clicks: [] }],
  ["the click is another's", "every verdict has its click", { verdicts: [verdict({ reason: "[pd:E2]" })] }],
  ["the click was forged", "every verdict has its click", { clicks: [click({ isAuthentic: false })] }],
  ["the click says deny", "every verdict has its click", { clicks: [click({ verdict: "deny" })] }],
  ["the person may not decide", "every verdict has its click", { clicks: [click({ person: CAROL })] }],
  ["a machine clicked", "every verdict has its click", { clicks: [click({ person: { ...CAROL, kind: "service" } })] }],
  ["the requester clicked, in other letters", "every verdict has its click", { clicks: [click({ person: ALICE })] }],
  ["the click was too old", "every verdict has its click", { clicks: [click({ atMs: DECIDED_MS - 76_000 })] }],
  [
    "the role may not be approved",
    "every verdict has its click",
    { setting: { ...SETTING, approvableRoles: ["viewer"] } },
  ],
  [
    "the click was on another request's incident",
    "every verdict has its click",
    { incidents: [incident({ key: KEY.replace("request-1", "request-2") })] },
  ],
  ["the incident was planted", "every verdict has its click", { incidents: [incident({ byUs: false })] }],
  [
    "the request had changed since it was paged",
    "every verdict has its click",
    { requests: [request({ changedMs: [OPENED_MS + 1_000] })] },
  ],
  [
    "the requester was not on call",
    "every verdict has its click",
    { verdicts: [verdict({ reason: "on call [pd:auto]" })] },
  ],
  [
    "it was approved and then denied",
    "one verdict for each request",
    {
      verdicts: [verdict(), verdict({ verdict: "deny", reason: "[pd:E2]" })],
      clicks: [click(), click({ id: "E2", verdict: "deny" })],
    },
  ],
  [
    "it had been denied in Teleport long before",
    "no verdict against an end",
    {
      requests: [
        request({
          states: [
            { atMs: MADE_MS, state: "PENDING", byUs: false },
            { atMs: DECIDED_MS - 26_000, state: "DENIED", byUs: false },
          ],
        }),
      ],
    },
  ],
  ["no audit log tells of the approval", "every approval is audited", { intents: [] }],
  [
    "the audit log tells of it afterwards",
    "every approval is audited",
    { intents: [{ requestId: "request-1", clickId: "E1", atMs: DECIDED_MS + 1 }] },
  ],
];

const PAGING: readonly Case[] = [
  ["a pending request has no incident", "no request is lost", { ...unanswered, incidents: [], clicks: [] }],
  [
    "its incident was merged away",
    "no request is lost",
    { ...unanswered, incidents: [incident({ statuses: [resolved(CLOSED_MS, { byUs: false, mergedInto: "Q9" })] })] },
  ],
  [
    "its incident shows what it was before it changed",
    "no request is lost",
    { ...unanswered, requests: [undecided({ changedMs: [OPENED_MS + 1] })], clicks: [] },
  ],
  [
    "one of two services has no incident",
    "no request is lost",
    { ...unanswered, requests: [undecided({ services: ["PACCESS", "PDATA01"] })] },
  ],
  ["a key was used twice", "one incident for each paging", { incidents: [incident(), incident({ id: "Q2" })] }],
  [
    "it was paged again for nothing",
    "paged again only for a reason",
    { incidents: [incident(), incident({ id: "Q2", key: `${KEY}/2` })] },
  ],
  [
    "the incident is open in the end",
    "every incident is closed in the end",
    { incidents: [incident({ statuses: [] })] },
  ],
  [
    "it was closed long after its request's end",
    "every incident is closed in the end",
    { incidents: [incident({ statuses: [resolved(QUIET_MS)] })], calmFromMs: MADE_MS - 200_000 },
  ],
  [
    "it was closed while its request was pending",
    "no incident is closed while its request is pending",
    { incidents: [incident({ statuses: [resolved(DECIDED_MS - 5_000)] })] },
  ],
];

const NOT_DELIVERED = "Ann Alder: your /approve was not delivered to us, and so it decided nothing. Please repeat it.";

const PEOPLE: readonly Case[] = [
  ["a click has no answer", "no click is lost", { ...unanswered, clicks: [click({ person: CAROL })] }],
  [
    "another was answered",
    "no click is lost",
    {
      ...unanswered,
      clicks: [click({ person: CAROL })],
      incidents: [{ ...open, notes: [note("Not approved for Bob Birch: why.")] }],
    },
  ],
  [
    "somebody was asked to repeat what was delivered",
    "no click is lost",
    {
      ...unanswered,
      clicks: [click({ person: CAROL })],
      incidents: [{ ...open, notes: [note(NOT_DELIVERED.replace("Ann Alder", CAROL.name))] }],
    },
  ],
  [
    "a click that nobody delivered was not found",
    "no click is lost",
    { ...unanswered, clicks: [click({ person: CAROL, acceptedMs: null })] },
  ],
  [
    "a good approval was refused",
    "good clicks are carried out",
    { ...unanswered, incidents: [{ ...open, notes: [note("Not approved for Ann Alder: why.")] }] },
  ],
  [
    "a good denial was refused, however late",
    "good clicks are carried out",
    {
      ...unanswered,
      clicks: [click({ verdict: "deny", acceptedMs: CLICKED_MS + 500_000 })],
      incidents: [{ ...open, notes: [note("Not denied for Ann Alder: why.")] }],
    },
  ],
  [
    "a note was written twice",
    "no note is written twice",
    { incidents: [incident({ notes: [note("The same."), note("The same.")] })] },
  ],
  [
    "somebody was helped who did not mistype",
    "no note is written twice",
    { incidents: [incident({ notes: [note("That was not read as a decision. So.")] })] },
  ],
  ["a delivery was refused", "no delivery is refused", { refused: [{ eventId: "E1", atMs: CLICKED_MS, status: 401 }] }],
];

function calls(count: number, change: Partial<Call>): Call[] {
  return Array.from({ length: count }, () => ({
    at: "pagerduty",
    atMs: CLICKED_MS,
    name: "GET /users",
    subject: null,
    ...change,
  }));
}

const CALLS: readonly Case[] = [
  ["PagerDuty was called again and again", "calls are bounded", { calls: calls(1_000, {}) }],
  [
    "PagerDuty is called when all is over",
    "nothing goes on for ever",
    { calls: calls(1, { atMs: QUIET_MS + 99_000 }) },
  ],
  [
    "Teleport is asked without end",
    "nothing goes on for ever",
    { calls: calls(30, { at: "teleport", atMs: QUIET_MS + 99_000 }) },
  ],
];

const CASES = [...VERDICTS, ...PAGING, ...PEOPLE, ...CALLS];

describe("the checker", () => {
  it("finds nothing where everything went well", () => {
    expect(check(story())).toEqual([]);
  });

  it.each(CASES)("sees that %s", (_what, property, change) => {
    const found = check(story(change)).map((violation) => violation.property);
    expect(found).toContain(property);
  });

  it("is shown to see each promise broken", () => {
    expect([...new Set(CASES.map(([, property]) => property))].sort()).toEqual(Object.keys(PROPERTIES).sort());
  });

  it.each<readonly [what: string, change: Partial<History>]>([
    [
      "an approval of an on-call requester",
      {
        setting: { ...SETTING, autoApproves: true },
        requests: [request({ onCall: [{ fromMs: MADE_MS, untilMs: QUIET_MS }] })],
        verdicts: [verdict({ reason: "on call [pd:auto]" })],
      },
    ],
    ["a person who is on call", { setting: { ...SETTING, approvers: ["on-call"] }, clicks: [click({ onCall: true })] }],
    [
      "a denial that is old",
      {
        clicks: [click({ verdict: "deny", atMs: OPENED_MS })],
        verdicts: [verdict({ verdict: "deny", atMs: OPENED_MS + 900_000 })],
        quietFromMs: QUIET_MS + 900_000,
      },
    ],
    [
      "a refusal that was told",
      {
        ...unanswered,
        clicks: [click({ person: CAROL })],
        incidents: [{ ...open, notes: [note("Not approved for Carol Cedar (carol@example.com): why.")] }],
      },
    ],
    [
      "a click whose delivery was lost, and its author asked to repeat it",
      {
        ...unanswered,
        clicks: [click({ acceptedMs: null })],
        incidents: [
          {
            ...open,
            notes: [note(NOT_DELIVERED)],
          },
        ],
      },
    ],
    [
      "a click that was lost with the edge's storage, and could not be found",
      {
        ...unanswered,
        clicks: [click({ person: CAROL, foundBy: "nobody" })],
        losses: [{ fromMs: MADE_MS, untilMs: CLICKED_MS + 60 }],
      },
    ],
    ["a click that an edge that lies has lost", { ...unanswered, setting: { ...SETTING, edgeIsHonest: false } }],
    [
      "a request that was paged again because it was merged",
      {
        ...unanswered,
        clicks: [],
        incidents: [
          incident({ notes: [], statuses: [resolved(CLOSED_MS, { byUs: false, mergedInto: "Q9" })] }),
          incident({ id: "Q2", key: `${KEY}/2`, openedMs: CLOSED_MS, statuses: [resolved(QUIET_MS + 500)] }),
        ],
      },
    ],
    [
      "an incident that is closed at its request's expiry",
      {
        requests: [request({ expiresMs: DECIDED_MS - 10_000 })],
        incidents: [incident({ statuses: [resolved(DECIDED_MS - 5_000)] })],
      },
    ],
  ])("finds nothing wrong with %s", (_what, change) => {
    expect(check(story(change))).toEqual([]);
  });
});
