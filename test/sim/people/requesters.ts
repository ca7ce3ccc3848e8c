/** Who asks for access in Teleport, and what becomes of it if nobody does anything. */
import type { LiveRequest } from "../../../relay/access-request.ts";
import type { Span } from "../../checker/history.ts";
import { DAVE, SERVICES } from "../plan.ts";
import type { World } from "../world.ts";

/** Somebody asks for access. */
export function ask(world: World): void {
  const { dice, scheduler, plan, teleport, journal, pagerDuty } = world;
  const user = dice.pick(["alice", "alice", "Dave@example.com", "erin"]);
  const roles = dice.pick([["dba"], ["dba", "viewer"], ["admin"], ["viewer"]]);
  const wanted = dice.weighted([
    [6, [SERVICES[0]]],
    [1, [SERVICES[1]]],
    [2, [SERVICES[0], SERVICES[1]]],
  ] as const);
  const isNamed = wanted.length > 1 || wanted[0] !== SERVICES[0] || dice.chance(0.2);
  const lifeMs = dice.chance(0.2) ? dice.between(20, 200) * 1000 : 3_600_000;
  const expiresMs = scheduler.nowMs + lifeMs;
  const approvals = plan.decideBy === "review" && dice.chance(0.3) ? 2 : dice.chance(0.1) ? 2 : 1;
  const id = `request-${teleport.entries.size + 1}`;
  const live: LiveRequest = {
    request: {
      id,
      user,
      roles,
      state: "PENDING",
      resources: [],
      reason: dice.pick(["to mend the ledger", "", "/approve me"]),
      resolveReason: "",
      suggestedReviewers: [],
      annotations: {
        ...(isNamed && { pagerduty_notify_service: wanted.map(({ name }) => name) }),
        ...(dice.chance(0.5) && { pagerduty_services: [SERVICES[0].name] }),
      },
      reviews: [],
      createdMs: scheduler.nowMs,
      requestExpiresMs: expiresMs,
      accessExpiresMs: scheduler.nowMs + 4 * 3_600_000,
      maxDurationMs: null,
      sessionTtlMs: null,
      requestKind: "UNDEFINED",
    },
    thresholds: [{ approve: approvals, filter: "" }],
    assumeStartMs: null,
    metadataExpiresMs: null,
  };
  journal.count("requests");
  const levels = plan.policy.onCallLevels === 0 ? 2 : plan.policy.onCallLevels;
  // Whoever asks under their address is found by it.
  const onCall = (): readonly Span[] =>
    live.request.annotations.pagerduty_services !== undefined && user === "Dave@example.com"
      ? pagerDuty.spansOf(DAVE.id, SERVICES[0].policyId, levels)
      : [];
  teleport.create(
    live,
    wanted.map(({ id }) => id),
    onCall,
  );
  // Teleport may list it for minutes more, and may drop it without a word.
  const lateMs = dice.between(0, dice.chance(0.4) ? 300_000 : 20_000);
  const isTold = dice.chance(0.7);
  scheduler.after(lifeMs + lateMs, () => {
    if (teleport.isPending(id)) teleport.drop(id, "expired", isTold);
  });
}
