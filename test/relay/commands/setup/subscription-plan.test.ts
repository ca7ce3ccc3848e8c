import { describe, expect, it } from "vitest";
import type { Scope, Subscription } from "../../../../relay/commands/setup/answers.ts";
import type { SetupStep } from "../../../../relay/commands/setup/order.ts";
import { planFor } from "../../../../relay/commands/setup/subscription-plan.ts";

const SCOPE: Scope = { kind: "service", id: "PSVC" };
const OURS = { url: "https://edge.example.com/v1/c/webhook", description: "ours" };
const GATE = "0123456789abcdef";

function subscription(id: string, more: Partial<Subscription> = {}): Subscription {
  const right = { active: true, scope: SCOPE, headerNames: ["x-gate-token"], events: [], isDisabled: false };
  return { id, ...right, ...OURS, ...more };
}

const RIGHT = subscription("PRIGHT");
const ASLEEP = subscription("PASLEEP", { active: false });
const NEWER = subscription("PNEWER", { active: false });
const LEFTOVER = subscription("PLEFT", { active: false });
const BY_HAND = subscription("PHAND", { description: "mine" });
const UNGATED = subscription("PUNGATED", { headerNames: [] });
const MOVED = subscription("PMOVED", { url: "https://old.example.com/v1/c/webhook" });
const STRANGE_GATE = subscription("PSTRANGE");
const FOREIGN = subscription("PFOREIGN", { url: "https://other.example.com" });
const ELSEWHERE = subscription("PELSE", { scope: { kind: "account" } });

const HELD = ["PNEWER", "PRIGHT", "PASLEEP", "PUNGATED", "PMOVED", "PSTRANGE"].map((id) => ({
  id,
  scope: SCOPE,
  gateMark: id === "PSTRANGE" ? "another-gate-tok" : GATE,
  secret: `secret-of-${id}`,
}));

function plan(step: SetupStep, ...subscriptions: Subscription[]) {
  const outcome = planFor(SCOPE, { subscriptions, held: HELD, gateMark: GATE, step, ...OURS });
  if ("refusal" in outcome) return `${outcome.refusal} ${outcome.ids}`.trim();
  const ids = (list: readonly Subscription[]) => list.map(({ id }) => id).join(" ");
  const { ready, orphans, old, isOneToBeMade } = outcome;
  return [ids(ready), ids(orphans), ids(old), isOneToBeMade ? "make" : ""].join("|");
}

describe("the plan for a scope", () => {
  it.each<[string, SetupStep, Subscription[], string]>([
    ["makes the first", "set_up", [], "|||make"],
    ["makes the first of a rotation, too", "rotate", [], "|||make"],
    ["overlooks others' and other scopes'", "set_up", [FOREIGN, ELSEWHERE], "|||make"],
    ["leaves alone what is right", "set_up", [RIGHT], "PRIGHT|||"],
    ["knows again what it made inactive", "set_up", [ASLEEP], "PASLEEP|||"],
    ["makes an orphan again", "set_up", [LEFTOVER], "|PLEFT||make"],
    ["clears an orphan away beside a right one", "set_up", [RIGHT, LEFTOVER], "PRIGHT|PLEFT||"],
    ["replaces one whose gate header is gone", "set_up", [UNGATED], "||PUNGATED|make"],
    ["replaces one at another edge", "set_up", [MOVED], "||PMOVED|make"],
    ["replaces one with another gate token", "set_up", [STRANGE_GATE], "||PSTRANGE|make"],
    [
      "makes an inactive one with another gate token again",
      "set_up",
      [{ ...STRANGE_GATE, active: false }],
      "|PSTRANGE||make",
    ],
    ["never deletes at once what others made", "set_up", [{ ...BY_HAND, active: false }], "||PHAND|make"],
    ["stops before one whose secret is elsewhere", "set_up", [BY_HAND], "secret_elsewhere PHAND"],
    [
      "takes one whose secret is elsewhere for old, if there is a right one",
      "set_up",
      [RIGHT, BY_HAND],
      "PRIGHT||PHAND|",
    ],
    ["adds a second", "rotate", [RIGHT], "PRIGHT|||make"],
    ["adds one beside a secret that is elsewhere", "rotate", [BY_HAND], "||PHAND|make"],
    ["adds no third", "rotate", [RIGHT, NEWER], "PNEWER PRIGHT||PRIGHT|"],
    ["adds no third beside one of others'", "rotate", [BY_HAND, NEWER], "PNEWER||PHAND|"],
    ["begins a rotation again that a crash cut short", "rotate", [RIGHT, LEFTOVER], "PRIGHT|PLEFT||make"],
    ["finishes with the newest", "finish", [RIGHT, NEWER], "PNEWER PRIGHT||PRIGHT|"],
    ["finishes with all that are old", "finish", [BY_HAND, UNGATED, NEWER], "PNEWER||PHAND PUNGATED|"],
    ["has nothing to finish", "finish", [RIGHT], "PRIGHT|||"],
    ["does not finish without a successor", "finish", [BY_HAND], "no_successor PHAND"],
  ])("%s", (_, step, subscriptions, expected) => {
    expect(plan(step, ...subscriptions)).toBe(expected);
  });
});
