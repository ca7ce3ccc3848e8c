/**
 * Keeps what Teleport, PagerDuty and the people saw of a run, as it happens, and tells it as the checker's history. Asks
 * the product nothing.
 */
import type { History, Setting } from "../checker/history.ts";
import type { FakePagerDuty } from "../fakes/pagerduty.ts";
import type { FakeTeleport } from "../fakes/teleport.ts";
import { CLUSTER } from "../stage/stage.ts";
import { APPROVABLE_ROLES, APPROVE_WITHIN_SECONDS, APPROVERS, PEOPLE } from "./cast.ts";
import { PagerDutySide } from "./witness/pagerduty-side.ts";
import { TeleportSide } from "./witness/teleport-side.ts";

/**
 * Longest that anything takes once the weather is clear, in ms: a retry of ours at most a minute away, one of a relay's
 * half a minute, a claim that was left behind, a takeover and two rounds of reconciliation follow on each other.
 */
export const SETTLED_WITHIN_MS = 240_000;

const SETTING: Setting = {
  cluster: CLUSTER,
  approvers: APPROVERS,
  approvableRoles: APPROVABLE_ROLES,
  allowsSelfApproval: false,
  autoApproves: false,
  decidesByReview: false,
  approveWithinMs: APPROVE_WITHIN_SECONDS * 1000,
  clockOffsetMs: 0,
  botUserId: PEOPLE.bot.id,
  settledWithinMs: SETTLED_WITHIN_MS,
  edgeIsHonest: true,
  relays: 2,
  // Counts only for requests that change, which none does here.
  relayStarts: 2,
};

export class Witness {
  readonly teleport = new TeleportSide();
  readonly pagerDuty = new PagerDutySide();

  /** Reads what the stand-ins have recorded since; they keep only so much, so it has to be called every few seconds. */
  read(teleport: FakeTeleport, pagerDuty: FakePagerDuty): void {
    this.teleport.read(teleport);
    this.pagerDuty.read(pagerDuty);
  }

  /** Everything seen so far. */
  history(pagerDuty: FakePagerDuty, moments: Pick<History, "calmFromMs" | "quietFromMs" | "endedMs">): History {
    return {
      setting: SETTING,
      requests: this.teleport.requests,
      verdicts: this.teleport.verdicts,
      incidents: this.pagerDuty.incidentsOf(pagerDuty),
      clicks: this.pagerDuty.clicksOn(pagerDuty),
      mistypes: this.pagerDuty.mistypes,
      refused: this.pagerDuty.refused,
      calls: [...this.teleport.calls, ...this.pagerDuty.calls].sort((one, other) => one.atMs - other.atMs),
      losses: [],
      ...moments,
    };
  }
}
