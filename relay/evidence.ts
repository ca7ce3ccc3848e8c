/**
 * Evidence that an edge sent → the click that it shows, once its signature or its token has been checked against our own
 * copy of the secret. Pure.
 */
import { fromBase64 } from "../shared/bytes.ts";
import { type Click, clickInEvidence } from "../shared/click.ts";
import type { Decisions, Verdict } from "../shared/decisions.ts";
import { type Evidence, MAX_DELIVERY_BYTES } from "../shared/protocol.ts";
import { sameSecret } from "../shared/secret.ts";
import { verifySignature } from "../shared/signature.ts";

/** What evidence is checked against. */
export interface Verifiers {
  readonly decisions: Decisions;
  /** Empty when no channel of signed deliveries is on. */
  readonly webhookSecrets: readonly string[];
  /** Null when the channel `action` is off. */
  readonly actionTokens: Readonly<Record<Verdict, string>> | null;
}

/** The click with this id; undefined when the evidence is not authentic, shows no click, or shows another. */
export function verifiedClick(
  evidence: Evidence,
  clickId: string,
  { decisions, webhookSecrets, actionTokens }: Verifiers,
): Click | undefined {
  if (!isAuthentic(evidence, webhookSecrets, actionTokens)) return undefined;
  const click = clickInEvidence(evidence, decisions);
  return click?.id === clickId ? click : undefined;
}

function isAuthentic(
  evidence: Evidence,
  webhookSecrets: readonly string[],
  actionTokens: Readonly<Record<Verdict, string>> | null,
): boolean {
  const raw = fromBase64(evidence.kind === "action" ? evidence.logEntry : evidence.raw);
  if (raw === undefined || raw.length > MAX_DELIVERY_BYTES) return false;
  if (evidence.kind === "action")
    return actionTokens !== null && sameSecret(evidence.token, actionTokens[evidence.action]);
  return verifySignature(raw, evidence.signature, webhookSecrets) === "valid";
}
