/**
 * The frames that the edge sends to a relay. In a file of their own because only a relay reads them: the edge's bundle needs
 * their types alone. PROTOCOL.md beside this file says the same in prose.
 */
import * as z from "zod/mini";
import { toldMsSchema } from "./access-request.ts";
import { verdictSchema } from "./decisions.ts";
import {
  ack,
  boundIncidentSchema,
  clickId,
  epoch,
  MAX_AUTO_APPROVAL_SERVICES,
  question,
  type Reading,
  readFrame,
  requestId,
  seq,
} from "./protocol.ts";
import { countSchema } from "./values.ts";

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
  countsFromMs: z.optional(toldMsSchema),
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

/** Somebody wants to see the relay's metrics. It has no number: whoever does not answer is not asked again. */
const reportRequest = z.object({ type: z.literal("report?"), question });

/** Frames from the edge. */
export const edgeFrameSchema = z.union([welcome, health, bind, decide, autoApprove, reportRequest, promote, ack]);
export type EdgeFrame = z.infer<typeof edgeFrameSchema>;

export type Welcome = z.infer<typeof welcome>;

/** Reads one message from the edge. Never throws. */
export function readEdgeFrame(message: string): Reading<EdgeFrame> {
  return readFrame(edgeFrameSchema, message);
}
