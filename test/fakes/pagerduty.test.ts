/**
 * The stand-in PagerDuty as tests use it: faults, waiting, and running as a process of its own.
 */
import { spawn } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { draft, Stage } from "./pagerduty/stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.start();
});

afterEach(() => stage.stop());

describe("faults", () => {
  it("loses the answer after the effect", async () => {
    stage.fake.failNext("POST /incidents", "cut", undefined, { afterEffect: true });
    await expect(stage.call("POST", "/incidents", draft())).rejects.toThrow();
    expect(stage.fake.incidents).toHaveLength(1);
    expect((await stage.call("POST", "/incidents", draft())).body.error.code).toBe(2002);
  });

  it("fails as often as it was told, without the effect", async () => {
    stage.fake.failNext("POST /incidents/*/notes", 503, { error: {} }, { times: 2, headers: { "retry-after": "1" } });
    const id = await stage.open();
    const note = () => stage.call("POST", `/incidents/${id}/notes`, { note: { content: "hello" } });
    expect([(await note()).status, (await note()).headers.get("retry-after"), (await note()).status]).toEqual([
      503,
      "1",
      200,
    ]);
    expect(stage.fake.incident(id).notes).toHaveLength(1);
  });

  it("hangs until it is released, and is down until it is up", async () => {
    stage.fake.hang("GET /abilities");
    const answer = stage.call("GET", "/abilities");
    const hanging = await stage.fake.waitForCall(({ path }) => path === "/abilities");
    expect(hanging.status).toBeNull();
    stage.fake.release();
    expect((await answer).status).toBe(200);
    const { url } = stage.fake;
    await stage.fake.down();
    await expect(stage.call("GET", "/abilities")).rejects.toThrow();
    await stage.fake.up();
    expect([stage.fake.url, (await stage.call("GET", "/abilities")).status]).toEqual([url, 200]);
  });

  it("counts calls by route and remembers who acted", async () => {
    const id = await stage.open();
    await stage.call("POST", `/incidents/${id}/notes`, { note: { content: "x" } });
    expect(stage.fake.callCount("POST /incidents/{id}/notes")).toBe(1);
    expect(stage.fake.calls.at(-1)).toMatchObject({ userId: "PB0TX91", status: 200, body: { note: { content: "x" } } });
  });

  it("says what it saw instead of what was awaited", async () => {
    await stage.open();
    await expect(stage.fake.waitForIncident(({ status }) => status === "resolved", 1)).rejects.toThrow(
      /seen instead: Q\w+ triggered “Access request”/,
    );
  });
});

describe("the stand-in as a process", () => {
  it("prints one line of JSON and ends on SIGTERM", async () => {
    const main = new URL("./pagerduty-main.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [main, JSON.stringify({ requestsPerMinute: null })]);
    const line: Buffer = await new Promise((resolve, reject) => {
      child.stdout.once("data", resolve);
      child.stderr.once("data", (text) => reject(new Error(String(text))));
    });
    const report = JSON.parse(line.toString());
    expect((await fetch(report.url)).status).toBe(200);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });
});
