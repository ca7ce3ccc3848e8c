import { describe, expect, it } from "vitest";
import { LIST_RULES_EVERY_MS, RuleBook } from "../../../relay/rules/book.ts";
import type { MonitoringRule } from "../../../relay/rules.ts";
import { TeleportError } from "../../../relay/teleport/error.ts";
import { createLogger } from "../../../shared/log.ts";
import { ManualClock, settled } from "../../fakes/clock.ts";
import { requestOf } from "../clicks.ts";

const AWAY = new TeleportError({ code: "unavailable", problem: "Teleport is away.", mend: "Wait." });
const DENIED = new TeleportError({ code: "permission_denied", problem: "You may not list rules.", mend: "Add it." });

function ruleOf(name: string, change: Partial<MonitoringRule> = {}): MonitoringRule {
  const whole = { subjects: ["access_request"], condition: "true", notifier: "pagerduty", recipients: [name] };
  return { name, ...whole, ...change };
}

function opened() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const asked: PromiseWithResolvers<MonitoringRule[]>[] = [];
  const listRules = (): Promise<MonitoringRule[]> => {
    const answer = Promise.withResolvers<MonitoringRule[]>();
    asked.push(answer);
    return answer.promise;
  };
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  const book = new RuleBook({ teleport: { listRules }, clock, log });
  return {
    book,
    clock,
    lines,
    asked,
    recipients: () => book.recipientsFor(requestOf(), {}),
    /** Answers what was asked last. */
    async answer(answer: MonitoringRule[] | TeleportError): Promise<void> {
      const last = asked.at(-1);
      if (answer instanceof TeleportError) last?.reject(answer);
      else last?.resolve(answer);
      await settled();
    },
  };
}

describe("the rule book", () => {
  it("lists at the start and every minute", async () => {
    const { book, clock, asked, answer, recipients } = opened();
    const stop = new AbortController();
    const running = book.run(stop.signal);
    expect([book.isCurrent, recipients()]).toEqual([false, []]);
    await answer([ruleOf("one"), ruleOf("foreign", { notifier: "slack" })]);
    expect([book.isCurrent, recipients()]).toEqual([true, ["one"]]);
    await clock.pass(LIST_RULES_EVERY_MS);
    await answer([ruleOf("two")]);
    expect([asked.length, recipients()]).toEqual([2, ["two"]]);
    stop.abort();
    await running;
    expect(clock.timerCount).toBe(0);
  });

  it("takes what the watch tells, and that rather than a list that may be older", async () => {
    const { book, answer, recipients } = opened();
    const listing = book.refresh();
    book.put(ruleOf("new"));
    book.put(ruleOf("changed", { recipients: ["after"] }));
    book.deleted("gone");
    await answer([ruleOf("gone"), ruleOf("changed", { recipients: ["before"] }), ruleOf("kept")]);
    await listing;
    expect(recipients()).toEqual(["after", "kept", "new"]);
    book.put(ruleOf("kept", { notifier: "slack" }));
    book.deleted("new");
    book.deleted("never there");
    expect(recipients()).toEqual(["after"]);
  });

  it("lists anew when a watch begins, also behind a list that is under way", async () => {
    const { book, asked, answer, recipients } = opened();
    void book.refresh();
    book.init();
    await settled();
    expect(asked).toHaveLength(1);
    await answer([ruleOf("before")]);
    expect(asked).toHaveLength(2);
    await answer([ruleOf("after")]);
    expect([book.isCurrent, recipients()]).toEqual([true, ["after"]]);
  });

  it("keeps what it knows while Teleport is away, and asks again soon", async () => {
    const { book, clock, asked, answer, recipients, lines } = opened();
    const stop = new AbortController();
    void book.run(stop.signal);
    await answer(AWAY);
    expect(book.isCurrent).toBe(false);
    await clock.pass(1_000);
    await answer([ruleOf("one")]);
    await clock.pass(LIST_RULES_EVERY_MS);
    await answer(AWAY);
    expect([asked.length, recipients()]).toEqual([3, ["one"]]);
    expect(lines.filter((line) => line.includes("could not be listed"))).toHaveLength(1);
    stop.abort();
  });

  it("goes without rules that may not be listed, and says so once", async () => {
    const { book, clock, answer, recipients, lines } = opened();
    const stop = new AbortController();
    void book.run(stop.signal);
    await answer([ruleOf("one")]);
    for (let time = 0; time < 3; time++) {
      await clock.pass(LIST_RULES_EVERY_MS);
      await answer(DENIED);
    }
    expect([book.isCurrent, recipients()]).toEqual([true, []]);
    expect(lines.filter((line) => line.includes("You may not list rules."))).toHaveLength(1);
    await clock.pass(LIST_RULES_EVERY_MS);
    await answer([ruleOf("one")]);
    expect(recipients()).toEqual(["one"]);
    stop.abort();
  });

  it("says once what is wrong with a rule, by its name", async () => {
    const { book, answer, recipients, lines } = opened();
    void book.refresh();
    await answer([ruleOf("broken", { condition: "roles" }), ruleOf("vague", { condition: "choose()" })]);
    book.put(ruleOf("broken", { condition: "roles" }));
    for (let time = 0; time < 3; time++) expect(recipients()).toEqual([]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("notifies nobody rule=broken");
    expect(lines[0]).toContain("It names roles, unknown here.");
    expect(lines[1]).toContain("rule=vague");
  });

  it("knows whether a rule asks for traits", async () => {
    const { book, answer } = opened();
    void book.refresh();
    await answer([ruleOf("one")]);
    expect(book.asksTraits).toBe(false);
    book.put(ruleOf("two", { condition: "user.traits.level.isempty()" }));
    expect(book.asksTraits).toBe(true);
    book.put(ruleOf("two", { condition: "user.traits.level.isempty()", notifier: "slack" }));
    expect(book.asksTraits).toBe(false);
  });
});
