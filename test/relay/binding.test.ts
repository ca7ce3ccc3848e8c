import { describe, expect, it } from "vitest";
import { BIND_RETRY_MS, Binder, bindIncidents } from "../../relay/binding.ts";
import { Lanes } from "../../relay/lanes.ts";
import { digestOf } from "../../shared/access-request.ts";
import type { EdgeFrame } from "../../shared/edge-frames.ts";
import { createLogger } from "../../shared/log.ts";
import type { FrameOf, RelayFrame, Unnumbered } from "../../shared/protocol.ts";
import { ManualClock, settled } from "../fakes/clock.ts";
import { MemoryTeleport } from "../fakes/memory-teleport.ts";
import { boundData, CLUSTER, INCIDENT_ID, liveOf, NOW_MS, REQUEST_ID, requestOf } from "./clicks.ts";
import { UNAVAILABLE } from "./deciding.ts";

const DIGEST = digestOf(CLUSTER, requestOf());
const INCIDENTS = [{ service: "PIJ90N7", incident: INCIDENT_ID }];

function bindOf(change: Partial<FrameOf<EdgeFrame, "bind">> = {}): FrameOf<EdgeFrame, "bind"> {
  return { type: "bind", seq: 1, epoch: 3, requestId: REQUEST_ID, digest: DIGEST, incidents: INCIDENTS, ...change };
}

function binding() {
  const teleport = new MemoryTeleport();
  teleport.put(liveOf());
  const lines: string[] = [];
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  const clock = new ManualClock(NOW_MS);
  const options = { cluster: CLUSTER, teleport, clock, log };
  return { teleport, lines, options };
}

describe("an incident of Teleport's own plugin", () => {
  const OLD = { incident_id: INCIDENT_ID, user: "alice@example.com", roles: "prod-db", created: "1767225540" };
  const RECENT = { ...OLD, service_id: "PIJ90N7", request_reason: "on fire", reviews_count: "1" };
  it.each([
    ["of its first generation", OLD],
    ["of later ones", RECENT],
  ])("is bound like any other, and since when it counts is kept: %s", async (_, data) => {
    const { teleport, options } = binding();
    teleport.data.set(REQUEST_ID, { ...data });
    const countsFromMs = NOW_MS - 5_000;
    expect(await bindIncidents(options, bindOf({ countsFromMs }))).toMatchObject({ result: "bound" });
    expect(teleport.data.get(REQUEST_ID)).toMatchObject({
      incident_id: INCIDENT_ID,
      incidents: `PIJ90N7:${INCIDENT_ID}`,
      digest: DIGEST,
      adopted: String(countsFromMs),
    });
    await bindIncidents(options, bindOf({ incidents: [{ service: "P2", incident: "Q2" }], countsFromMs: 0 }));
    expect(teleport.data.get(REQUEST_ID)?.adopted).toBe(String(countsFromMs));
  });

  it("counts from the binding on when the edge does not say since when", async () => {
    const { teleport, options } = binding();
    teleport.data.set(REQUEST_ID, { ...OLD });
    await bindIncidents(options, bindOf());
    expect(teleport.data.get(REQUEST_ID)?.adopted).toBe(String(NOW_MS));
  });

  it("is not taken over by the binding of another", async () => {
    const { teleport, options } = binding();
    teleport.data.set(REQUEST_ID, { ...OLD, incident_id: "QOLD" });
    await bindIncidents(options, bindOf({ countsFromMs: 0 }));
    expect(teleport.data.get(REQUEST_ID)).not.toHaveProperty("adopted");
  });
});

describe("a request that cannot be read", () => {
  it("is not taken for gone while the right to read it is missing", async () => {
    const { teleport, options } = binding();
    teleport.showsRequests = false;
    await expect(bindIncidents(options, bindOf())).rejects.toMatchObject({ code: "permission_denied" });
    teleport.showsRequests = true;
    expect(await bindIncidents(options, bindOf())).toMatchObject({ result: "bound" });
  });
});

describe("bindIncidents", () => {
  it("writes which incidents stand for the request, beside the predecessor's nine keys", async () => {
    const { teleport, options } = binding();
    const incidents = [...INCIDENTS, { service: "P2", incident: "Q2" }];
    expect(await bindIncidents(options, bindOf({ incidents }))).toEqual({
      type: "bound",
      epoch: 3,
      requestId: REQUEST_ID,
      digest: DIGEST,
      incidents,
      result: "bound",
    });
    expect(teleport.data.get(REQUEST_ID)).toEqual({
      user: "alice@example.com",
      roles: "prod-db",
      created: String((NOW_MS - 60_000) / 1000),
      request_reason: "on fire",
      incident_id: INCIDENT_ID,
      service_id: "PIJ90N7",
      incidents: `PIJ90N7:${INCIDENT_ID},P2:Q2`,
      digest: DIGEST,
    });
  });

  it("does nothing for one that is bound so already", async () => {
    const { teleport, options } = binding();
    await bindIncidents(options, bindOf());
    expect(await bindIncidents(options, bindOf())).toMatchObject({ result: "bound" });
    expect(teleport.count("updatePluginData")).toBe(1);
  });

  it("replaces earlier incidents when the request was paged again, and leaves a claim where it is", async () => {
    const { teleport, options, lines } = binding();
    teleport.data.set(REQUEST_ID, { ...boundData(), decision: "approve x EVENT1" });
    const incidents = [{ service: "PIJ90N7", incident: "QAGAIN" }];
    expect(await bindIncidents(options, bindOf({ incidents }))).toMatchObject({ result: "bound" });
    expect(teleport.data.get(REQUEST_ID)).toMatchObject({ incidents: "PIJ90N7:QAGAIN", decision: "approve x EVENT1" });
    expect(lines.join("\n")).toContain("earlier incidents count no more");
  });

  it.each([
    ["gone", "there is no such request", (teleport: MemoryTeleport) => teleport.drop(REQUEST_ID)],
    ["gone", "it has been decided", (teleport: MemoryTeleport) => teleport.resolve(REQUEST_ID, "DENIED")],
    ["changed", "Teleport holds another", (teleport: MemoryTeleport) => teleport.put(liveOf({ roles: ["root"] }))],
  ] as const)("answers %s, and writes nothing, when %s", async (result, _, arrange) => {
    const { teleport, options } = binding();
    arrange(teleport);
    expect(await bindIncidents(options, bindOf())).toMatchObject({ result });
    expect(teleport.data.size).toBe(0);
  });

  it("binds nothing on the word of a digest that it does not find", async () => {
    const { teleport, options, lines } = binding();
    const digest = digestOf(CLUSTER, requestOf({ roles: ["harmless"] }));
    expect(await bindIncidents(options, bindOf({ digest }))).toMatchObject({ result: "changed" });
    expect(teleport.data.size).toBe(0);
    expect(lines.join("\n")).toContain("ERROR What was paged is not what Teleport holds");
  });

  it("answers gone when the request goes as it is written", async () => {
    const { teleport, options } = binding();
    teleport.before = (call) => {
      if (call === "updatePluginData") teleport.drop(REQUEST_ID);
    };
    expect(await bindIncidents(options, bindOf())).toMatchObject({ result: "gone" });
  });

  it("reads again when somebody else has written, and then succeeds", async () => {
    const { teleport, options } = binding();
    teleport.before = (call) => {
      if (call === "updatePluginData" && teleport.count(call) === 1) {
        teleport.data.set(REQUEST_ID, { incidents: "P9:Q9", digest: "old" });
      }
    };
    expect(await bindIncidents(options, bindOf())).toMatchObject({ result: "bound" });
    expect(teleport.count("updatePluginData")).toBe(2);
    expect(teleport.data.get(REQUEST_ID)).toMatchObject({ digest: DIGEST });
  });

  it("finds bound what another relay has bound meanwhile", async () => {
    const { teleport, options } = binding();
    teleport.before = (call) => {
      if (call === "updatePluginData") teleport.data.set(REQUEST_ID, { ...boundData() });
    };
    expect(await bindIncidents(options, bindOf())).toMatchObject({ result: "bound" });
    expect(teleport.count("updatePluginData")).toBe(1);
  });

  it("gives up for now when others never stop writing", async () => {
    const { teleport, options } = binding();
    let writes = 0;
    teleport.before = (call) => {
      if (call === "updatePluginData") teleport.data.set(REQUEST_ID, { incidents: `P:Q${++writes}`, digest: "x" });
    };
    await expect(bindIncidents(options, bindOf())).rejects.toThrow("changes faster than it can be written");
  });

  it("passes on that Teleport could not be asked", async () => {
    const { teleport, options } = binding();
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    await expect(bindIncidents(options, bindOf())).rejects.toBe(UNAVAILABLE);
  });
});

describe("a binding that was long on its way", () => {
  it("takes back nothing that was bound beside it since", async () => {
    const { teleport, options } = binding();
    const both = [...INCIDENTS, { service: "PSECOND", incident: "Q1SECOND" }];
    await bindIncidents(options, bindOf({ incidents: both }));
    expect(await bindIncidents(options, bindOf())).toMatchObject({ result: "bound" });
    expect(teleport.data.get(REQUEST_ID)?.incidents).toBe(`PIJ90N7:${INCIDENT_ID},PSECOND:Q1SECOND`);
  });
});

describe("the binder", () => {
  function binder() {
    const world = binding();
    const clock = new ManualClock(NOW_MS);
    const frames: Unnumbered<RelayFrame>[] = [];
    const answered: string[] = [];
    const outdated: unknown[] = [];
    const link = { isUp: true };
    const made = new Binder({
      ...world.options,
      lanes: new Lanes(() => {}),
      send: (frame) => link.isUp && frames.push(frame) > 0,
      answered: (requestId) => answered.push(requestId),
      outdated: (...held) => outdated.push(held),
      clock,
    });
    return { ...world, clock, frames, answered, outdated, link, binder: made };
  }

  it("says which incidents are still to be bound while Teleport cannot take them", async () => {
    const { binder: made, teleport, clock } = binder();
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    made.bind(bindOf());
    await settled();
    expect([made.isUnderWay(REQUEST_ID, INCIDENT_ID), made.isUnderWay(REQUEST_ID, "QOTHER")]).toEqual([true, false]);
    teleport.before = () => {};
    await clock.pass(BIND_RETRY_MS);
    await settled();
    expect(made.isUnderWay(REQUEST_ID, INCIDENT_ID)).toBe(false);
  });

  it("lets go of what it could not bind when the session is over", async () => {
    const { binder: made, teleport, frames, clock } = binder();
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    made.bind(bindOf());
    await settled();
    made.unlinked();
    teleport.before = () => {};
    await clock.pass(BIND_RETRY_MS * 3);
    expect([frames, teleport.data.get(REQUEST_ID)?.incidents]).toEqual([[], undefined]);
  });

  it("writes nothing more for a link that was lost while it looked", async () => {
    const { binder: made, teleport, frames } = binder();
    teleport.before = (call) => {
      if (call.startsWith("pluginData")) made.unlinked();
    };
    made.bind(bindOf());
    await settled();
    expect([frames, teleport.data.get(REQUEST_ID)?.incidents]).toEqual([[], undefined]);
  });

  it("says on the next link what it has bound and could not say", async () => {
    const { binder: made, link, frames } = binder();
    link.isUp = false;
    made.bind(bindOf());
    await settled();
    made.unlinked();
    expect(frames).toEqual([]);
    link.isUp = true;
    made.welcomed();
    made.welcomed();
    expect(frames).toMatchObject([{ type: "bound", result: "bound", epoch: 3 }]);
  });

  it("lets clicks wait for what it was binding when the link was lost, until the edge says what it wants", async () => {
    const { binder: made, teleport } = binder();
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    const isUnderWay = (): boolean => made.isUnderWay(REQUEST_ID, INCIDENT_ID);
    made.bind(bindOf());
    await settled();
    made.unlinked();
    made.welcomed();
    expect(isUnderWay()).toBe(true);
    made.judging(REQUEST_ID);
    expect(isUnderWay()).toBe(false);
  });

  it("tells that the edge holds a request otherwise than Teleport", async () => {
    const { binder: made, outdated, frames } = binder();
    made.bind(bindOf({ digest: "0".repeat(64) }));
    await settled();
    expect(frames).toMatchObject([{ result: "changed" }]);
    expect(outdated).toEqual([[REQUEST_ID, "0".repeat(64)]]);
  });

  it("answers, and tells that clicks may be judged", async () => {
    const { binder: made, frames, answered, clock } = binder();
    made.bind(bindOf());
    await settled();
    expect(frames).toMatchObject([{ type: "bound", result: "bound" }]);
    expect(answered).toEqual([REQUEST_ID]);
    expect(clock.timerCount).toBe(0);
  });

  it("tries again until Teleport can be asked", async () => {
    const { binder: made, teleport, frames, clock, lines } = binder();
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    made.bind(bindOf());
    await clock.pass(BIND_RETRY_MS * 3);
    expect(frames).toEqual([]);
    expect(lines.join("\n")).toContain("An incident could not be bound; it is tried again");
    teleport.before = () => {};
    await clock.pass(BIND_RETRY_MS);
    expect(frames).toMatchObject([{ result: "bound" }]);
  });

  it("never lets an older binding come after a newer one", async () => {
    const { binder: made, teleport, frames, clock } = binder();
    const again = [{ service: "PIJ90N7", incident: "QAGAIN" }];
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    made.bind(bindOf());
    await settled();
    teleport.before = () => {};
    made.bind(bindOf({ incidents: again }));
    await clock.pass(BIND_RETRY_MS * 2);
    expect(frames).toMatchObject([{ result: "bound", incidents: again }]);
    expect(teleport.data.get(REQUEST_ID)).toMatchObject({ incidents: "PIJ90N7:QAGAIN" });
  });
});
