import { afterEach, describe, expect, it } from "vitest";
import { valueBefore } from "../../../edge/outbox/field.ts";
import { Host, type ScriptedRelay } from "../host.ts";
import { BOB, CAROL, DECISIONS, fieldEvent, noteEvent } from "../samples.ts";

const MINUTE_MS = 60_000;
const decisions = { ...DECISIONS, channels: ["field" as const] };
const REFUSED = { result: "refused", refusal: "not_on_call", state: "PENDING", detail: "" };

let host: Host | undefined;
afterEach(async () => {
  await host?.stop();
  host = undefined;
});

/** Carol has set the field to approve, and the relay was asked. */
async function set(before: string | null): Promise<{ host: Host; relay: ScriptedRelay; id: string }> {
  const started = await Host.start();
  host = started;
  started.pagerDuty.account.addField({ name: decisions.field, options: ["pending", "approve", "deny"] });
  const relay = started.connect().hello({ decisions });
  relay.request();
  await started.settled();
  relay.bound();
  const id = started.pagerDuty.incidents[0]?.id ?? "";
  started.pagerDuty.as(CAROL.id).setField(id, decisions.field, "approve");
  started.deliver(fieldEvent(id, { value: "approve", before }, { agent: { id: CAROL.id, type: "user_reference" } }));
  await started.settled();
  return { host: started, relay, id };
}

const fieldValueOf = (of: Host, id: string) => [...of.pagerDuty.incident(id).fieldValues.values()][0];

describe("the field of a refused click", () => {
  it.each([
    ["pending", "pending"],
    [null, null],
    ["deny", null],
    ["approve", null],
  ])("that was %s before is put back to %s, and is then no work any more", async (before, after) => {
    const { host: on, relay, id } = await set(before);
    relay.outcome(REFUSED);
    await on.settled();
    expect([fieldValueOf(on, id), on.record.decisions[0]?.putsBack]).toEqual([after, false]);
    expect(on.pagerDuty.countCalls("PUT /incidents/*/custom_fields/values")).toBe(1);
  });

  it.each([
    ["an approval that took effect", { result: "applied", state: "APPROVED" }],
    ["one that was approved already", { ...REFUSED, refusal: "not_pending", state: "APPROVED" }],
    ["a forged delivery", { ...REFUSED, refusal: "bad_evidence" }],
    ["another cluster's", { ...REFUSED, refusal: "wrong_cluster" }],
  ])("stays as it is after %s", async (_, outcome) => {
    const { host: on, relay, id } = await set("pending");
    relay.outcome(outcome);
    await on.pass(MINUTE_MS);
    expect([fieldValueOf(on, id), on.pagerDuty.countCalls("PUT /incidents/*/custom_fields/values")]).toEqual([
      "approve",
      0,
    ]);
  });

  it("is put back after the verdict of another, which it does not show", async () => {
    const { host: on, relay, id } = await set("pending");
    relay.outcome({ ...REFUSED, refusal: "not_pending", state: "DENIED" });
    await on.settled();
    expect(fieldValueOf(on, id)).toBe("pending");
  });

  it("is left to whoever has set it anew", async () => {
    const { host: on, relay, id } = await set("pending");
    on.pagerDuty.as(BOB.id).setField(id, decisions.field, "deny");
    relay.outcome(REFUSED);
    await on.settled();
    expect(fieldValueOf(on, id)).toBe("deny");
  });

  it.each(["lost", "answer lost"] as const)("is put back in the end when the call went wrong: %s", async (how) => {
    const { host: on, relay, id } = await set("pending");
    on.meddle("PUT", /custom_fields/, how);
    relay.outcome(REFUSED);
    await on.settled();
    on.crash();
    await on.pass(2 * MINUTE_MS);
    expect([fieldValueOf(on, id), on.record.decisions[0]?.putsBack]).toEqual(["pending", false]);
  });

  it("is given up, and told of, when PagerDuty refuses it", async () => {
    const { host: on, relay } = await set("gone");
    relay.outcome(REFUSED);
    await on.pass(MINUTE_MS);
    expect([on.record.decisions[0]?.putsBack, on.ledger.faults(1)[0]?.what]).toEqual([
      false,
      expect.stringContaining("could not be put back"),
    ]);
  });

  it("decides nothing by being put back", async () => {
    const { host: on, relay, id } = await set("pending");
    relay.outcome(REFUSED);
    await on.settled();
    on.deliver(fieldEvent(id, { value: "pending", before: "approve" }, { agent: null }));
    on.deliver(fieldEvent(id, { value: null, before: "approve" }, { agent: null }));
    await on.settled();
    expect(on.record.decisions).toHaveLength(1);
  });
});

describe("valueBefore", () => {
  it("is not known without a delivery, from another kind, and for another field", () => {
    const raw = fieldEvent("Q1", { value: "approve", before: "pending" });
    expect(valueBefore(raw, decisions.field)).toBe("pending");
    expect(valueBefore(raw, "impact")).toBeNull();
    expect(valueBefore(undefined, decisions.field)).toBeNull();
    expect(valueBefore(noteEvent("Q1", "/approve"), decisions.field)).toBeNull();
  });
});
