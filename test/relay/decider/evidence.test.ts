import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Verifiers, verifiedClick } from "../../../relay/decider/evidence.ts";
import { toBase64 } from "../../../shared/bytes.ts";
import type { Evidence } from "../../../shared/edge-frames.ts";
import { MAX_CONFIRMATION_BYTES, MAX_DELIVERY_BYTES } from "../../../shared/protocol.ts";
import {
  ACTION_TOKENS,
  BOB,
  INCIDENT_ID,
  NOW_MS,
  noteBytes,
  noteEvidence,
  SECRET,
  signedBy,
  verifiersOf,
} from "../clicks.ts";

const OTHER_SECRET = "another-secret-of-these-tests";

function clickIn(evidence: Evidence, change: Partial<Verifiers> = {}, clickId = "EVENT1") {
  return verifiedClick(evidence, clickId, verifiersOf(change));
}

function signed(change: Partial<Extract<Evidence, { kind: "signed" }>>): Evidence {
  const evidence = noteEvidence();
  return evidence.kind === "signed" ? { ...evidence, ...change } : evidence;
}

describe("a signed delivery", () => {
  it("shows its click", () => {
    expect(clickIn(noteEvidence({ reason: "go on" }))).toEqual({
      id: "EVENT1",
      channel: "note",
      verdict: "approve",
      agent: { id: BOB, type: "user_reference" },
      incidentId: INCIDENT_ID,
      incidentKey: null,
      occurredMs: NOW_MS,
      reason: "go on",
    });
  });

  it("is taken under each of two secrets, and under two signatures of which one is ours", () => {
    expect(clickIn(noteEvidence(), { webhookSecrets: [OTHER_SECRET, SECRET] })).toBeDefined();
    const { signature } = signedBy(SECRET, noteBytes()) as Extract<Evidence, { kind: "signed" }>;
    expect(clickIn(signed({ signature: `v1=${"0".repeat(64)}, ${signature}` }))).toBeDefined();
  });

  it("shows nothing once any one byte of it is flipped", () => {
    const raw = noteBytes();
    const { signature } = signedBy(SECRET, raw) as Extract<Evidence, { kind: "signed" }>;
    for (let index = 0; index < raw.length; index++) {
      const flipped = raw.slice();
      flipped[index] = (flipped[index] ?? 0) ^ 1;
      expect(clickIn({ kind: "signed", raw: toBase64(flipped), signature })).toBeUndefined();
    }
  });

  it("shows nothing once any one digit of its signature is another", () => {
    const { signature } = noteEvidence() as Extract<Evidence, { kind: "signed" }>;
    for (let index = 3; index < signature.length; index++) {
      const digit = signature[index] === "0" ? "1" : "0";
      const flipped = `${signature.slice(0, index)}${digit}${signature.slice(index + 1)}`;
      expect(clickIn(signed({ signature: flipped }))).toBeUndefined();
    }
  });

  it("shows nothing re-serialised", () => {
    const { signature } = noteEvidence() as Extract<Evidence, { kind: "signed" }>;
    const raw = new TextEncoder().encode(JSON.stringify(JSON.parse(new TextDecoder().decode(noteBytes())), null, 1));
    expect(clickIn({ kind: "signed", raw: toBase64(raw), signature })).toBeUndefined();
  });

  it.each([
    ["another secret", signedBy(OTHER_SECRET, noteBytes())],
    ["no signature", signed({ signature: "" })],
    ["bytes that are no base64", signed({ raw: "%%%" })],
    ["no bytes", signedBy(SECRET, new Uint8Array())],
    ["no JSON", signedBy(SECRET, new TextEncoder().encode("hello"))],
    ["a depth of 100,000", signedBy(SECRET, new TextEncoder().encode("[".repeat(100_000)))],
    ["more bytes than a delivery has", signedBy(SECRET, noteBytes({ reason: "x".repeat(MAX_DELIVERY_BYTES) }))],
    ["a click of another id", noteEvidence({ id: "EVENT2" })],
  ])("shows nothing with %s", (_, evidence) => {
    expect(clickIn(evidence)).toBeUndefined();
  });

  it("shows nothing without a secret, or with one that is too short to be one", () => {
    expect(clickIn(noteEvidence(), { webhookSecrets: [] })).toBeUndefined();
    expect(clickIn(signedBy("", noteBytes()), { webhookSecrets: [] })).toBeUndefined();
    expect(clickIn(signedBy("short", noteBytes()), { webhookSecrets: ["short"] })).toBeUndefined();
  });

  it("shows nothing on a channel that is off", () => {
    const { decisions } = verifiersOf();
    expect(clickIn(noteEvidence(), { decisions: { ...decisions, channels: ["action"] } })).toBeUndefined();
  });

  it("takes as many bytes as a delivery may have", () => {
    const padding = MAX_DELIVERY_BYTES - noteBytes().length;
    const evidence = signedBy(SECRET, noteBytes({ reason: "x".repeat(padding) }));
    expect(clickIn(evidence)?.reason).toHaveLength(padding);
  });
});

describe('a delivery under confirm = "all"', () => {
  const decisions = { ...verifiersOf().decisions, confirm: "all" as const };
  const note = { id: "N-EVENT1", content: "/approve", user: { id: BOB, type: "user_reference" } };
  const shown = (value: unknown) => toBase64(new TextEncoder().encode(JSON.stringify(value)));

  function confirmed(confirmation: string, verdict: "approve" | "deny" = "approve") {
    const evidence = noteEvidence({ verdict });
    return clickIn({ ...evidence, ...(evidence.kind === "signed" && { confirmation }) }, { decisions });
  }

  it("shows its approval when PagerDuty shows it again", () => {
    expect(confirmed(shown({ note }))).toMatchObject({ id: "EVENT1", verdict: "approve" });
  });

  it.each([
    ["nothing", ""],
    ["no base64", "%"],
    ["no JSON", toBase64(new TextEncoder().encode("hello"))],
    ["another note", shown({ note: { ...note, id: "N-EVENT2" } })],
    ["another author", shown({ note: { ...note, user: { id: "PCAROL", type: "user_reference" } } })],
    ["a denial", shown({ note: { ...note, content: "/deny" } })],
    ["more bytes than it may have", shown({ note, padding: "x".repeat(MAX_CONFIRMATION_BYTES) })],
  ])("shows no approval with %s", (_, confirmation) => {
    expect(confirmed(confirmation)).toBeUndefined();
  });

  it("shows no approval that was not read again, and every denial", () => {
    expect(clickIn(noteEvidence(), { decisions })).toBeUndefined();
    expect(clickIn(noteEvidence({ verdict: "deny" }), { decisions })).toMatchObject({ verdict: "deny" });
    expect(confirmed(shown({ note: { ...note, content: "never mind" } }), "deny")).toBeDefined();
  });

  it("takes what was read again for nothing else", () => {
    const evidence = signed({ signature: "", confirmation: shown({ note }) });
    expect(clickIn(evidence, { decisions })).toBeUndefined();
  });
});

describe("a pressed button", () => {
  const ENTRY = {
    id: "RENTRY1",
    type: "custom_log_entry",
    created_at: new Date(NOW_MS).toISOString(),
    agent: { id: BOB, type: "user_reference" },
    incident: { id: INCIDENT_ID },
    channel: { type: "custom", summary: "Approve Request" },
  };

  function pressed(
    change: Partial<Extract<Evidence, { kind: "action" }>> = {},
    entry: Readonly<Record<string, unknown>> = ENTRY,
  ): Evidence {
    const logEntry = toBase64(new TextEncoder().encode(JSON.stringify({ log_entry: entry })));
    return { kind: "action", action: "approve", token: ACTION_TOKENS.approve, logEntry, ...change };
  }

  it("shows its click, by the id of the log entry", () => {
    expect(clickIn(pressed(), {}, "RENTRY1")).toMatchObject({ id: "RENTRY1", channel: "action", verdict: "approve" });
  });

  it.each([
    ["the other action's token", { token: ACTION_TOKENS.deny }],
    ["no token", { token: "" }],
    ["almost the token", { token: `${ACTION_TOKENS.approve} ` }],
    ["the other action, whose token it has not", { action: "deny" as const }],
    ["an entry of the other action", { action: "deny" as const, token: ACTION_TOKENS.deny }],
    ["an entry that is no base64", { logEntry: "%" }],
    ["an entry that is no entry", { logEntry: toBase64(new TextEncoder().encode("{}")) }],
  ])("shows nothing with %s", (_, change) => {
    expect(clickIn(pressed(change), {}, "RENTRY1")).toBeUndefined();
  });

  it("that denies shows its click by its own token, and by no other", () => {
    const entry = { ...ENTRY, channel: { ...ENTRY.channel, summary: "Deny Request" } };
    const denied = (token: string) => clickIn(pressed({ action: "deny", token }, entry), {}, "RENTRY1");
    expect(denied(ACTION_TOKENS.deny)).toMatchObject({ verdict: "deny" });
    expect(denied(ACTION_TOKENS.approve)).toBeUndefined();
  });

  it("needs no other confirmation than the log entry that it is", () => {
    const decisions = { ...verifiersOf().decisions, confirm: "all" as const };
    expect(clickIn(pressed(), { decisions }, "RENTRY1")).toBeDefined();
  });

  it("shows nothing under another id", () => {
    expect(clickIn(pressed(), {}, "RENTRY2")).toBeUndefined();
  });

  it("shows nothing in an entry larger than any delivery", () => {
    const entry = { ...ENTRY, note: "x".repeat(MAX_DELIVERY_BYTES) };
    expect(clickIn(pressed({}, entry), {}, "RENTRY1")).toBeUndefined();
  });

  it("shows nothing when the channel is off, by its tokens or by its name", () => {
    const { decisions } = verifiersOf();
    expect(clickIn(pressed(), { actionTokens: null }, "RENTRY1")).toBeUndefined();
    expect(clickIn(pressed(), { decisions: { ...decisions, channels: ["note"] } }, "RENTRY1")).toBeUndefined();
  });
});

describe("the deliveries that PagerDuty documents", () => {
  const folder = new URL("../../fixtures/", import.meta.url);
  const { secret, files } = JSON.parse(readFileSync(new URL("signatures.json", folder), "utf8"));

  it.each(Object.keys(files).filter((name) => name.startsWith("v3-")))("decide nothing: %s", (name) => {
    const raw = readFileSync(new URL(name, folder));
    const evidence: Evidence = {
      kind: "signed",
      raw: raw.toString("base64"),
      signature: files[name]["x-pagerduty-signature"],
    };
    const { event } = JSON.parse(raw.toString("utf8"));
    expect(clickIn(evidence, { webhookSecrets: [secret] }, event.id)).toBeUndefined();
  });
});
