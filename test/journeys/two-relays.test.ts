import { afterEach, describe, expect, it } from "vitest";
import type { Program } from "../stage/program.ts";
import { PEOPLE, type Stage } from "../stage/stage.ts";
import { ask, incidentFor, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

let standby: Program | undefined;
afterEach(() => standby?.kill());

/** A stage with a second relay, which watches and is linked, and waits for its turn. */
async function setTwo(): Promise<{ stage: Stage; first: Program; second: Program }> {
  const stage = await setStage({ relays: ["relay", "second"] });
  const second = await stage.launchRelay("second");
  standby = second;
  await Promise.all([second.line(/Edge connected.*role=standby/), second.line(/Watcher connected/)]);
  return { stage, first: stage.relay, second };
}

/** Bob's answer, decided by whichever relay; the incident is closed by it. */
async function decideAs(stage: Stage, verdict: "approve" | "deny", requestId: string): Promise<void> {
  const { id } = await incidentFor(stage, requestId);
  stage.pagerDuty.as(PEOPLE.bob.id).note(id, `/${verdict}`);
  await stateReached(stage, requestId, verdict === "approve" ? "APPROVED" : "DENIED");
  await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
}

describe("two relays", () => {
  it("have one that acts, and another that takes over when its link closes", async () => {
    const { stage, first, second } = await setTwo();
    const before = ask(stage);
    await decideAs(stage, "approve", before);
    // The other one, which watches too, may have told of the end before.
    await first.line(/Decision applied/);
    expect(second.lines.join("\n")).not.toMatch(/Deciding/);

    await first.kill();
    await second.line(/This relay is active now/);
    const after = ask(stage);
    await decideAs(stage, "deny", after);
    expect([verdictsSent(stage, before), verdictsSent(stage, after)]).toEqual([1, 1]);
  });

  it("lose no answer and double none when the acting one stops in the middle of everything and comes back", async () => {
    const { stage, first, second } = await setTwo();
    const [held, late] = [ask(stage), ask(stage)];
    const incidents = [await incidentFor(stage, held), await incidentFor(stage, late)];
    await Promise.all(incidents.map(({ id }) => first.line(new RegExp(`Incident bound.*${id}`))));
    const bob = stage.pagerDuty.as(PEOPLE.bob.id);
    // It has been asked, and neither answers nor hangs up: only the missing acknowledgement tells.
    first.signal("SIGSTOP");
    bob.note(incidents[0]?.id ?? "", "/approve");
    await second.line(/This relay is active now/);
    await stateReached(stage, held, "APPROVED");

    // It still believes that it is active, and finds what it was asked before.
    first.signal("SIGCONT");
    bob.note(incidents[1]?.id ?? "", "/deny");
    await stateReached(stage, late, "DENIED");
    await first.line(/Edge connected.*role=standby/);
    for (const { id } of incidents) await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
    expect([verdictsSent(stage, held), verdictsSent(stage, late)]).toEqual([1, 1]);
  });
});
