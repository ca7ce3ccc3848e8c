import { describe, expect, it } from "vitest";
import { PEOPLE, type Stage } from "../stage/stage.ts";
import { ask, incidentFor, incidentsOf, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

/** The steps of a journey, after each of which somebody may be killed. */
const STEPS = ["asked", "paged", "bound", "clicked", "decided"] as const;

const VICTIMS: Readonly<Record<string, (stage: Stage) => Promise<unknown>>> = {
  "the relay": async (stage) => {
    await stage.relay.kill();
    await stage.startRelay();
  },
  "the edge": async (stage) => {
    await stage.edge.kill();
    await stage.startEdge();
  },
  "both of them": async (stage) => {
    await Promise.all([stage.relay.kill(), stage.edge.kill()]);
    await stage.startEdge();
    await stage.startRelay();
  },
};

const CASES = Object.keys(VICTIMS).flatMap((victim) => STEPS.map((step) => ({ victim, step })));

describe("a request whose journey is interrupted", () => {
  it.each(CASES)("ends as if $victim had not been killed once it was $step", async ({ victim, step }) => {
    const stage = await setStage();
    const strike = async (now: (typeof STEPS)[number]): Promise<void> => {
      if (now === step) await VICTIMS[victim]?.(stage);
    };
    const requestId = ask(stage);
    await strike("asked");
    const incident = await incidentFor(stage, requestId);
    await strike("paged");
    await stage.teleport.waitForCall("updatePluginData", undefined, { timeoutMs: WITHIN_MS });
    await strike("bound");
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve all is well");
    await strike("clicked");
    await stateReached(stage, requestId, "APPROVED");
    await strike("decided");

    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    const ends = stage.pagerDuty
      .incident(incident.id)
      .notes.filter(({ content }) => content.startsWith("Access request"));
    expect(ends.map(({ content }) => content)).toEqual([
      `Access request has been approved by ${PEOPLE.bob.name} (${PEOPLE.bob.email}).\nReason: all is well`,
    ]);
    expect([incidentsOf(stage, requestId).length, verdictsSent(stage, requestId)]).toEqual([1, 1]);
  });
});
