import { describe, expect, it } from "vitest";
import type { ConnectedRelay } from "../../../edge/relays.ts";
import { type Condition, noticesFor } from "../../../edge/status/notices.ts";
import { NOW } from "../samples.ts";

const RELAY: ConnectedRelay = {
  instance: "relay-one",
  role: "active",
  release: "0.1.0",
  connectedMs: NOW,
  relayKey: "thumbprint",
  teleportVersion: "18.2.0",
  certificateExpiresMs: NOW + 1,
  watching: true,
  problem: null,
  audit: null,
};

const WELL: Condition = {
  nowMs: NOW,
  relays: [RELAY],
  certificateExpiresMs: NOW + 1,
  pagerDutyProblem: null,
  uncovered: [],
  subscriptionsProblem: null,
  wereDisabled: [],
  failing: { count: 0, sinceMs: null },
};

const told = (change: Partial<Condition>) =>
  noticesFor({ ...WELL, ...change }).map(({ level, what }) => `${level}: ${what}`);

describe("the notices", () => {
  it("are none when all is well, or not known yet", () => {
    expect(told({})).toEqual([]);
    expect(told({ certificateExpiresMs: null, relays: [{ ...RELAY, watching: null }] })).toEqual([]);
  });

  it.each<[Partial<Condition>, RegExp]>([
    [{ relays: [] }, /^failing: No relay is connected.*systemctl status teleport-pagerduty$/],
    [{ relays: [{ ...RELAY, watching: false }] }, /^failing: The active relay does not watch/],
    [{ relays: [{ ...RELAY, watching: false, problem: "No way in." }] }, /^failing: The active relay: No way in\.$/],
    [{ relays: [{ ...RELAY, problem: "The certificate ends soon." }] }, /^soon: The active relay: The certificate/],
    [{ certificateExpiresMs: NOW }, /^failing: The relay's Teleport certificate has ended/],
    [{ pagerDutyProblem: "The key is refused." }, /^failing: PagerDuty: The key is refused\.$/],
    [{ uncovered: [{ serviceId: "P1", problem: "Not active." }] }, /^failing: Answers from service P1 .*Not active\.$/],
    [{ subscriptionsProblem: "Not allowed." }, /^soon: Whether answers arrive is not known\. Not allowed\.$/],
    [{ wereDisabled: [{ what: "PagerDuty had disabled it.", atMs: NOW }] }, /^soon: PagerDuty had disabled it\.$/],
    [{ failing: { count: 2, sinceMs: NOW } }, /^soon: 2 calls to PagerDuty did not go through/],
  ])("of %j say so", (change, notice) => {
    expect(told(change)).toEqual([expect.stringMatching(notice)]);
  });

  it("are told worst first", () => {
    const levels = noticesFor({ ...WELL, failing: { count: 1, sinceMs: NOW }, pagerDutyProblem: "Away." });
    expect(levels.map(({ level }) => level)).toEqual(["failing", "soon"]);
  });
});
