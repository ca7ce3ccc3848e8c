import { describe, expect, it, vi } from "vitest";
import { PagerDutyHealth } from "../../../edge/pagerduty/health.ts";
import { People } from "../../../edge/pagerduty/people.ts";
import { PagerDuty } from "../../../edge/pagerduty.ts";
import { platformTimer } from "../../../edge/timer.ts";
import { BOT, clusterConfig, NOW, POLICY, SERVICE } from "../samples.ts";

const USERS = () => Response.json({ users: [BOT], more: false });
const SERVICES = () => Response.json({ service: { id: SERVICE, name: "s", escalation_policy: { id: POLICY } } });

function health(answers: { users?: () => Response; services?: () => Response } = {}) {
  const clock = { nowMs: NOW };
  const told: { faults: string[]; changes: number; calls: number } = { faults: [], changes: 0, calls: 0 };
  const current = { users: USERS, services: SERVICES, ...answers };
  const config = clusterConfig();
  const now = () => clock.nowMs;
  const pagerDuty = new PagerDuty({
    account: config.pagerDuty,
    now,
    after: platformTimer,
    fetch: async (request) => {
      told.calls += 1;
      return new URL(request.url).pathname === "/users" ? current.users() : current.services();
    },
  });
  const people = new People(pagerDuty, BOT.email, now);
  const fault = (what: string) => void told.faults.push(what);
  const subject = new PagerDutyHealth({ config, pagerDuty, people, now, fault, changed: () => void told.changes++ });
  return { subject, told, clock, current };
}

describe("PagerDuty's health", () => {
  it("is good until something is seen", () => {
    expect(health().subject.frame).toEqual({ type: "health", pagerduty: { ok: true, problem: null } });
  });

  it.each([
    [
      "a user that is not there",
      { users: () => Response.json({ users: [], more: false }) },
      /no user .* \(user_email\)/,
    ],
    [
      "a service that is not there",
      { services: () => new Response("{}", { status: 404 }) },
      new RegExp(`no service ${SERVICE}`),
    ],
    ["a key that is refused", { users: () => new Response("{}", { status: 401 }) }, /unauthorized/],
    ["an answer that makes no sense", { services: () => new Response("<html>") }, /unreadable/],
  ])("names %s", async (_, answers, problem) => {
    const { subject, told } = health(answers);
    await subject.check();
    expect(subject.problem).toMatch(problem);
    expect(told).toMatchObject({ faults: [subject.problem], changes: 1 });
  });

  it("is told once for each change", () => {
    const { subject, told } = health();
    for (const problem of [null, "a", "a", null, null, "b"]) subject.seen(problem);
    expect(told).toMatchObject({ faults: ["a", "b"], changes: 3 });
  });

  it("does not forget what a check found because other calls go well, nor the other way round", async () => {
    const { subject, clock, current } = health({ services: () => new Response("{}", { status: 404 }) });
    await subject.check();
    subject.seen("PagerDuty POST /incidents: forbidden (403)");
    subject.seen(null);
    expect(subject.problem).toMatch(/no service/);
    subject.seen("PagerDuty POST /incidents: forbidden (403)");
    current.services = SERVICES;
    clock.nowMs += 60_000;
    await subject.check();
    expect(subject.problem).toMatch(/forbidden/);
  });

  it("takes what passes by itself for passed once a call goes well", async () => {
    const { subject } = health({ services: () => new Response("{}", { status: 500 }) });
    await subject.check();
    expect(subject.problem).toMatch(/unavailable/);
    subject.seen(null);
    expect(subject.problem).toBeNull();
  });

  it("is looked at again while something is wrong, once in a while", async () => {
    const { subject, told, clock, current } = health({ services: () => new Response("{}", { status: 404 }) });
    await subject.check();
    current.services = SERVICES;
    subject.look();
    expect(told.calls).toBe(2);
    clock.nowMs += 60_000;
    subject.look();
    await vi.waitFor(() => expect(subject.problem).toBeNull());
    clock.nowMs += 60_000;
    subject.look();
    expect(told.calls).toBe(3);
  });

  it("is asked for once in a while, and at once after a failure", async () => {
    const { subject, told, clock, current } = health({ services: () => new Response("{}", { status: 500 }) });
    await subject.check();
    current.services = SERVICES;
    await subject.check();
    expect([subject.problem, told.calls]).toEqual([null, 3]);
    await subject.check();
    expect(told.calls).toBe(3);
    clock.nowMs += 60_000;
    await subject.check();
    expect(told.calls).toBe(4);
  });
});
