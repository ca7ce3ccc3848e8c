import { describe, expect, it } from "vitest";
import { MAX_PEOPLE, People, REMEMBER_PEOPLE_MS } from "../../../edge/pagerduty/people.ts";
import type { PagerDuty } from "../../../edge/pagerduty.ts";
import { PagerDuty as RealPagerDuty } from "../../../edge/pagerduty.ts";
import { platformTimer } from "../../../edge/timer.ts";
import { BOT, clusterConfig, NOW } from "../samples.ts";

/** People over a directory that answers as told, and what it was asked. */
function directory(answer: (path: string) => Response = found) {
  const asked: string[] = [];
  const clock = { nowMs: NOW };
  const pagerDuty: PagerDuty = new RealPagerDuty({
    account: clusterConfig().pagerDuty,
    fetch: async (request) => {
      const path = new URL(request.url).pathname;
      asked.push(path);
      return answer(path);
    },
    now: () => clock.nowMs,
    after: platformTimer,
  });
  return { people: new People(pagerDuty, BOT.email, () => clock.nowMs), asked, clock };
}

function found(path: string): Response {
  const id = path.split("/").at(-1) ?? "";
  if (path === "/users") return Response.json({ users: [BOT], more: false });
  return Response.json({ user: { id, name: `Name of ${id}`, email: `${id}@example.com` } });
}

describe("people", () => {
  it("are asked for once, remembered for a while, and then asked for again", async () => {
    const { people, asked, clock } = directory();
    expect(people.known("P1")).toBeUndefined();
    await people.user("P1");
    expect((await people.user("P1")).email).toBe("P1@example.com");
    clock.nowMs += REMEMBER_PEOPLE_MS - 1;
    expect(people.known("P1")?.id).toBe("P1");
    clock.nowMs += 1;
    expect(people.known("P1")).toBeUndefined();
    await people.user("P1");
    expect(asked).toEqual(["/users/P1", "/users/P1"]);
  });

  it("are not remembered when PagerDuty did not answer", async () => {
    const { people, asked } = directory(() => new Response(null, { status: 500 }));
    await expect(people.user("P1")).rejects.toMatchObject({ code: "unavailable" });
    await expect(people.user("P1")).rejects.toMatchObject({ code: "unavailable" });
    await expect(people.botId()).rejects.toMatchObject({ code: "unavailable" });
    expect([asked.length, people.knownBotId]).toEqual([3, undefined]);
  });

  it("stay few, the newest", async () => {
    const { people, clock } = directory();
    for (let n = 0; n <= MAX_PEOPLE; n++) {
      // No faster than the account may be called.
      clock.nowMs += 100;
      await people.user(`P${n}`);
    }
    expect([people.known("P0"), people.known("P1")?.id, people.known(`P${MAX_PEOPLE}`)?.id]).toEqual([
      undefined,
      "P1",
      `P${MAX_PEOPLE}`,
    ]);
  });

  it("include the one that we write as, also when there is none", async () => {
    const { people, asked } = directory();
    expect([await people.botId(), await people.botId(), people.knownBotId, asked.length]).toEqual([
      BOT.id,
      BOT.id,
      BOT.id,
      1,
    ]);
    const none = directory(() => Response.json({ users: [{ ...BOT, email: "other@example.com" }], more: false }));
    expect([await none.people.botId(), none.people.knownBotId]).toEqual([null, null]);
    expect([people.botProblem, none.people.botProblem]).toEqual([null, expect.stringContaining("has no user")]);
  });

  it.each([402, 403, 404])("go without the one that we write as when PagerDuty answers %i", async (status) => {
    const { people, asked } = directory(() => new Response(null, { status }));
    expect(people.botProblem).toBeNull();
    expect([await people.botId(), await people.botId(), asked.length]).toEqual([null, null, 1]);
    expect(people.botProblem).toMatch(/^PagerDuty does not let us look up teleport-bot@example\.com \(user_email\)/);
  });

  it.each([401, 429, 503])("wait for the one that we write as when PagerDuty answers %i", async (status) => {
    const { people } = directory(() => new Response(null, { status }));
    await expect(people.botId()).rejects.toMatchObject({ status });
    expect(people.knownBotId).toBeUndefined();
  });
});
