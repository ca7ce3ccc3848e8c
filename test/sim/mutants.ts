/**
 * Planted bugs: each a mistake that somebody could make, put into the shipped code while it is bundled. They prove that the
 * simulator's weather and its checker would notice. One that survives is weather or a promise that is missing.
 */

/** Text in a file, which must be there once, and what takes its place. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  /** What is wrong, as one would say it of the program. */
  readonly name: string;
  readonly patches: readonly Patch[];
}

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, patches: [{ file, find, replace }] };
}

const GUARD = "relay/guard.ts";

/** What the guard lets through. */
const OF_THE_GUARD: readonly Mutant[] = [
  mutant("the relay verifies no signature", "relay/decider/evidence.ts", '=== "valid"', '!== "never"'),
  mutant(
    "the relay takes what is not the click asked for",
    "relay/decider/evidence.ts",
    "if (click?.id !== clickId) return undefined;",
    "if (click === undefined) return undefined;",
  ),
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
    "anybody may approve",
    GUARD,
    "fails: (facts) => !isApprover(facts) && !onCallCounts(facts)",
    "fails: () => false",
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
    "whoever asks is taken to be on call",
    "relay/auto-approval/guard.ts",
    "if (!isThem) return refuse",
    "if (false) return refuse",
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

/** How the relay carries out, and what it remembers. */
const OF_THE_RELAY: readonly Mutant[] = [
  mutant(
    "approvals are sent without an audit line",
    "relay/decider/carrying-out.ts",
    "if (!(await intend()))",
    "if (intend() === undefined)",
  ),
  mutant("the claim is not taken", "relay/decider/claim-lease.ts", 'return update === "updated";', "return true;"),
  mutant(
    "the claim is written over whatever stands",
    "relay/decider/claim-lease.ts",
    '{ decision: data.decision ?? "" });',
    "{});",
  ),
  mutant(
    "another's claim is not waited for",
    "relay/decider/claim.ts",
    "export const CLAIM_LEASE_MS = 15_000;",
    "export const CLAIM_LEASE_MS = 0;",
  ),
  mutant(
    "a decision is not told from whom",
    "relay/decider/decision-words.ts",
    "return `[pd:${clickId}]`;",
    'return clickId === "" ? "" : "[pd]";',
  ),
  mutant(
    "what could not be decided is forgotten",
    "relay/decider.ts",
    "this.#retries.again(requestId, error, () => this.settle(requestId));",
    "",
  ),
  mutant(
    "an incident is bound at once or never",
    "relay/binding.ts",
    "clock.after(needsMending ? MENDING_RETRY_MS : BIND_RETRY_MS, () => this.#try(frame));",
    "void needsMending;",
  ),
  mutant(
    "what is not listed is over",
    "relay/inventory.ts",
    "for (const id of missing) this.#keep(id, before?.get(id));",
    "for (const id of missing) this.#dropped(id);",
  ),
  mutant(
    "what cannot be read is over",
    "relay/inventory/absence.ts",
    "return (await teleport.read(requestId)) === undefined;",
    "return true;",
  ),
  mutant(
    "a missing right is taken for a missing request",
    "relay/inventory.ts",
    "if (this.#isPastExpiry(requestId) || (await this.#isAbsent(requestId))) return",
    'if (requestId !== "") return',
  ),
  mutant(
    "requests are watched and never listed",
    "relay/watch.ts",
    "const requests = await teleport.listPending();",
    "const requests = (await teleport.listPending()).slice(0, 0);",
  ),
  mutant("nothing expires", "relay/inventory.ts", "requestExpiresMs > nowMs ||", "requestExpiresMs > 0 ||"),
  mutant(
    "an end is told once, whether or not anybody hears",
    "relay/inventory.ts",
    "this.#atEdge = new AtEdge(this.#options.cluster, open);",
    "this.#atEdge = new AtEdge(this.#options.cluster, new Map());",
  ),
];

/** What the edge keeps and what it sends. */
const OF_THE_EDGE: readonly Mutant[] = [
  mutant(
    "a delivery is acknowledged before it is stored",
    "edge/switchboard.ts",
    "this.#requests.delivered(delivery, this.#ledger.session()?.hello.decisions);",
    "this.#surroundings.after(3_000, () => this.#requests.delivered(delivery, this.#ledger.session()?.hello.decisions));",
  ),
  mutant(
    "the edge verifies no signature",
    "edge/routes/gate.ts",
    'return config.gateToken === null ? "forged" : "unknown_secret";',
    'return "authentic";',
  ),
  mutant(
    "an unknown signature is refused for good",
    "edge/routes/gate.ts",
    '? "forged" : "unknown_secret";',
    '? "forged" : "forged";',
  ),
  mutant(
    "what comes before its incident is known is dropped",
    "edge/requests.ts",
    "if (ledger.isOpeningAny() && ledger.heldCount() < MAX_HELD_DELIVERIES)",
    "if (false)",
  ),
  mutant(
    "what was held is never released",
    "edge/requests.ts",
    "for (const { eventId, raw, signature } of ledger.releaseHeld(incidentId)) {",
    "for (const { eventId, raw, signature } of ledger.releaseHeld(incidentId).slice(0, 0)) {",
  ),
  mutant(
    "an incident is opened again without a look",
    "edge/outbox/work.ts",
    "if (!isFresh && (await adoptExisting(options, record, paging))) return;",
    "",
  ),
  mutant(
    "any incident with our key is ours",
    "edge/outbox/work.ts",
    "if (body === null || !isOurs(body, record, paging)) continue;",
    "if (body === null) continue;",
  ),
  mutant(
    "a note is written again without a look",
    "edge/outbox/work.ts",
    "const written = isFresh",
    "const written = isFresh || !isFresh",
  ),
  mutant(
    "the same delivery twice is two clicks",
    "edge/steps/click.ts",
    "if (resolvedByUs || hasClick(record, click.id)) return record;",
    "if (resolvedByUs) return record;",
  ),
  mutant(
    "a merge is not followed",
    "edge/steps/paging.ts",
    "const paged = withNewPaging(resolved, paging, nowMs);",
    "const paged = resolved;",
  ),
  mutant(
    "a merge moves the binding",
    "edge/steps/paging.ts",
    "const paged = withNewPaging(resolved, paging, nowMs);",
    "const paged = withPaging(resolved, paging.id, (before) => ({ ...before, incidentId: mergedInto, bound: false }));\n  if (mergedInto !== null) return paged;",
  ),
  mutant(
    "a changed request is not paged again",
    "edge/steps/request.ts",
    "seen.pagings.filter(isLive).reduce(",
    "seen.pagings.filter(() => false).reduce(",
  ),
  mutant(
    "the end is not told to PagerDuty",
    "edge/todo.ts",
    'return state === "open" && paging.closing ?',
    'return state === "open" && paging.closing && paging.number > 9 ?',
  ),
  mutant(
    "what failed is not tried again",
    "edge/outbox.ts",
    "this.#retryLater(record, task, error.retryable ? null : MENDING_RETRY_MS);",
    "this.#retryLater(record, task, 10 * 3_600_000);",
  ),
  mutant(
    "the alarm is not set again",
    "edge/switchboard.ts",
    "finally {\n      this.#arm(",
    "finally {\n      if (expired.length > SWEEP_COUNT) this.#arm(",
  ),
  mutant(
    "what the relay owes is not asked for again",
    "edge/exchange.ts",
    "for (const requestId of ledger.awaitingRelay()) {",
    "for (const requestId of ledger.awaitingRelay().slice(0, 0)) {",
  ),
  mutant(
    "a relay whose clock runs ahead closes what is pending",
    "edge/steps/request.ts",
    'return end === "expired" && expiresMs !== null && nowMs < expiresMs - MAX_CLOCK_OFFSET_MS;',
    'return end === "promoted" && expiresMs === nowMs;',
  ),
  mutant(
    "nobody is asked to repeat what was lost",
    "edge/reconciliation/request.ts",
    "if (decisions !== undefined) await",
    "if (decisions === null) await",
  ),
  mutant(
    "a switched-off subscription stays off and a refusal is told to nobody",
    "edge/steps/click.ts",
    "if (alreadyTold || text === undefined || paging === undefined) return record;",
    'if (text !== "") return record;',
  ),
];

/** What both halves read. */
const SHARED: readonly Mutant[] = [
  mutant(
    "a command may stand anywhere in a note",
    "shared/click.ts",
    "const COMMAND = /^\\s*\\/(approve|deny)",
    "const COMMAND = /\\/(approve|deny)",
  ),
  mutant("commands are lower case", "shared/click.ts", "(?:\\s+([\\s\\S]*))?$/i;", "(?:\\s+([\\s\\S]*))?$/;"),
  mutant(
    "deny means approve",
    "shared/click.ts",
    'match[1]?.toLowerCase() === "approve" ? "approve" : "deny"',
    '"approve"',
  ),
  mutant(
    "whoever resolves denies",
    "shared/click.ts",
    'if (decisions.onResolve !== "deny" || !event.isBare)',
    "if (!event.isBare)",
  ),
  mutant(
    "whoever merges denies",
    "shared/click.ts",
    'if (decisions.onResolve !== "deny" || !event.isBare)',
    'if (decisions.onResolve !== "deny")',
  ),
];

/** Every planted bug. */
export const MUTANTS: readonly Mutant[] = [...OF_THE_GUARD, ...OF_THE_RELAY, ...OF_THE_EDGE, ...SHARED];
