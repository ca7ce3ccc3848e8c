/** One relay's socket as its host has it, and what is remembered with it, also while the host sleeps. */
import * as z from "zod/mini";
import type { FrameOf, Hello, RelayFrame } from "../../shared/protocol.ts";
import { type Session, sessionSchema } from "../ledger/session.ts";

export interface RelaySocket {
  /** Whether it can still be written to. */
  readonly isOpen: boolean;
  /** When its runtime last answered a ping of the relay's, in ms since the epoch; null when never. */
  readonly heardMs: number | null;
  send(text: string): void;
  close(code: number, reason: string): void;
  /** What was attached last; survives the host's sleep. The same object until something else is attached. */
  readonly attachment: unknown;
  attach(value: unknown): void;
}

const attachmentSchema = z.object({
  /** Thumbprint of the key that signed its token. */
  relayKey: z.string(),
  connectedMs: z.int(),
  /** The origin at which it found us. */
  origin: z._default(z.nullable(z.string()), null),
  /** Null until `hello`. */
  greeting: z.nullable(z.object({ instance: z.string(), hello: sessionSchema.shape.hello })),
  /** What its last `report` told of the moment; null until one came. */
  condition: z._default(z.nullable(z.object({ watching: z.boolean(), problem: z.nullable(z.string()) })), null),
  /** Where its audit log ends and whether it can be written, and since when the ledger does not know; null: not told. */
  audit: z._default(
    z.nullable(
      z.object({ lines: z.int(), head: z.string(), writable: z.boolean(), unkeptSinceMs: z.nullable(z.int()) }),
    ),
    null,
  ),
  session: z.string(),
  role: z.enum(["active", "standby"]),
  /** Whether it has told of all that was there when it connected. */
  synced: z._default(z.boolean(), false),
  /** Numbers of the last frame in and out, and of the last that the relay acknowledged. */
  inSeq: z.int(),
  outSeq: z.int(),
  ackedSeq: z.int(),
  /** When the oldest frame that is not acknowledged went out. */
  unansweredSinceMs: z.nullable(z.int()),
});
export type Attachment = z.infer<typeof attachmentSchema>;

// Each frame asks several times for what is read but once.
const alreadyRead = new WeakMap<object, Attachment>();

/** What is attached to a socket. Throws for one that was never accepted. */
export function attachmentOf({ attachment }: RelaySocket): Attachment {
  if (typeof attachment !== "object" || attachment === null) return attachmentSchema.parse(attachment);
  const read = alreadyRead.get(attachment) ?? attachmentSchema.parse(attachment);
  alreadyRead.set(attachment, read);
  return read;
}

/** Changes part of what is attached. */
export function reattach(socket: RelaySocket, change: Partial<Attachment>): Attachment {
  const attachment = { ...attachmentOf(socket), ...change };
  alreadyRead.set(attachment, attachment);
  socket.attach(attachment);
  return attachment;
}

/** What is attached to a socket that has just been accepted: nobody's until `hello`. */
export function newAttachment(
  accepted: Pick<Attachment, "relayKey" | "origin">,
  session: string,
  connectedMs: number,
): Attachment {
  return {
    ...accepted,
    connectedMs,
    greeting: null,
    condition: null,
    audit: null,
    session,
    role: "standby",
    synced: false,
    inSeq: 0,
    outSeq: 0,
    ackedSeq: 0,
    unansweredSinceMs: null,
  };
}

/** What is remembered of a greeting. */
export function greetingOf(greeting: Hello): Attachment["greeting"] {
  const { instance, release, decisions, asksOnCall, autoApproval, certificateExpiresMs, teleport } = greeting;
  const { version: teleportVersion, proxyAddress } = teleport;
  const said = { release, teleportVersion, proxyAddress, decisions, asksOnCall, certificateExpiresMs };
  return { instance, hello: { ...said, ...(autoApproval !== undefined && { autoApproval }) } };
}

/** What a `report` changes of what is attached: the greeting tells of Teleport as it is now. */
export function reportedChange(
  { greeting }: Attachment,
  { certificateExpiresMs, teleportVersion, watching, problem }: FrameOf<RelayFrame, "report">,
): Partial<Attachment> {
  const hello = greeting && { ...greeting.hello, teleportVersion, certificateExpiresMs };
  return { greeting: greeting && hello && { ...greeting, hello }, condition: { watching, problem } };
}

/** Whether one relay is at both sockets: it picks the name of its instance itself, and shows it to whoever may look. */
export function isSameRelay(one: Attachment, other: Attachment): boolean {
  return one.relayKey === other.relayKey && one.greeting?.instance === other.greeting?.instance;
}

/** The session that begins, or goes on, when the relay at this socket becomes active. */
export function sessionFor(
  { greeting, relayKey }: Attachment,
  before: Session | undefined,
  nowMs: number,
): Session | undefined {
  if (greeting === null) return undefined;
  const { instance, hello } = greeting;
  if (before?.instance === instance && before.relayKey === relayKey) return { ...before, hello, leftMs: null };
  return { epoch: (before?.epoch ?? 0) + 1, instance, relayKey, sinceMs: nowMs, hello };
}
