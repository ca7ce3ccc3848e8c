import { describe, expect, it } from "vitest";
import { Budget, MAX_COST } from "../../../relay/rules/budget.ts";
import { ConditionFault } from "../../../relay/rules/fault.ts";

describe("a budget", () => {
  it("is spent to the last, and no further", () => {
    const budget = new Budget();
    budget.spend(MAX_COST - 1);
    budget.spend(1);
    expect(() => budget.spend(1)).toThrow(ConditionFault);
  });
});
