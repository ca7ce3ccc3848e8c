import { describe, expect, it } from "vitest";
import { askTraits, concernsUs, type MonitoringRule, readRule, recipientsFor } from "../../relay/rules.ts";
import { requestOf } from "./clicks.ts";

function ruleOf(change: Partial<MonitoringRule> = {}): MonitoringRule {
  return {
    name: "rule",
    subjects: ["access_request"],
    condition: "true",
    notifier: "pagerduty",
    recipients: ["Databases"],
    ...change,
  };
}

const answerOf = (...rules: readonly Partial<MonitoringRule>[]) =>
  recipientsFor(
    rules.map((rule) => readRule(ruleOf(rule))),
    requestOf({ roles: ["dba"] }),
    { level: ["L1"] },
  );

describe("a rule", () => {
  it.each([
    [{}, true],
    [{ subjects: ["user", "access_request"] }, true],
    [{ subjects: ["user"] }, false],
    [{ subjects: [] }, false],
    [{ notifier: "slack" }, false],
    [{ notifier: "PagerDuty" }, false],
    [{ notifier: "" }, false],
  ])("with %j concerns us: %s", (change, concerns) => {
    expect(concernsUs(ruleOf(change))).toBe(concerns);
    expect(answerOf(change).recipients).toEqual(concerns ? ["Databases"] : []);
  });
});

describe("the recipients of a request", () => {
  it("are those of every rule that matches, each once, in the order of the rules' names", () => {
    const { recipients, faults } = answerOf(
      { name: "c", recipients: ["Third", "First"] },
      { name: "a", recipients: ["First", "Second", "First"] },
      { name: "b", recipients: ["Never"], condition: "false" },
    );
    expect(recipients).toEqual(["First", "Second", "Third"]);
    expect(faults).toEqual([]);
  });

  it("are chosen by the request and by the traits of its user", () => {
    const { recipients } = answerOf(
      { name: "a", recipients: ["By role"], condition: 'access_request.spec.roles.contains("dba")' },
      { name: "b", recipients: ["By trait"], condition: 'user.traits["level"].contains("L1")' },
      { name: "c", recipients: ["Nobody"], condition: 'user.traits["level"].contains("L2")' },
    );
    expect(recipients).toEqual(["By role", "By trait"]);
  });

  it("are none when no rule names any", () => {
    expect(answerOf().recipients).toEqual([]);
    expect(answerOf({ recipients: [] }, { recipients: ["", " "] }).recipients).toEqual([]);
  });

  it("are not kept from others by a rule at fault, which is named", () => {
    const { recipients, faults } = answerOf(
      { name: "unreadable", condition: "(" },
      { name: "unanswerable", condition: "choose()" },
      { name: "whole", recipients: ["Databases"] },
      { name: "foreign", notifier: "slack", condition: "(" },
    );
    expect(recipients).toEqual(["Databases"]);
    expect(faults.map(({ rule }) => rule)).toEqual(["unanswerable", "unreadable"]);
    expect(faults[1]?.problem).toBe("It has an end, where something else belongs.");
  });
});

describe("whether rules ask for traits", () => {
  it("is told by their conditions", () => {
    const asking = readRule(ruleOf({ condition: "user.traits.level.isempty()" }));
    const other = readRule(ruleOf());
    const faulty = readRule(ruleOf({ condition: "user.traits.level.isempty(" }));
    expect([askTraits([]), askTraits([other, faulty]), askTraits([other, asking])]).toEqual([false, false, true]);
  });
});
