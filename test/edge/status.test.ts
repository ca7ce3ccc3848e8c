import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { Host } from "./host.ts";
import { DECISIONS } from "./samples.ts";

let host: Host;
beforeEach(async () => {
  host = await Host.start();
});
afterEach(() => host.stop());

const shown = () =>
  z
    .looseObject({
      pendingCount: z.int(),
      requests: z.array(z.unknown()),
      faults: z.array(z.unknown()),
      relays: z.array(z.unknown()),
    })
    .parse(host.board.status());

describe("the status", () => {
  it("can be told before anything ever happened", () => {
    expect(host.board.status()).toMatchObject({
      epoch: 0,
      activeSinceMs: null,
      relays: [],
      pendingCount: 0,
      faults: [],
    });
  });

  it("shows as many requests as an answer bears, and how many there are", () => {
    const relay = host.connect().hello();
    for (let n = 0; n < 150; n++) relay.request({ id: `r${n}`, requestExpiresMs: null });
    expect([shown().pendingCount, shown().requests.length]).toEqual([150, 100]);
  });

  it("shows both relays, who greeted", () => {
    host.connect().hello();
    host.connect().hello({ instance: "relay-two", decisions: { ...DECISIONS, channels: [] } });
    host.connect();
    expect(shown().relays).toMatchObject([{ role: "active" }, { role: "standby" }]);
  });

  it("shows the last faults only", () => {
    for (let n = 0; n < 30; n++) host.ledger.addFault(`fault ${n}`, host.nowMs + n);
    expect(shown().faults).toHaveLength(20);
  });
});
