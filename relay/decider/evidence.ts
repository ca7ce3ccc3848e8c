/**
 * Evidence that an edge sent → the click that it shows, once its signature or its token has been checked against our own
 * copy of the secret. Pure.
 */
import { fromBase64 } from "../../shared/bytes.ts";
import { type Click, clickInEvidence } from "../../shared/click.ts";
import { confirms } from "../../shared/confirmation.ts";
import { type Decisions, needsConfirmation, type Verdict } from "../../shared/decisions.ts";
import type { Evidence } from "../../shared/edge-frames.ts";
import { MAX_CONFIRMATION_BYTES, MAX_DELIVERY_BYTES } from "../../shared/protocol.ts";
import { sameSecret } from "../../shared/secret.ts";
import { verifySignature } from "../../shared/signature.ts";
import { readWebhook } from "../../shared/webhook-event.ts";

/** What evidence is checked against. */
export interface Verifiers {
  readonly decisions: Decisions;
  /** Empty when no channel of signed deliveries is on. */
  readonly webhookSecrets: readonly string[];
  /** Null when the channel `action` is off. */
  readonly actionTokens: Readonly<Record<Verdict, string>> | null;
}

/**
 * The click with this id; undefined when the evidence is not authentic, shows no click, or shows another, and when the click
 * has to be confirmed and is not.
 */
export function verifiedClick(evidence: Evidence, clickId: string, verifiers: Verifiers): Click | undefined {
  const { decisions } = verifiers;
  if (!isAuthentic(evidence, verifiers)) return undefined;
  const click = clickInEvidence(evidence, decisions);
  if (click?.id !== clickId) return undefined;
  return needsConfirmation(decisions, click.verdict) && !isConfirmed(evidence, decisions) ? undefined : click;
}

// The log entry of a button is itself what PagerDuty showed when it was asked.
function isConfirmed(evidence: Evidence, decisions: Decisions): boolean {
  if (evidence.kind === "action") return true;
  const raw = fromBase64(evidence.raw);
  const confirmation = fromBase64(evidence.confirmation ?? "");
  const event = raw && readWebhook(raw);
  if (event === undefined || event.kind === "unused" || event.kind === "unreadable") return false;
  if (confirmation === undefined || confirmation.length > MAX_CONFIRMATION_BYTES) return false;
  return confirms(event, decisions, confirmation);
}

/** Whether evidence is what PagerDuty signed, or was sent with the token of the button that it names; whatever it shows. */
export function isAuthentic(evidence: Evidence, { webhookSecrets, actionTokens }: Verifiers): boolean {
  const raw = fromBase64(evidence.kind === "action" ? evidence.logEntry : evidence.raw);
  if (raw === undefined || raw.length > MAX_DELIVERY_BYTES) return false;
  if (evidence.kind === "action")
    return actionTokens !== null && sameSecret(evidence.token, actionTokens[evidence.action]);
  return verifySignature(raw, evidence.signature, webhookSecrets) === "valid";
}
