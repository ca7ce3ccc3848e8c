import { afterEach, describe, expect, it } from "vitest";
import { PROTOCOL_VERSION } from "../../shared/protocol.ts";
import { Host, type ScriptedRelay } from "./host.ts";
import { noteEvent } from "./samples.ts";

let host: Host;
afterEach(() => host.stop());

/** A relay of one version back connects to whichever life the object is in, with what Teleport has pending. */
function connectOld(): ScriptedRelay {
  const relay = host.connect().hello({ protocol: PROTOCOL_VERSION - 1 });
  relay.request();
  relay.synced();
  return relay;
}

describe("a relay of the version before", () => {
  it("is served by a new edge that replaces the old one at every step, with nothing lost or doubled", async () => {
    host = await Host.start();
    connectOld();
    host.crash();
    await host.settled();
    connectOld();
    await host.settled();
    connectOld().bound();
    const [incident] = host.pagerDuty.incidents;
    host.deliver(noteEvent(incident?.id ?? "", "/deny", { id: "01CLICK" }));
    host.crash();
    const relay = connectOld();
    await host.settled();
    expect(relay.socket.all("decide").map(({ clickId }) => clickId)).toEqual(["01CLICK"]);
    relay.outcome({ result: "applied", state: "DENIED" });
    host.crash();
    connectOld().ended("denied");
    await host.settled();

    expect(host.pagerDuty.incidents.map(({ status }) => status)).toEqual(["resolved"]);
    const notes = host.pagerDuty.incident(incident?.id ?? "").notes.map(({ content }) => content);
    expect(notes).toEqual([expect.stringMatching(/^Access request has been denied/)]);
  });
});
