import { beforeEach, describe, expect, it } from "vitest";
import { RequestState } from "../../../relay/gen/teleport_pb.ts";
import { clientOf, idOf, start } from "../../fakes/teleport/arrange.ts";
import type { FakeTeleport } from "../../fakes/teleport.ts";
import { TeleportSide } from "./teleport-side.ts";

let side: TeleportSide;
let teleport: FakeTeleport;

beforeEach(async () => {
  side = new TeleportSide();
  teleport = await start({ changed: (id, request) => side.changed(id, request) });
});

/** Alice asks for a role; the request's id. */
function ask(pendingTtlMs?: number): string {
  const roles = ["dba"];
  const request = teleport.createRequest({ user: "alice@example.com", roles, ...(pendingTtlMs && { pendingTtlMs }) });
  side.asked(idOf(request), { requester: "alice", roles, services: ["PIJ90N7"] });
  return idOf(request);
}

const statesOf = (id: string) =>
  side.requests.find((request) => request.id === id)?.states.map(({ state, byUs }) => [state, byUs]);

describe("what Teleport saw", () => {
  it("is a request with who asked, where it is due, and when it ends by itself", () => {
    const id = ask(60_000);
    const [request] = side.requests;
    expect(request).toMatchObject({ id, user: "alice@example.com", roles: ["dba"], services: ["PIJ90N7"] });
    expect((request?.expiresMs ?? 0) - (request?.states[0]?.atMs ?? 0)).toBeLessThanOrEqual(60_000);
  });

  it("is a verdict of ours when the state came by a call, with its reason and delegator", async () => {
    const client = await clientOf(teleport);
    const id = ask();
    const words = { reason: "fine [pd:01CLICK]", delegator: "pagerduty:bob@example.com" };
    await client.call("setAccessRequestState", { id, state: RequestState.APPROVED, ...words });
    side.read(teleport);
    expect(statesOf(id)).toEqual([
      ["PENDING", false],
      ["APPROVED", true],
    ]);
    expect(side.verdicts).toEqual([{ requestId: id, verdict: "approve", atMs: expect.any(Number), ...words }]);
    expect(side.calls).toEqual([
      { at: "teleport", atMs: expect.any(Number), name: "setAccessRequestState", subject: id },
    ]);
  });

  it("is two verdicts when the same state was set twice", async () => {
    const client = await clientOf(teleport);
    const id = ask();
    for (const reason of ["one", "two"]) {
      await client.call("setAccessRequestState", { id, state: RequestState.APPROVED, reason });
    }
    expect(side.verdicts.map(({ reason }) => reason)).toEqual(["one", "two"]);
    expect(statesOf(id)).toHaveLength(2);
  });

  it("is somebody else's doing when an operator did it, and nobody's when its time came", () => {
    const [resolved, deleted] = [ask(), ask()];
    side.byOperator(() => teleport.resolve(resolved, RequestState.DENIED));
    teleport.expire(deleted);
    expect([statesOf(resolved)?.at(-1), statesOf(deleted)?.at(-1)]).toEqual([
      ["DENIED", false],
      ["GONE", false],
    ]);
    expect(side.verdicts).toEqual([]);
  });

  it("reads each call once", async () => {
    const client = await clientOf(teleport);
    await client.call("ping", {});
    side.read(teleport);
    side.read(teleport);
    expect(side.calls.map(({ name }) => name)).toEqual(["ping"]);
  });
});
