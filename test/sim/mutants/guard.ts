/** Planted bugs: what the relay's guard lets through that it should not, or the other way round. */
import { type Mutant, mutant } from "./mutant.ts";

const GUARD = "relay/guard.ts";

export const OF_THE_GUARD: readonly Mutant[] = [
  mutant("the relay verifies no signature", "relay/decider/evidence.ts", '=== "valid"', '!== "never"'),
  mutant(
    "any incident stands for any request",
    GUARD,
    "if (!incidents.some(({ incident }) => incident === click.incidentId))",
    "if (false)",
  ),
  mutant(
    "a request that is resolved is resolved again",
    GUARD,
    'if (state !== "PENDING") return refuse',
    "if (false) return refuse",
  ),
  mutant(
    "machines may decide",
    GUARD,
    'click.agent?.type === "user_reference" ? click.agent.id : undefined',
    "click.agent?.id",
  ),
  mutant(
    "approvals are never too old",
    GUARD,
    "return ageMs > policy.approveWithinMs || ageMs < -MAX_AHEAD_MS;",
    "return false;",
  ),
  mutant(
    "denials are too old as well",
    GUARD,
    '{ refusal: "stale", forDenials: false',
    '{ refusal: "stale", forDenials: true',
  ),
  mutant(
    "anybody may decide",
    GUARD,
    "return policy.approvers.some((approver) => {",
    "return true || policy.approvers.some((approver) => {",
  ),
  mutant(
    "everybody is on call",
    GUARD,
    "return levels.some((level) => level >= 1 &&",
    "return true || levels.some((level) => level >= 1 &&",
  ),
  mutant(
    "nobody is their own requester",
    GUARD,
    'relation(facts) === "same" && !facts.policy.allowSelfApproval',
    "false",
  ),
  mutant(
    "letter case makes another person",
    "relay/guard/same-person.ts",
    'return name.trim().normalize("NFC").toLowerCase().toUpperCase().toLowerCase().normalize("NFC");',
    "return name.trim();",
  ),
  mutant("every role may be approved", GUARD, "fails: (facts) => !areRolesApprovable(facts)", "fails: () => false"),
  mutant(
    "what has changed may be approved unseen",
    GUARD,
    "digestOf(cluster, live.request) !== pluginData.digest",
    "false",
  ),
  mutant(
    "auto-approval needs no switch and nobody on call",
    "shared/auto-approval.ts",
    "return levels.some((level) => level >= 1 && (onCallLevels === 0 || level <= onCallLevels));",
    "return levels.length >= 0 || onCallLevels > 9;",
  ),
  mutant(
    "nothing may be approved at all",
    GUARD,
    'return failed === undefined ? { kind: "submit", click }',
    'return failed === undefined && click.verdict === "deny" ? { kind: "submit", click }',
  ),
];
