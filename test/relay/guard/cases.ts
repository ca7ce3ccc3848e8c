/** Cases for the guard: one that nothing speaks against, and what makes another of it. */
import type { Case, Judgement } from "../../../relay/guard.ts";
import type { Click } from "../../../shared/click.ts";
import type { Refusal } from "../../../shared/refusal.ts";
import { BOB, boundData, CLUSTER, INCIDENT_ID, liveOf, NOW_MS, policyOf, wordOf } from "../clicks.ts";

export const CLICK: Click = {
  id: "EVENT1",
  channel: "note",
  verdict: "approve",
  agent: { id: BOB, type: "user_reference" },
  incidentId: INCIDENT_ID,
  incidentKey: null,
  occurredMs: NOW_MS,
  reason: "",
};

/** Bob approves what Alice asked for, and may. */
export function approval(change: Partial<Case> = {}): Case {
  return {
    click: CLICK,
    framedCluster: CLUSTER,
    cluster: CLUSTER,
    live: liveOf(),
    pluginData: boundData(),
    word: wordOf(),
    requesterEmails: [],
    policy: policyOf(),
    way: { passesThresholds: true, hasReviewed: false, namelessBecause: null },
    auditIsWritable: true,
    nowMs: NOW_MS,
    ...change,
  };
}

/** The case with another click, where there is one. */
export function clicked(judged: Case, change: Partial<Click>): Case {
  return judged.click === undefined ? judged : { ...judged, click: { ...judged.click, ...change } };
}

/** The case with another request in Teleport, where there is one. */
export function requested(judged: Case, change: Parameters<typeof liveOf>[0]): Case {
  return judged.live === undefined
    ? judged
    : { ...judged, live: { ...judged.live, request: { ...judged.live.request, ...change } } };
}

/** The case under another policy. */
export function governed(judged: Case, change: Partial<Case["policy"]>): Case {
  return { ...judged, policy: { ...judged.policy, ...change } };
}

/** The refusal of a judgement, or what else it is. */
export function refusalOf(judgement: Judgement): Refusal | "submit" | "wait" {
  return judgement.kind === "refuse" ? judgement.refusal : judgement.kind;
}
