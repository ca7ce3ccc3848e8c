/**
 * The link's protocol: every frame, limit and close code of the WebSocket between relay and edge. PROTOCOL.md beside this
 * file says the same in prose. A new frame will not compile until both ends handle it; one of an unknown type is skipped.
 */
import * as z from "zod/mini";
import { accessRequestSchema, epochMsSchema, requestEndSchema, requestStateSchema } from "./access-request.ts";
import { parseJsonText } from "./bytes.ts";
import { decisionsSchema, verdictSchema } from "./decisions.ts";
import { refusalSchema } from "./refusal.ts";
import { countSchema, nonEmptySchema, ordinalSchema, textOf } from "./values.ts";

/** Said in `hello`. An edge understands this version and the one before. */
export const PROTOCOL_VERSION = 1;

/** Largest frame, in bytes of UTF-8; the receiver closes on a larger one. A decision with the largest delivery fits. */
export const MAX_FRAME_BYTES = 1024 * 1024;

/** Largest webhook delivery or custom action payload, in bytes: the largest that PagerDuty says it may send. */
export const MAX_DELIVERY_BYTES = 256 * 1024;

/** Largest `confirmation`, in bytes before base64: a frame has room for it beside the largest delivery. */
export const MAX_CONFIRMATION_BYTES = 256 * 1024;

/** Most open requests named in one part of a `welcome`: about 300 KiB. */
export const MAX_OPEN_PER_WELCOME = 2000;

/** What the relay sends to show that it lives, and what the edge's runtime answers without waking the object. */
export const PING = "ping";
export const PONG = "pong";

/** How often the relay pings, in ms, and how long it waits for anything to arrive before it gives the link up. */
export const PING_EVERY_MS = 10_000;
export const LINK_DEAD_AFTER_MS = 25_000;

/** How long a frame to the active relay may stay without `ack` before a standby takes over, in ms. */
export const ACK_WITHIN_MS = 5_000;

/** Longest problem that a `report` tells, in UTF-16 units: it is kept with the relay's socket, which has little room. */
export const MAX_PROBLEM_LENGTH = 500;

/** Most services that one `auto_approve` names. */
export const MAX_AUTO_APPROVAL_SERVICES = 10;

/** Longest life of the JWT that opens the link, in seconds. */
export const MAX_JWT_SECONDS = 60;

/** Why an end closed the link (RFC 6455 section 7.4.2: 4000 to 4999 are ours). */
export const CLOSE = {
  malformedFrame: 4000,
  frameTooLarge: 4001,
  unsupportedVersion: 4002,
  wrongCluster: 4003,
  sequenceGap: 4004,
  superseded: 4005,
  unresponsive: 4006,
} as const;

const seq = ordinalSchema;
const epoch = countSchema;
const requestId = textOf(1, 255);
const clickId = textOf(1, 128);

/** An incident that stands for a request, and the service that it is on. */
export const boundIncidentSchema = z.object({ service: nonEmptySchema, incident: nonEmptySchema });
export type BoundIncident = z.infer<typeof boundIncidentSchema>;

/** What shows a click: a delivery as PagerDuty signed it, or the log entry of a pressed button, re-read by the edge. */
export const evidenceSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("signed"),
    /** The delivery's exact bytes, base64. */
    raw: z.string(),
    /** Its `X-PagerDuty-Signature`. */
    signature: z.string(),
    /** What PagerDuty shows of the same click when it is asked again, base64; absent when it was not asked or shows none. */
    confirmation: z.optional(z.string()),
  }),
  z.object({
    kind: z.literal("action"),
    action: verdictSchema,
    token: z.string(),
    /** The bytes of `GET /log_entries/{id}`, base64. */
    logEntry: z.string(),
  }),
]);
export type Evidence = z.infer<typeof evidenceSchema>;

/** What no raw byte shows and the relay therefore knows by the edge's word alone. */
export const edgeWordSchema = z.object({
  email: z.nullable(z.string()),
  name: z.nullable(z.string()),
  /** Escalation levels at which the person was on call at the time of the click; null when the edge did not ask. */
  onCallLevels: z.nullable(z.array(z.int())),
  /** The user that our own REST writes act as. */
  botUserId: z.nullable(z.string()),
  /** Whether the incident's body shows every role and resource. */
  shown: z.boolean(),
  /** The full text behind a command, when the signed bytes hold it trimmed. */
  reason: z.string(),
});
export type EdgeWord = z.infer<typeof edgeWordSchema>;

/** What became of a click, as Teleport has it. */
export const outcomeSchema = z.discriminatedUnion("result", [
  /** `PENDING`: Teleport has the review that the click stands for, and asks for more than that. */
  z.object({ result: z.literal("applied"), state: requestStateSchema }),
  z.object({
    result: z.literal("refused"),
    refusal: refusalSchema,
    /** The request's state when it was judged; null when it was not read. */
    state: z.nullable(requestStateSchema),
    /** A sentence that helps the person; empty when the refusal says it all. */
    detail: z.string(),
  }),
]);
export type Outcome = z.infer<typeof outcomeSchema>;

const hello = z.object({
  type: z.literal("hello"),
  protocol: z.int(),
  /** Random, new at every start of a relay: what an epoch belongs to. */
  instance: textOf(8, 64),
  release: z.string(),
  teleport: z.object({ version: z.string(), cluster: z.string(), proxyAddress: z.nullable(z.string()) }),
  decisions: decisionsSchema,
  /** Whether the policy asks who is on call, so that the edge looks it up only then. */
  asksOnCall: z.boolean(),
  /** At which levels a requester who is on call is approved by that: 0 for any, N for 1 to N; absent: at none. */
  autoApproval: z.optional(z.object({ onCallLevels: countSchema })),
  /** When the relay's Teleport certificate ends. */
  certificateExpiresMs: z.nullable(epochMsSchema),
});

/** An incident that Teleport's own plugin opened for a request, and its service where that plugin kept it. */
export const predecessorsIncidentSchema = z.object({ service: z.nullable(z.string()), incident: nonEmptySchema });
export type PredecessorsIncident = z.infer<typeof predecessorsIncidentSchema>;

const request = z.object({
  type: z.literal("request"),
  seq,
  request: accessRequestSchema,
  /** PagerDuty services from the relay's rules, by name; empty when no rule applies. */
  recipients: z.array(z.string()),
  /** To be taken over instead of opening another. */
  adopt: z.optional(predecessorsIncidentSchema),
});

const ended = z.object({
  type: z.literal("ended"),
  seq,
  requestId,
  end: requestEndSchema,
  who: z.nullable(z.string()),
  why: z.nullable(z.string()),
  /** The click that the claim in Teleport names, when it was ours that ended the request. */
  clickId: z.nullable(clickId),
});

const synced = z.object({ type: z.literal("synced"), seq });

const bound = z.object({
  type: z.literal("bound"),
  seq,
  epoch,
  requestId,
  digest: z.string(),
  incidents: z.array(boundIncidentSchema),
  /** `changed`: what was paged is not what Teleport holds; `gone`: Teleport has no such request open. */
  result: z.enum(["bound", "changed", "gone"]),
});

const outcome = z.object({ type: z.literal("outcome"), seq, epoch, requestId, clickId, outcome: outcomeSchema });

const autoOutcome = z.object({ type: z.literal("auto_outcome"), seq, epoch, requestId, outcome: outcomeSchema });

const report = z.object({
  type: z.literal("report"),
  seq,
  /** When the relay's Teleport certificate ends. */
  certificateExpiresMs: z.nullable(epochMsSchema),
  teleportVersion: z.string(),
  /** Whether the watch of Teleport's access requests stands. */
  watching: z.boolean(),
  /** What an operator should mend, as one sentence or two; null when nothing. */
  problem: z.nullable(textOf(0, MAX_PROBLEM_LENGTH)),
});

const waiting = z.object({
  type: z.literal("waiting"),
  seq,
  epoch,
  requestId,
  /** What somebody must mend before the clicks on this request can be carried out, as a sentence or two. */
  problem: textOf(1, MAX_PROBLEM_LENGTH),
});

const ack = z.object({ type: z.literal("ack"), upTo: countSchema });

const welcome = z.object({
  type: z.literal("welcome"),
  session: z.string(),
  epoch,
  role: z.enum(["active", "standby"]),
  /** Requests open at the edge: id, digest, and how many of its reviews have been told. */
  open: z.array(z.tuple([requestId, z.string(), countSchema])),
  /** Whether another part follows. */
  more: z.boolean(),
});

const health = z.object({
  type: z.literal("health"),
  pagerduty: z.object({ ok: z.boolean(), problem: z.nullable(z.string()) }),
});

const bind = z.object({
  type: z.literal("bind"),
  seq,
  epoch,
  requestId,
  digest: z.string(),
  incidents: z.array(boundIncidentSchema).check(z.minLength(1)),
  /** For an incident that was taken over: when it came to show the request. Clicks before that count for nothing. */
  countsFromMs: z.optional(epochMsSchema),
});

const decide = z.object({
  type: z.literal("decide"),
  seq,
  epoch,
  cluster: z.string(),
  requestId,
  clickId,
  evidence: evidenceSchema,
  word: edgeWordSchema,
});

/** Somebody in PagerDuty, and the services for which they are on call. */
const autoApprove = z.object({
  type: z.literal("auto_approve"),
  seq,
  epoch,
  requestId,
  /** Of the request that the edge was told of. */
  digest: z.string(),
  services: z
    .array(z.object({ name: z.string(), id: z.string(), levels: z.array(z.int()) }))
    .check(z.minLength(1), z.maxLength(MAX_AUTO_APPROVAL_SERVICES)),
  person: z.object({ id: z.string(), email: z.string(), name: z.string() }),
});

const promote = z.object({ type: z.literal("promote"), seq, epoch });

/** Frames from the relay. */
export const relayFrameSchema = z.discriminatedUnion("type", [
  hello,
  request,
  ended,
  synced,
  bound,
  outcome,
  autoOutcome,
  waiting,
  report,
  ack,
]);
export type RelayFrame = z.infer<typeof relayFrameSchema>;

/** Frames from the edge. */
export const edgeFrameSchema = z.discriminatedUnion("type", [welcome, health, bind, decide, autoApprove, promote, ack]);
export type EdgeFrame = z.infer<typeof edgeFrameSchema>;

export type Hello = z.infer<typeof hello>;
export type Welcome = z.infer<typeof welcome>;
export type FrameOf<Frame extends { type: string }, Type extends Frame["type"]> = Extract<Frame, { type: Type }>;

/** A frame before the sender has numbered it. */
export type Unnumbered<Frame> = Frame extends { seq: number } ? Omit<Frame, "seq"> : never;

/** What a received message is. `unknown` is a type of a newer release, to be logged and skipped, its number acknowledged. */
export type Reading<Frame> =
  | { readonly kind: "frame"; readonly frame: Frame }
  | { readonly kind: "unknown"; readonly type: string; readonly seq: number | null }
  | { readonly kind: "malformed"; readonly problem: string }
  | { readonly kind: "too_large" };

/** Reads one message from a relay. Never throws. */
export function readRelayFrame(message: string): Reading<RelayFrame> {
  return readFrame(relayFrameSchema, message);
}

/** Reads one message from the edge. Never throws. */
export function readEdgeFrame(message: string): Reading<EdgeFrame> {
  return readFrame(edgeFrameSchema, message);
}

// A UTF-16 unit is at least one byte of UTF-8, and at most three: most messages need no counting.
function isTooLarge(message: string): boolean {
  if (message.length * 3 <= MAX_FRAME_BYTES) return false;
  return message.length > MAX_FRAME_BYTES || new TextEncoder().encode(message).length > MAX_FRAME_BYTES;
}

const envelopeSchema = z.object({ type: textOf(0, 64), seq: z.optional(seq) });

function readFrame<Frame>(
  schema: z.ZodMiniType<Frame> & { def: { options: readonly { shape: { type: z.ZodMiniLiteral<string> } }[] } },
  message: string,
): Reading<Frame> {
  if (isTooLarge(message)) return { kind: "too_large" };
  const value = parseJsonText(message);
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success) return { kind: "malformed", problem: "not a frame" };
  const { type } = envelope.data;
  if (!schema.def.options.some((option) => option.shape.type.def.values.includes(type))) {
    return { kind: "unknown", type, seq: envelope.data.seq ?? null };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: "frame", frame: parsed.data };
  const [issue] = parsed.error.issues;
  return { kind: "malformed", problem: `${type}: ${issue?.path.join(".")} ${issue?.code}` };
}
