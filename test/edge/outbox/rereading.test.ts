import { afterEach, describe, expect, it } from "vitest";
import { fromBase64 } from "../../../shared/bytes.ts";
import { confirms } from "../../../shared/confirmation.ts";
import type { Decisions } from "../../../shared/decisions.ts";
import type { EdgeFrame } from "../../../shared/edge-frames.ts";
import type { FrameOf } from "../../../shared/protocol.ts";
import { readWebhook } from "../../../shared/webhook-event.ts";
import { Host, type ScriptedRelay } from "../host.ts";
import { BOB, CAROL, DECISIONS, fieldEvent, noteEvent, workflowEvent } from "../samples.ts";

const MINUTE_MS = 60_000;
const ALL: Decisions = {
  ...DECISIONS,
  channels: ["note", "workflow", "field"],
  workflowTriggers: { approve: "T-APPROVE", deny: "T-DENY" },
  confirm: "all",
};

let host: Host;
afterEach(() => host.stop());

/** A request whose incident is open and bound, under a relay that lets this count. */
async function open(decisions: Decisions): Promise<{ relay: ScriptedRelay; id: string }> {
  host = await Host.start();
  const relay = host.connect().hello({ decisions });
  relay.request();
  await host.settled();
  relay.bound();
  return { relay, id: host.pagerDuty.incidents[0]?.id ?? "" };
}

/** Bob writes a note, and PagerDuty delivers it, cut after so many characters. */
function noteBy(person: { id: string }, id: string, content: string, cutAt = content.length): void {
  const { id: noteId } = host.pagerDuty.as(person.id).note(id, content);
  host.deliver(noteEvent(id, content.slice(0, cutAt), { noteId, trimmed: cutAt < content.length, atMs: host.nowMs }));
}

function isConfirmed({ evidence }: FrameOf<EdgeFrame, "decide">): boolean {
  if (evidence.kind !== "signed") return false;
  const event = readWebhook(fromBase64(evidence.raw) ?? new Uint8Array());
  const confirmation = fromBase64(evidence.confirmation ?? "");
  if (event.kind === "unused" || event.kind === "unreadable" || confirmation === undefined) return false;
  return confirms(event, ALL, confirmation);
}

describe("a note that came trimmed", () => {
  it("is read whole before the decision is sent, for its reason", async () => {
    const { relay, id } = await open(DECISIONS);
    noteBy(BOB, id, "/deny the window closed an hour ago", 16);
    await host.settled();
    expect(relay.socket.all("decide").map(({ word }) => word.reason)).toEqual(["the window closed an hour ago"]);
  });

  it("keeps its verdict and what came of its reason when it was edited or deleted since", async () => {
    const { relay, id } = await open(DECISIONS);
    const bob = host.pagerDuty.as(BOB.id);
    const { id: noteId } = bob.note(id, "/deny the window");
    bob.editNote(id, noteId, "/approve the other");
    host.deliver(noteEvent(id, "/deny the win", { noteId, trimmed: true }));
    await host.settled();
    expect(relay.socket.all("decide")).toEqual([]);
    await host.pass(2 * MINUTE_MS);
    expect(relay.last("decide").word.reason).toBe("the win");
    expect(host.record.decisions).toMatchObject([{ verdict: "deny", state: "undecided" }]);
  });

  it("is not read again when it came whole", async () => {
    const { relay, id } = await open(DECISIONS);
    noteBy(BOB, id, "/approve");
    await host.settled();
    expect([relay.socket.all("decide").length, host.pagerDuty.countCalls("GET /incidents/*/notes")]).toEqual([1, 0]);
  });
});

describe('an approval under confirm = "all"', () => {
  const setField = (id: string): void => {
    host.pagerDuty.account.addField({ name: ALL.field, options: ["approve", "deny"] });
    host.pagerDuty.as(BOB.id).setField(id, ALL.field, "approve");
    host.deliver(fieldEvent(id, { value: "approve", before: null }));
  };
  const startWorkflow = (id: string): void => {
    host.pagerDuty.account.addWorkflow({ name: "Approve", triggerId: "T-APPROVE" });
    host.pagerDuty.as(BOB.id).startWorkflow(id, "T-APPROVE");
    host.deliver(workflowEvent(id, "T-APPROVE"));
  };

  it.each([
    ["note", (id: string) => noteBy(BOB, id, "/approve go")],
    ["workflow", startWorkflow],
    ["field", setField],
  ] as const)("goes along with what PagerDuty shows of it: %s", async (_, click) => {
    const { relay, id } = await open(ALL);
    click(id);
    await host.settled();
    expect(relay.socket.all("decide").map(isConfirmed)).toEqual([true]);
    expect(relay.last("decide").word.email).toBe(BOB.email);
  });

  it("has what PagerDuty showed after the object's memory is gone", async () => {
    const { id } = await open(ALL);
    noteBy(BOB, id, "/approve go");
    await host.settled();
    host.crash();
    const again = host.connect().hello({ decisions: ALL });
    again.synced();
    expect(again.socket.all("decide").map(isConfirmed)).toEqual([true]);
    expect(again.last("decide").word.botUserId).toBe("PBOT001");
  });

  it.each([
    ["a forged note", (id: string) => host.deliver(noteEvent(id, "/approve", { noteId: "PFORGED" }))],
    ["a forged workflow", (id: string) => host.deliver(workflowEvent(id, "T-APPROVE"))],
    ["a forged field", (id: string) => host.deliver(fieldEvent(id, { value: "approve", before: null }))],
    [
      "somebody else's note",
      (id: string) => {
        const { id: noteId } = host.pagerDuty.as(CAROL.id).note(id, "/approve");
        host.deliver(noteEvent(id, "/approve", { noteId }));
      },
    ],
  ] as const)("is asked for again for a minute, and then goes alone: %s", async (_, forge) => {
    const { relay, id } = await open(ALL);
    forge(id);
    await host.pass(MINUTE_MS / 2);
    expect(relay.socket.all("decide")).toEqual([]);
    await host.pass(MINUTE_MS);
    expect(relay.socket.all("decide").map(({ evidence }) => "confirmation" in evidence)).toEqual([false]);
    expect(host.ledger.faults(1)[0]?.what).toContain("it will not count");
  });

  it("is shown late and still counts", async () => {
    const { relay, id } = await open(ALL);
    host.pagerDuty.failNext("GET /incidents/*/notes", 404, undefined, { times: 2 });
    noteBy(BOB, id, "/approve");
    await host.pass(MINUTE_MS / 2);
    expect(relay.socket.all("decide").map(isConfirmed)).toEqual([true]);
  });

  it("waits while PagerDuty does not answer", async () => {
    const { relay, id } = await open(ALL);
    host.pagerDuty.failNext("GET /incidents/*/notes", 500, undefined, { times: 3 });
    noteBy(BOB, id, "/approve");
    await host.settled();
    expect(relay.socket.all("decide")).toEqual([]);
    await host.pass(5 * MINUTE_MS);
    expect(relay.socket.all("decide").map(isConfirmed)).toEqual([true]);
  });

  it("is not asked for when it is a denial, or nobody's", async () => {
    const { relay, id } = await open(ALL);
    host.deliver(noteEvent(id, "/deny"));
    host.deliver(noteEvent(id, "/approve", { agent: null }));
    await host.settled();
    expect(relay.socket.all("decide")).toHaveLength(2);
    expect(host.pagerDuty.countCalls("GET /incidents/*/notes")).toBe(0);
  });
});
