import { describe, expect, it } from "vitest";
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import { PEOPLE, type Stage } from "../stage/stage.ts";
import { ask, boundIncidentFor, incidentsOf, setStage, verdictsSent, WITHIN_MS } from "./journey.ts";

/** What becomes of a request at Teleport while our verdict on it is on its way. */
const MEANWHILE: Readonly<Record<string, { act: (stage: Stage, requestId: string) => void; note: RegExp }>> = {
  "deleted by somebody": {
    act: ({ teleport }, requestId) => teleport.delete(requestId),
    note: /^Access request has been deleted/,
  },
  "dropped by Teleport, for it has expired": {
    act: ({ teleport }, requestId) => teleport.expire(requestId),
    note: /^Access request has been (deleted|expired)/,
  },
  "denied in Teleport's own interface": {
    act: ({ teleport }, requestId) => teleport.resolve(requestId, RequestState.DENIED, { reason: "not tonight" }),
    note: /^Access request has been denied\.\nReason: not tonight$/,
  },
};

describe("a request that ends while it is being approved", () => {
  it.each(Object.keys(MEANWHILE))("is recorded and its incident closed, with no second try: %s", async (how) => {
    const stage = await setStage();
    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    stage.teleport.hang("setAccessRequestState");
    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve");
    await stage.teleport.waitForCall("setAccessRequestState", undefined, { timeoutMs: WITHIN_MS });
    MEANWHILE[how]?.act(stage, requestId);
    stage.teleport.release("setAccessRequestState");

    await stage.relay.line(/Decision refused/);
    const { notes } = await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
    expect(notes.filter(({ content }) => content.startsWith("Access request"))).toEqual([
      expect.objectContaining({ content: expect.stringMatching(MEANWHILE[how]?.note ?? "") }),
    ]);
    expect([incidentsOf(stage, requestId).length, verdictsSent(stage, requestId)]).toEqual([1, 1]);
    expect(stage.teleport.request(requestId)?.spec?.state).not.toBe(RequestState.APPROVED);
  });
});

describe("an incident that its attacker is reassigned to", () => {
  it("still counts by the escalation policy that it was opened under", async () => {
    const stage = await setStage();
    const { pagerDuty } = stage;
    pagerDuty.addEscalationPolicy({ id: "PCAROLS", name: "Carol's own", levels: [[PEOPLE.carol.id]] });
    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    pagerDuty.as(PEOPLE.carol.id).reassign(id, { policyId: "PCAROLS" });
    pagerDuty.as(PEOPLE.carol.id).note(id, "/approve");

    await pagerDuty.waitForNote(id, ({ content }) => content.startsWith("Not approved for Carol Cedar"), WITHIN_MS);
    expect(stage.relay.lines.join("\n")).toMatch(/Decision refused.*refusal=not_on_call/);
    expect([stage.teleport.request(requestId)?.spec?.state, verdictsSent(stage, requestId)]).toEqual([
      RequestState.PENDING,
      0,
    ]);
  });
});
