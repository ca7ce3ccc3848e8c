import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { Program } from "../stage/program.ts";
import { ADMIN_TOKEN, CLUSTER, PEOPLE, type Stage } from "../stage/stage.ts";
import { ask, boundIncidentFor, incidentFor, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

let standby: Program | undefined;
afterEach(() => standby?.kill());

const statusSchema = z.object({
  faults: z.array(z.object({ what: z.string() })),
  relays: z.array(z.object({ role: z.string(), audit: z.object({ lines: z.int(), head: z.string() }).nullable() })),
});

/** Where the edge says that the relays' logs end, and its faults that are about them. */
async function statusOf(stage: Stage) {
  const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await fetch(`${stage.edgeUrl}/v1/${CLUSTER}/status`, { headers });
  const { relays, faults } = statusSchema.parse(await answer.json());
  return { relays, faults: faults.map(({ what }) => what).filter((what) => what.includes("audit log")) };
}

async function linesOf(stage: Stage, name = "relay"): Promise<Record<string, unknown>[]> {
  const text = await readFile(stage.path(`${name}-audit.jsonl`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const bobSays = (stage: Stage, incidentId: string, note: string) =>
  stage.pagerDuty.as(PEOPLE.bob.id).note(incidentId, note);

describe("the audit log", () => {
  it("ends where the edge says that it does, across a restart, and a log that was cut back is a fault", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    bobSays(stage, (await boundIncidentFor(stage, requestId)).id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
    await stage.relay.line(/Decision applied/);
    await stage.relay.stop();
    await stage.startRelay();
    const lines = await linesOf(stage);
    const head = lines.at(-1)?.hash;
    expect(lines.map(({ kind, number }) => [kind, number])).toEqual([
      ["intent", 1],
      ["outcome", 2],
    ]);
    expect(await statusOf(stage)).toMatchObject({ relays: [{ audit: { lines: 2, head } }], faults: [] });

    await stage.relay.stop();
    await writeFile(stage.path("relay-audit.jsonl"), `${JSON.stringify(lines[0])}\n`);
    await stage.startRelay();
    const { faults } = await statusOf(stage);
    expect(faults).toEqual([expect.stringContaining("does not go on from where it last ended")]);
    expect(faults[0]).toContain(`audit verify --holds ${head} FILE`);
  });

  it("says how a verdict ended that a crash left open, before anything else, and sends nothing twice", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    stage.teleport.hang("setAccessRequestState", "after");
    bobSays(stage, id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
    await stage.relay.kill();
    expect((await linesOf(stage)).map(({ kind }) => kind)).toEqual(["intent"]);
    stage.teleport.clearFaults();

    await stage.startRelay();
    await stage.relay.line(/What became of a decision before the last stop is in the audit log.*state=APPROVED/);
    await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
    await stage.relay.line(/Decision applied/);
    const lines = await linesOf(stage);
    expect(lines.map(({ kind, state }) => [kind, state])).toEqual([
      ["intent", undefined],
      ["outcome", "APPROVED"],
    ]);
    expect(verdictsSent(stage, requestId)).toBe(1);
    expect((await statusOf(stage)).faults).toEqual([]);
  });

  it("that cannot be written holds approvals, until the standby takes over and gives them", async () => {
    const stage = await setStage({ relays: ["relay", "second"] });
    const second = await stage.launchRelay("second");
    standby = second;
    await second.line(/Edge connected.*role=standby/);
    const log = stage.path("relay-audit.jsonl");
    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    await rename(log, `${log}.moved`);
    await mkdir(log);
    bobSays(stage, id, "/approve");
    await second.line(/This relay is active now/);
    await stateReached(stage, requestId, "APPROVED");
    await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
    expect(verdictsSent(stage, requestId)).toBe(1);
    expect((await linesOf(stage, "second")).map(({ kind }) => kind)).toEqual(["intent", "outcome"]);
    expect((await statusOf(stage)).faults).toEqual([expect.stringContaining("cannot write its audit log")]);

    await rm(log, { recursive: true });
    await rename(`${log}.moved`, log);
    await stage.relay.line(/The audit log can be written again/);
    const next = ask(stage);
    bobSays(stage, (await incidentFor(stage, next)).id, "/deny");
    await stateReached(stage, next, "DENIED");
  });
});
