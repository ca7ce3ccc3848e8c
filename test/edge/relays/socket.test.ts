import { describe, expect, it } from "vitest";
import { attachmentOf, newAttachment, reattach, sessionFor } from "../../../edge/relays/socket.ts";
import { GENESIS } from "../../../shared/audit-chain.ts";
import { ScriptedSocket } from "../host.ts";
import { DECISIONS, NOW } from "../samples.ts";

const hello = {
  release: "1",
  teleportVersion: "18",
  proxyAddress: null,
  decisions: DECISIONS,
  asksOnCall: false,
  certificateExpiresMs: null,
};
const greeted = {
  ...newAttachment({ relayKey: "key", origin: null }, "s1", NOW),
  greeting: { instance: "one", hello },
};

describe("what is attached to a socket", () => {
  it("is nobody's at first, and changes in part", () => {
    const socket = new ScriptedSocket();
    socket.attach(newAttachment({ relayKey: "key", origin: null }, "s1", NOW));
    expect(attachmentOf(socket)).toMatchObject({ greeting: null, role: "standby", inSeq: 0 });
    reattach(socket, { inSeq: 3 });
    expect(attachmentOf(socket)).toMatchObject({ session: "s1", inSeq: 3 });
  });

  it("was never there for a socket that nobody accepted", () => {
    expect(() => attachmentOf(new ScriptedSocket())).toThrow();
  });

  it("fits into what a runtime keeps for a socket", () => {
    const problem = "x".repeat(500);
    const audit = { lines: 1_000_000, head: GENESIS, writable: false, unkeptSinceMs: NOW };
    const full = { ...greeted, condition: { watching: true, problem }, audit };
    expect(new TextEncoder().encode(JSON.stringify(full)).length).toBeLessThan(2048);
  });
});

describe("sessionFor", () => {
  const first = sessionFor(greeted, undefined, NOW);

  it("begins with epoch 1, and never for a relay that did not greet", () => {
    expect(first).toMatchObject({ epoch: 1, instance: "one", sinceMs: NOW });
    expect(sessionFor(newAttachment({ relayKey: "key", origin: null }, "s1", NOW), undefined, NOW)).toBeUndefined();
  });

  it("goes on for the same instance, with what it says now", () => {
    const again = { ...greeted, greeting: { instance: "one", hello: { ...hello, asksOnCall: true } } };
    expect(sessionFor(again, first, NOW + 5)).toMatchObject({ epoch: 1, sinceMs: NOW, hello: { asksOnCall: true } });
  });

  it("rises for another", () => {
    const other = { ...greeted, greeting: { instance: "two", hello } };
    expect(sessionFor(other, first, NOW + 5)).toMatchObject({ epoch: 2, sinceMs: NOW + 5 });
    const pretender = { ...greeted, relayKey: "another" };
    expect(sessionFor(pretender, first, NOW + 5)).toMatchObject({ epoch: 2, relayKey: "another" });
  });
});
