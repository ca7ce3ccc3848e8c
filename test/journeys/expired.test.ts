import { describe, expect, it } from "vitest";
import type { Note } from "../fakes/pagerduty/records.ts";
import { PEOPLE } from "../stage/stage.ts";
import { boundIncidentFor, incidentsOf, setStage, verdictsSent, WITHIN_MS } from "./journey.ts";

/** Long enough to be paged and bound, short enough to wait for, in ms. */
const PENDING_MS = 12_000;

describe("a request that expires", () => {
  it("has its incident noted and resolved, and what is clicked afterwards changes nothing", async () => {
    const stage = await setStage();
    const asked = ["dba", "ops"].map((role) =>
      stage.teleport.createRequest({ user: PEOPLE.alice.email, roles: [role], pendingTtlMs: PENDING_MS }),
    );
    const requestIds = asked.map(({ metadata }) => metadata?.name ?? "");
    const incidents = await Promise.all(requestIds.map((id) => boundIncidentFor(stage, id)));
    await Promise.all(incidents.map(({ id }) => stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS)));

    const [late = "", later = ""] = incidents.map(({ id }) => id);
    stage.pagerDuty.as(PEOPLE.bob.id).note(late, "/approve");
    stage.pagerDuty.as(PEOPLE.bob.id).pressAction(later, "Deny Request");
    const says = (start: string) => (note: Note) =>
      note.content.startsWith(start) && note.content.includes("Teleport no longer has this access request");
    await stage.pagerDuty.waitForNote(late, says("Not approved for Bob Birch"), WITHIN_MS);
    await stage.pagerDuty.waitForNote(later, says("Not denied for Bob Birch"), WITHIN_MS);

    for (const { notes, status } of incidents) {
      expect([notes[0]?.content, status]).toEqual(["Access request has been expired.", "resolved"]);
    }
    for (const requestId of requestIds) {
      expect([incidentsOf(stage, requestId).length, verdictsSent(stage, requestId)]).toEqual([1, 0]);
    }
  });
});
