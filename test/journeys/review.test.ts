import { describe, expect, it } from "vitest";
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import { PEOPLE } from "../stage/stage.ts";
import { boundIncidentFor, setStage, stateReached, WITHIN_MS } from "./journey.ts";

const TWO_APPROVALS = [{ approve: 2, deny: 1 }];

function noteThat(start: string) {
  return ({ content }: { readonly content: string }): boolean => content.startsWith(start);
}

describe("a request that is decided by review", () => {
  it("stays pending until Teleport has what it asks for, and people are told so", async () => {
    const stage = await setStage({ decideBy: "review", teleport: { version: "18", enterprise: true } });
    stage.teleport.addUser("access-plugin", { reviews: true });
    const request = { user: PEOPLE.alice.email, roles: ["dba"], thresholds: TWO_APPROVALS };
    const requestId = stage.teleport.createRequest(request).metadata?.name ?? "";
    const { id } = await boundIncidentFor(stage, requestId);

    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve go ahead");
    await stage.pagerDuty.waitForNote(id, noteThat("The approval of Bob Birch"), WITHIN_MS);
    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve again");
    await stage.pagerDuty.waitForNote(id, noteThat("Not approved for Bob Birch"), WITHIN_MS);

    stage.teleport.review(requestId, { author: "dora", state: RequestState.APPROVED });
    await stateReached(stage, requestId, "APPROVED");
    await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
    expect(stage.teleport.request(requestId)?.spec?.reviews.map(({ author }) => author)).toEqual([
      "access-plugin",
      "dora",
    ]);
    expect(stage.teleport.calls.filter(({ rpc }) => rpc === "setAccessRequestState")).toEqual([]);
  });

  it("is approved in the name of the person who clicked", async () => {
    const stage = await setStage({
      decideBy: "review_on_behalf",
      teleport: { version: "18", enterprise: true, reviewsForOthers: true },
    });
    stage.teleport.addUser("access-plugin", { submitsForUsers: true });
    stage.teleport.addUser(PEOPLE.bob.email, { reviews: true });
    const request = { user: PEOPLE.alice.email, roles: ["dba"] };
    const requestId = stage.teleport.createRequest(request).metadata?.name ?? "";
    const { id } = await boundIncidentFor(stage, requestId);

    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve go ahead");
    await stateReached(stage, requestId, "APPROVED");
    const [review] = stage.teleport.request(requestId)?.spec?.reviews ?? [];
    expect(review).toMatchObject({ author: PEOPLE.bob.email, submittedBy: "access-plugin" });
  });

  it("waits for an admin where a right is missing, which the incident is told once", async () => {
    const stage = await setStage({ decideBy: "review", teleport: { version: "18", enterprise: true } });
    const request = { user: PEOPLE.alice.email, roles: ["dba"] };
    const requestId = stage.teleport.createRequest(request).metadata?.name ?? "";
    const { id } = await boundIncidentFor(stage, requestId);

    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve go ahead");
    const note = await stage.pagerDuty.waitForNote(id, noteThat("The answer that was given here"), WITHIN_MS);
    expect(note.content).toContain("allow.review_requests: {roles: ['*']}");
    stage.teleport.addUser("access-plugin", { reviews: true });
    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve it is mended");
    await stateReached(stage, requestId, "APPROVED");
  });
});

describe("a request that is reviewed in Teleport", () => {
  it.each([
    ["approved", RequestState.APPROVED],
    ["denied", RequestState.DENIED],
  ])("has a note for each review and one for the end, and Teleport keeps how it ended: %s", async (end, state) => {
    const stage = await setStage({ decideBy: "review", teleport: { version: "18", enterprise: true } });
    const request = { user: PEOPLE.alice.email, roles: ["dba"], thresholds: [{ approve: 2, deny: 2 }] };
    const requestId = stage.teleport.createRequest(request).metadata?.name ?? "";
    const { id } = await boundIncidentFor(stage, requestId);

    stage.teleport.review(requestId, { author: "dora", state, reason: "seen" });
    await stage.pagerDuty.waitForNote(id, noteThat("dora reviewed the request at "), WITHIN_MS);
    expect(stage.pagerDuty.incident(id).status).toBe("triggered");
    stage.teleport.review(requestId, { author: "erin", state, reason: "seen too" });
    await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);

    const verdict = `Resolution: ${end.toUpperCase()}.`;
    expect(stage.pagerDuty.incident(id).notes.map(({ content }) => content)).toEqual([
      expect.stringMatching(new RegExp(`^dora reviewed the request at [^\\n]+\\.\\n${verdict}\\nReason: seen\\.$`)),
      expect.stringMatching(new RegExp(`^erin reviewed the request at [^\\n]+\\.\\n${verdict}\\nReason: seen too\\.$`)),
      expect.stringMatching(new RegExp(`^Access request has been ${end}[^]*Reason: seen too$`)),
    ]);
    await expect.poll(() => stage.teleport.pluginData(requestId)).toMatchObject({ resolution: end });
  });
});
