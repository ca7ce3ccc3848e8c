/** Planted bugs: what the edge keeps, what it sends, and what it does not do again. */
import { type Mutant, mutant } from "./mutant.ts";

export const OF_THE_EDGE: readonly Mutant[] = [
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
