import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isPing, Pings } from "../../../edge/check/pings.ts";
import { readWebhook } from "../../../shared/webhook-event.ts";
import { noteEvent } from "../samples.ts";

const PING = readFileSync(new URL("../../fixtures/v3-pagey.ping.json", import.meta.url));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const never = new Promise<never>(() => {});

describe("isPing", () => {
  it.each([
    ["the test event", PING, true],
    ["a note that names it", noteEvent("Q0INCIDENT", "/approve pagey.ping"), false],
    ["words that name it", bytesOf("pagey.ping"), false],
    ["nothing", bytesOf(""), false],
    ["an event that is deep inside", bytesOf(`{"event":{"event":{"event_type":"pagey.ping"}}}`), false],
  ])("tells of %s", (_, raw, expected) => {
    expect(isPing(readWebhook(raw))).toBe(expected);
  });
});

describe("Pings", () => {
  it("tells each who waits of the test event of its subscription", async () => {
    const pings = new Pings();
    const one = pings.next("PSUB001", never);
    let late = (): void => {};
    const other = pings.next("PSUB002", new Promise<void>((resolve) => (late = resolve)));
    pings.arrived("PSUB001");
    expect(await one).toBe(true);
    late();
    expect(await other).toBe(false);
  });

  it("takes one that does not say of which subscription it is", async () => {
    const pings = new Pings();
    const one = pings.next("PSUB001", never);
    pings.arrived(null);
    expect(await one).toBe(true);
  });

  it("does not take one that came before anybody waited", async () => {
    const pings = new Pings();
    pings.arrived("PSUB001");
    expect(await pings.next("PSUB001", Promise.resolve())).toBe(false);
  });
});
