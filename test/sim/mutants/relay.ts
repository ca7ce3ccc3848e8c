/** Planted bugs: how the relay decides, what it remembers, and what it takes for the end of a request. */
import { type Mutant, mutant } from "./mutant.ts";

export const OF_THE_RELAY: readonly Mutant[] = [
  mutant(
    "approvals are sent without an audit line",
    "relay/decider/carrying-out.ts",
    "if (!(await intend()))",
    "if (false)",
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
  mutant("a decision is not told from whom", "relay/decider/decision-words.ts", "return `[pd:", "return `["),
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
    "whoever may write plugin data is taken to see every request",
    "relay/inventory/absence.ts",
    'if (update !== "gone") await proveReadingRight(teleport, clock);',
    "void [update, proveReadingRight];",
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
  {
    name: "nothing expires",
    patches: [
      { file: "relay/inventory.ts", find: "requestExpiresMs > nowMs ||", replace: "requestExpiresMs > 0 ||" },
      { file: "edge/steps/request.ts", find: "EXPIRY_GRACE_MS = 30_000", replace: "EXPIRY_GRACE_MS = 3_600_000" },
    ],
  },
  mutant(
    "an end is told once, whether or not anybody hears",
    "relay/inventory.ts",
    "this.#atEdge = new AtEdge(this.#options.cluster, open);",
    "this.#atEdge = new AtEdge(this.#options.cluster, new Map());",
  ),
];
