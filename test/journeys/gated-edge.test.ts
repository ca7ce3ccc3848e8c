import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type Evidence, evidenceSchema } from "../../shared/edge-frames.ts";
import { noteEvent } from "../edge/samples.ts";
import { GATE_TOKEN, PEOPLE, type Stage, type StageOptions } from "../stage/stage.ts";
import { TamperingEdge } from "../stage/tampering-edge.ts";
import { ask, boundIncidentFor, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

/** The arrangement in which the edge can forge nothing: it gates by token, and the relay alone has the secret. */
const GATED: StageOptions = {
  secrets: { webhook_secrets: undefined, action_tokens: undefined },
  decisions: { channels: '["note"]', action_tokens_file: '""' },
  policy: {
    approvers: JSON.stringify([PEOPLE.bob.id]),
    identity: '"mapped"',
    users: `{ ${PEOPLE.bob.id} = ["bob"], ${PEOPLE.alice.id} = ["${PEOPLE.alice.email}"] }`,
  },
};

const signed = (body: string | Uint8Array, secret: string): string =>
  `v1=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** The refusals in the relay's audit log, in their order. */
async function refusalsIn(stage: Stage): Promise<string[]> {
  const text = await readFile(stage.path("relay-audit.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .flatMap(({ kind, refusal }) => (kind === "refusal" ? [refusal] : []));
}

/** Waits until the relay has refused something, behind so many lines of its log. */
const refusedAs = (stage: Stage, refusal: string, from: number): Promise<string> =>
  stage.relay.line(new RegExp(`Decision refused.*refusal=${refusal}`), from);

describe("an edge that gates by token, with the webhook secret at the relay alone", () => {
  it("carries answers out as ever", async () => {
    const stage = await setStage(GATED);
    const [approved, denied] = [ask(stage), ask(stage)];
    const incidents = [await boundIncidentFor(stage, approved), await boundIncidentFor(stage, denied)];
    const bob = stage.pagerDuty.as(PEOPLE.bob.id);
    bob.note(incidents[0]?.id ?? "", "/approve as agreed");
    bob.note(incidents[1]?.id ?? "", "/deny");
    await Promise.all([stateReached(stage, approved, "APPROVED"), stateReached(stage, denied, "DENIED")]);
    for (const { id } of incidents) await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
  });

  it("passes on what somebody forged who has the gate token, and the relay refuses it: audited, not noted", async () => {
    const stage = await setStage(GATED);
    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    const agent = { id: PEOPLE.bob.id, type: "user_reference" };
    const forged = noteEvent(id, "/approve", { id: "01FORGED", agent, atMs: Date.now() });
    const post = (headers: Record<string, string>) => stage.post("/webhook", new Uint8Array(forged), headers);
    const signature = { "X-PagerDuty-Signature": signed(forged, GATE_TOKEN) };
    expect((await post(signature)).status).toBe(401);
    expect((await post({ ...signature, "X-Gate-Token": "another" })).status).toBe(401);

    expect((await post({ ...signature, "X-Gate-Token": GATE_TOKEN })).status).toBe(202);
    await refusedAs(stage, "bad_evidence", 0);

    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/deny");
    await stateReached(stage, requestId, "DENIED");
    await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
    expect(verdictsSent(stage, requestId)).toBe(1);
    expect(await refusalsIn(stage)).toEqual(["bad_evidence"]);
    const { notes } = stage.pagerDuty.incident(id);
    expect(notes.filter(({ content }) => /approve/i.test(content) && content !== "/deny")).toEqual([]);
  });
});

type Decide = Record<string, unknown> & { evidence: Extract<Evidence, { kind: "signed" }>; word: object };

/** The evidence of a decision with its bytes changed, under its own signature or one made with this secret. */
function withBytes(frame: Decide, change: (text: string) => string, secret?: string): Decide {
  const raw = Buffer.from(change(Buffer.from(frame.evidence.raw, "base64").toString("utf8")));
  const signature = secret === undefined ? frame.evidence.signature : signed(raw, secret);
  return { ...frame, evidence: { ...frame.evidence, raw: raw.toString("base64"), signature } };
}

interface Tampering {
  readonly what: string;
  readonly person: keyof typeof PEOPLE;
  readonly note: string;
  readonly tamper: (frame: Decide, other: string) => Decide;
  readonly refusal: string;
}

const toApproval = (text: string): string => text.replace("/deny", "/approve");
const toBob = (text: string): string => text.replaceAll(PEOPLE.carol.id, PEOPLE.bob.id);
const MADE_UP = { kind: "action", action: "approve", token: GATE_TOKEN, logEntry: "e30=" };

const TAMPERINGS: readonly Tampering[] = [
  {
    what: "the verdict",
    person: "bob",
    note: "/deny",
    tamper: (frame) => withBytes(frame, toApproval),
    refusal: "bad_evidence",
  },
  {
    what: "the person",
    person: "carol",
    note: "/approve",
    tamper: (frame) => withBytes(frame, toBob),
    refusal: "bad_evidence",
  },
  {
    what: "the person, signed with all that the edge has",
    person: "carol",
    note: "/approve",
    tamper: (frame) => withBytes(frame, toBob, GATE_TOKEN),
    refusal: "bad_evidence",
  },
  {
    what: "who the person is said to be",
    person: "carol",
    note: "/approve",
    tamper: (frame) => ({ ...frame, word: { ...frame.word, email: PEOPLE.bob.email, name: "Bob", onCallLevels: [1] } }),
    refusal: "not_an_approver",
  },
  {
    what: "which request it is for",
    person: "bob",
    note: "/approve",
    tamper: (frame, requestId) => ({ ...frame, requestId }),
    refusal: "wrong_incident",
  },
  {
    what: "the cluster",
    person: "bob",
    note: "/approve",
    tamper: (frame) => ({ ...frame, cluster: "other.example.com" }),
    refusal: "wrong_cluster",
  },
  {
    what: "which click it is",
    person: "bob",
    note: "/approve",
    tamper: (frame) => ({ ...frame, clickId: "01ANOTHER" }),
    refusal: "bad_evidence",
  },
  {
    what: "the evidence, for a button that nobody pressed",
    person: "bob",
    note: "/deny",
    tamper: (frame) => Object.assign({ ...frame }, { evidence: MADE_UP }),
    refusal: "bad_evidence",
  },
];

let tampering: TamperingEdge | undefined;
afterEach(() => tampering?.stop());

describe("a compromised edge without the webhook secret", () => {
  it("approves nothing by changing what it passes on", async () => {
    const stage = await setStage({
      ...GATED,
      detour: async (from, to, address) => {
        if (from !== "relay" || to !== "the edge") return address;
        tampering ??= await TamperingEdge.start(address);
        return tampering.address;
      },
    });
    const other = ask(stage);
    await boundIncidentFor(stage, other);
    for (const { what, person, note, tamper, refusal } of TAMPERINGS) {
      const requestId = ask(stage);
      const { id } = await boundIncidentFor(stage, requestId);
      const seen = stage.relay.lines.length;
      const isSigned = (frame: Record<string, unknown>): frame is Decide =>
        frame.type === "decide" && evidenceSchema.parse(frame.evidence).kind === "signed";
      if (tampering !== undefined) tampering.tamper = (frame) => (isSigned(frame) ? tamper(frame, other) : frame);
      stage.pagerDuty.as(PEOPLE[person].id).note(id, note);
      await refusedAs(stage, refusal, seen);
      expect({ what, sent: verdictsSent(stage, requestId) + verdictsSent(stage, other) }).toEqual({ what, sent: 0 });
    }
    expect(await refusalsIn(stage)).toEqual(TAMPERINGS.map(({ refusal }) => refusal));
    if (tampering !== undefined) tampering.tamper = (frame) => frame;

    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
  });
});
