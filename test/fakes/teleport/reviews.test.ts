// SubmitAccessReview as real servers answer it, with the Enterprise feature and without.

import { describe, expect, it } from "vitest";
import { RequestState } from "../../../relay/gen/teleport_pb.ts";
import { clientOf, idOf, on, start } from "./arrange.ts";
import type { TeleportVersion } from "./versions.ts";

const { APPROVED, DENIED, NONE, PENDING } = RequestState;

async function startEnterprise(version: TeleportVersion = "7.0") {
  const teleport = await start({ version, enterprise: true });
  teleport.addUser("rex", { reviews: true });
  teleport.addUser("ada", { reviews: true });
  return { teleport, rex: await clientOf(teleport, "rex"), ada: await clientOf(teleport, "ada") };
}

describe("a review", () => {
  it.each([
    { version: "4.2.8", code: 12, message: "" },
    { version: "6.2", code: 7, message: 'user "rex" cannot submit reviews' },
    { version: "7.0", code: 7, message: 'user "rex" cannot submit reviews' },
  ] as const)("on an open-source $version is refused with code $code", async ({ version, code, message }) => {
    const teleport = await start({ version });
    teleport.addUser("rex", { reviews: true });
    const requestId = idOf(teleport.createRequest());
    const outcome = await (await clientOf(teleport, "rex")).call("submitAccessReview", {
      requestId,
      review: { proposedState: APPROVED },
    });
    expect(outcome.code).toBe(code);
    expect(outcome.message).toContain(message);
  });

  it.each([
    { name: "PENDING proposed", review: { proposedState: PENDING }, code: 3 },
    { name: "NONE proposed", review: { proposedState: NONE }, code: 3 },
    { name: "a role that was not asked for", review: { proposedState: APPROVED, roles: ["root"] }, code: 3 },
    { name: "some of the roles", review: { proposedState: APPROVED, roles: ["dev"] }, code: 12 },
    {
      name: "annotations",
      review: { proposedState: APPROVED, annotations: { values: { a: { values: ["b"] } } } },
      code: 12,
    },
    { name: "another author", review: { proposedState: APPROVED, author: "ada" }, code: 7 },
    { name: "its own author", review: { proposedState: APPROVED, author: "rex" }, code: 0 },
    { name: "no author", review: { proposedState: APPROVED }, code: 0 },
  ])("with $name gives code $code", async ({ review, code }) => {
    const { teleport, rex } = await startEnterprise();
    const requestId = idOf(teleport.createRequest({ roles: ["dev", "ops"] }));
    expect((await rex.call("submitAccessReview", { requestId, review })).code).toBe(code);
  });

  it("of an unknown request is NOT_FOUND, of one's own is refused", async () => {
    const { teleport, rex } = await startEnterprise();
    const review = { proposedState: APPROVED };
    const requestId = "3d3f1c6e-0000-4000-8000-000000000000";
    expect((await rex.call("submitAccessReview", { requestId, review })).code).toBe(5);
    const own = idOf(teleport.createRequest({ user: "rex" }));
    expect(await rex.call("submitAccessReview", { requestId: own, review })).toMatchObject({
      code: 7,
      message: expect.stringContaining("cannot review request"),
    });
  });

  it("leaves the request pending until its threshold is met, and each emits a PUT", async () => {
    const { teleport, rex, ada } = await startEnterprise();
    const requestId = idOf(teleport.createRequest({ thresholds: [{ approve: 2, deny: 1 }] }));
    const watch = rex.watch(on());
    await watch.next();
    const first = await rex.call("submitAccessReview", { requestId, review: { proposedState: APPROVED } });
    expect(first.value?.spec?.state).toBe(PENDING);
    expect(first.value?.spec?.reviews[0]).toMatchObject({ author: "rex", created: { seconds: -62_135_596_800n } });
    const second = await ada.call("submitAccessReview", {
      requestId,
      review: { proposedState: APPROVED, reason: "fine" },
    });
    expect(second.value?.spec).toMatchObject({ state: APPROVED, resolveReason: "fine" });
    const states = [await watch.next(), await watch.next()].map(
      (event) => event?.resource.case === "accessRequest" && event.resource.value.spec?.state,
    );
    expect(states).toEqual([PENDING, APPROVED]);
  });

  it("that denies ends the request", async () => {
    const { teleport, rex } = await startEnterprise();
    const requestId = idOf(teleport.createRequest({ thresholds: [{ approve: 2, deny: 1 }] }));
    await rex.call("submitAccessReview", { requestId, review: { proposedState: DENIED } });
    expect(teleport.request(requestId)?.spec?.state).toBe(DENIED);
  });

  it.each([
    { version: "7.0", again: 7, late: 0 },
    { version: "18", again: 6, late: 7 },
  ] as const)("of $version repeated gives $again, after the resolution $late", async ({ version, again, late }) => {
    const { teleport, rex, ada } = await startEnterprise(version);
    const requestId = idOf(teleport.createRequest({ thresholds: [{ approve: 2, deny: 2 }] }));
    const review = { proposedState: APPROVED };
    await rex.call("submitAccessReview", { requestId, review });
    expect((await rex.call("submitAccessReview", { requestId, review })).code).toBe(again);
    teleport.resolve(requestId, DENIED);
    expect((await ada.call("submitAccessReview", { requestId, review })).code).toBe(late);
    expect(teleport.request(requestId)?.spec?.state).toBe(DENIED);
  });
});
