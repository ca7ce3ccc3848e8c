/**
 * A click: somebody on PagerDuty approving or denying, by whichever channel. Evidence → verdict, person, incident, time,
 * id, or nothing. The edge uses it to know what to pass on and the relay to know what to believe; both read the same raw
 * bytes. Pure.
 */
import { fromBase64 } from "./bytes.ts";
import { readActionLogEntry } from "./custom-action.ts";
import type { Channel, Decisions, Verdict } from "./decisions.ts";
import type { Evidence } from "./edge-frames.ts";
import { type Agent, readWebhook, type WebhookEvent } from "./webhook-event.ts";

export interface Click {
  /** PagerDuty's id of the event, or of the log entry for `action`: the idempotency key of the decision. */
  readonly id: string;
  /** `resolve` is a bare resolve under `on_resolve = "deny"`. */
  readonly channel: Channel | "resolve";
  readonly verdict: Verdict;
  readonly agent: Agent | null;
  readonly incidentId: string;
  /** The incident's key, where the evidence has one. */
  readonly incidentKey: string | null;
  /** When the person acted, milliseconds since the epoch. */
  readonly occurredMs: number;
  /** What the person wrote beside the command; empty when nothing. */
  readonly reason: string;
}

const COMMAND = /^\s*\/(approve|deny)(?:\s+([\s\S]*))?$/i;

/**
 * The command that a note is, with the reason behind it; undefined when it is none. Of a trimmed note nobody knows how the
 * last word goes on, so there the command must not be the last.
 */
export function commandIn(note: string, trimmed = false): { verdict: Verdict; reason: string } | undefined {
  const match = COMMAND.exec(note);
  if (match === null || (trimmed && match[2] === undefined)) return undefined;
  const verdict = match[1]?.toLowerCase() === "approve" ? "approve" : "deny";
  return { verdict, reason: match[2]?.trim() ?? "" };
}

/** Words that people type when they mean a command. */
const NEAR_WORDS = ["approve", "approved", "deny", "denied"];

/** A note's first word, and whether a slash stands before it; a path such as `/dev/sda` has none. */
// Blanks belong to the slash before them: could they be shared out in many ways, every way would be tried.
const FIRST_WORD = /^\s*(\/\s*)?(\p{L}{3,12})(?![\p{L}\p{M}\p{N}/])/u;

/** What PagerDuty writes before a note that is given while resolving. */
const RESOLUTION_NOTE = /^Resolution Note:\s*(?=\/)/;

/**
 * Whether a note looks like a command that was mistyped: `approve`, `/aprove`, `/approved`; or like one that cannot count,
 * because it was given while resolving.
 */
export function isNearMiss(note: string): boolean {
  if (commandIn(note) !== undefined) return false;
  const resolution = note.replace(RESOLUTION_NOTE, "");
  if (resolution !== note) return commandIn(resolution) !== undefined || isNearMiss(resolution);
  const first = FIRST_WORD.exec(note);
  const word = first?.[2]?.toLowerCase() ?? "";
  if (first?.[1] !== undefined) return NEAR_WORDS.some((near) => editDistance(word, near) <= 2);
  return NEAR_WORDS.includes(word);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The click that a webhook event is, by what the admin lets count; undefined when it decides nothing. */
export function clickIn(event: WebhookEvent, decisions: Decisions): Click | undefined {
  const common = {
    id: event.eventId,
    agent: event.agent,
    incidentId: event.incidentId,
    incidentKey: null,
    occurredMs: event.occurredMs,
    reason: "",
  };
  switch (event.kind) {
    case "annotated": {
      const command = decisions.channels.includes("note") ? commandIn(event.content, event.trimmed) : undefined;
      return command && { ...common, channel: "note", ...command };
    }
    case "workflow_started": {
      const verdict = decisions.channels.includes("workflow") ? triggerVerdict(event.triggerId, decisions) : undefined;
      return verdict && { ...common, channel: "workflow", verdict };
    }
    case "field_values_updated": {
      const value = decisions.channels.includes("field") ? event.changed.get(decisions.field) : undefined;
      return value === "approve" || value === "deny" ? { ...common, channel: "field", verdict: value } : undefined;
    }
    case "resolved": {
      // A merge resolves too, and says nothing about what anybody wants.
      if (decisions.onResolve !== "deny" || !event.isBare) return undefined;
      return { ...common, channel: "resolve", verdict: "deny", incidentKey: event.incidentKey };
    }
  }
}

function triggerVerdict(triggerId: string, { workflowTriggers }: Decisions): Verdict | undefined {
  if (triggerId === "" || workflowTriggers.approve === workflowTriggers.deny) return undefined;
  if (triggerId === workflowTriggers.approve) return "approve";
  return triggerId === workflowTriggers.deny ? "deny" : undefined;
}

/**
 * The click that evidence shows, from its raw bytes alone; undefined when it shows none. The caller has verified the
 * signature or the token: this only reads.
 */
export function clickInEvidence(evidence: Evidence, decisions: Decisions): Click | undefined {
  if (evidence.kind === "signed") {
    const raw = fromBase64(evidence.raw);
    const event = raw && readWebhook(raw);
    if (event === undefined || event.kind === "unused" || event.kind === "unreadable") return undefined;
    return clickIn(event, decisions);
  }
  const raw = fromBase64(evidence.logEntry);
  const entry = raw && readActionLogEntry(raw);
  if (entry === undefined || !decisions.channels.includes("action") || entry.action !== evidence.action)
    return undefined;
  return {
    id: entry.id,
    channel: "action",
    verdict: evidence.action,
    agent: entry.agent,
    incidentId: entry.incidentId,
    incidentKey: entry.incidentKey,
    occurredMs: entry.createdMs,
    reason: "",
  };
}
