/**
 * The link's protocol: every limit and close code of the WebSocket between relay and edge, how a message is read, and the
 * relay's frames; those of the edge are in edge-frames.ts. PROTOCOL.md beside this file says the same in prose. A new frame
 * will not compile until both ends handle it; one of an unknown type is skipped.
 */
import * as z from "zod/mini";
import {
  accessRequestSchema,
  requestEndSchema,
  requestIdSchema,
  requestStateSchema,
  toldMsSchema,
} from "./access-request.ts";
import { auditStandingSchema } from "./audit-chain.ts";
import { parseJsonText } from "./bytes.ts";
import { decisionsSchema } from "./decisions.ts";
import { familySchema } from "./metric-family.ts";
import { refusalSchema } from "./refusal.ts";
import { countSchema, labelSchema, nonEmptySchema, ordinalSchema, orElse, textOf } from "./values.ts";

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

/** Parts of frames: a frame's number in its session, and the words that frames of both ends use. */
export const seq = ordinalSchema;
export const epoch = countSchema;
export const requestId = requestIdSchema;
export const clickId = textOf(1, 128);
export const question = textOf(1, 64);

/** An incident that stands for a request, and the service that it is on. */
export const boundIncidentSchema = z.object({ service: nonEmptySchema, incident: nonEmptySchema });
export type BoundIncident = z.infer<typeof boundIncidentSchema>;

/** What became of a click, as Teleport has it. */
export const outcomeSchema = z.union([
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

/** Where the relay's audit log stands; absent from a relay that does not tell. */
const audit = z.optional(auditStandingSchema);

const hello = z.object({
  type: z.literal("hello"),
  protocol: z.int(),
  /** Random, new at every start of a relay: an epoch belongs to it and to the key that signed its token. */
  instance: textOf(8, 64),
  release: labelSchema,
  teleport: z.object({ version: labelSchema, cluster: labelSchema, proxyAddress: z.nullable(labelSchema) }),
  decisions: decisionsSchema,
  /** Whether the policy asks who is on call, so that the edge looks it up only then. */
  asksOnCall: z.boolean(),
  /** At which levels a requester who is on call is approved by that: 0 for any, N for 1 to N; absent: at none. */
  autoApproval: z.optional(z.object({ onCallLevels: countSchema })),
  /** When the relay's Teleport certificate ends. */
  certificateExpiresMs: z.nullable(toldMsSchema),
  audit,
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

const outcome = z.object({ type: z.literal("outcome"), seq, epoch, requestId, clickId, outcome: outcomeSchema, audit });

const autoOutcome = z.object({ type: z.literal("auto_outcome"), seq, epoch, requestId, outcome: outcomeSchema, audit });

const report = z.object({
  type: z.literal("report"),
  seq,
  /** When the relay's Teleport certificate ends. */
  certificateExpiresMs: z.nullable(toldMsSchema),
  teleportVersion: labelSchema,
  /** Whether the watch of Teleport's access requests stands. */
  watching: z.boolean(),
  /** What an operator should mend, as one sentence or two; null when nothing. */
  problem: z.nullable(textOf(0, MAX_PROBLEM_LENGTH)),
  audit,
});

const waiting = z.object({
  type: z.literal("waiting"),
  seq,
  epoch,
  requestId,
  /** What somebody must mend before the clicks on this request can be carried out, as a sentence or two. */
  problem: textOf(1, MAX_PROBLEM_LENGTH),
});

/** Answers `report?`. Nothing rests on it: it has no number, and a metric that cannot be read is null. */
const metrics = z.object({
  type: z.literal("metrics"),
  question,
  families: z.array(orElse(familySchema, null)),
});

/** The frame that both ends have: everything up to a number has arrived. */
export const ack = z.object({ type: z.literal("ack"), upTo: countSchema });

/** Frames from the relay. */
export const relayFrameSchema = z.union([
  hello,
  request,
  ended,
  synced,
  bound,
  outcome,
  autoOutcome,
  waiting,
  report,
  metrics,
  ack,
]);
export type RelayFrame = z.infer<typeof relayFrameSchema>;

export type Hello = z.infer<typeof hello>;
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

// A UTF-16 unit is at least one byte of UTF-8, and at most three: most messages need no counting.
function isTooLarge(message: string): boolean {
  if (message.length * 3 <= MAX_FRAME_BYTES) return false;
  return message.length > MAX_FRAME_BYTES || new TextEncoder().encode(message).length > MAX_FRAME_BYTES;
}

const envelopeSchema = z.object({ type: textOf(0, 64), seq: z.optional(seq) });

type FrameSchema = z.ZodMiniType & { readonly shape: { readonly type: z.ZodMiniLiteral<string> } };

/** Reads one message whose frame is one of a union's. Never throws. */
export function readFrame<Schema extends FrameSchema>(
  { def }: { readonly def: { readonly options: readonly Schema[] } },
  message: string,
): Reading<z.infer<Schema>> {
  if (isTooLarge(message)) return { kind: "too_large" };
  const value = parseJsonText(message);
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success) return { kind: "malformed", problem: "not a frame" };
  const { type } = envelope.data;
  const schema = def.options.find((option) => option.shape.type.def.values.includes(type));
  if (schema === undefined) return { kind: "unknown", type, seq: envelope.data.seq ?? null };
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: "frame", frame: parsed.data };
  const [issue] = parsed.error.issues;
  return { kind: "malformed", problem: `${type}: ${issue?.path.join(".")} ${issue?.code}` };
}
