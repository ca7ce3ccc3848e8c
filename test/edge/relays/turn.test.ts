import { describe, expect, it } from "vitest";
import { type Attachment, newAttachment } from "../../../edge/relays/socket.ts";
import { activeOf, greetedOf, standbyOf } from "../../../edge/relays/turn.ts";
import { GENESIS } from "../../../shared/audit-chain.ts";
import { LINK_DEAD_AFTER_MS, PING_EVERY_MS } from "../../../shared/protocol.ts";
import { ScriptedSocket } from "../host.ts";
import { DECISIONS, NOW } from "../samples.ts";

const said = {
  release: "1",
  teleportVersion: "18",
  proxyAddress: null,
  decisions: DECISIONS,
  asksOnCall: false,
  certificateExpiresMs: null,
};
const LONG_AGO = NOW - LINK_DEAD_AFTER_MS - PING_EVERY_MS;

function socket(session: string, change: Partial<Attachment> = {}): ScriptedSocket {
  const made = new ScriptedSocket();
  const greeting = { instance: session, hello: said };
  made.attach({ ...newAttachment({ relayKey: "key", origin: null }, session, NOW), greeting, ...change });
  return made;
}

const unwritable = { lines: 0, head: GENESIS, writable: false, unkeptSinceMs: null };

describe("the turn", () => {
  const acting = socket("acting", { role: "active" });

  it("is of whoever has greeted, is connected and acts", () => {
    const silent = socket("silent", { greeting: null, role: "active" });
    const gone = socket("gone", { role: "active" });
    gone.isOpen = false;
    expect(greetedOf([silent, gone, acting])).toEqual([acting]);
    expect([activeOf([silent, gone]), activeOf([silent, gone, acting])]).toEqual([undefined, acting]);
  });

  it("is next of the one that has waited longest", () => {
    const [older, newer] = [socket("older", { connectedMs: NOW - 1 }), socket("newer")];
    expect(standbyOf([acting, newer, older], acting, NOW)).toBe(older);
  });

  it("is next of one that can write its audit log, and of one that is heard of before that", () => {
    const broken = socket("broken", { audit: unwritable, connectedMs: NOW - 2 });
    const lost = socket("lost", { connectedMs: LONG_AGO });
    const whole = socket("whole", { audit: { ...unwritable, writable: true } });
    expect(standbyOf([lost, broken, whole], acting, NOW)).toBe(whole);
    expect(standbyOf([lost, broken], acting, NOW)).toBe(broken);
    expect(standbyOf([lost], acting, NOW)).toBe(lost);
    expect(standbyOf([acting], acting, NOW)).toBeUndefined();
  });

  it("is next of one that still answers pings, however long it has been there", () => {
    const [patient, fresh] = [socket("patient", { connectedMs: LONG_AGO }), socket("fresh")];
    patient.heardMs = NOW - PING_EVERY_MS;
    expect(standbyOf([fresh, patient], acting, NOW)).toBe(patient);
  });
});
