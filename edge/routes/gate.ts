/**
 * Who may come in: tokens compared in constant time, PagerDuty's signature, the relay's JWT. Whatever a cluster has not
 * configured lets nobody in. A reason is for the log; outsiders learn only that they are refused.
 */
import type { Verdict } from "../../shared/decisions.ts";
import { sameSecret } from "../../shared/secret.ts";
import { verifySignature } from "../../shared/signature.ts";
import type { ClusterConfig } from "../config/cluster-config.ts";
import { type RelayIdentity, verifyRelayToken } from "./relay-token.ts";

/** Compared with when there is nothing to compare with, so that the time taken says nothing about what is configured. */
const NOBODYS_SECRET = "nobody has this secret";

/** Whether a caller shows the secret that is expected; never when none is. */
export function shows(offered: string | null, expected: string | null): boolean {
  const same = sameSecret(offered ?? "", expected ?? NOBODYS_SECRET);
  return same && offered !== null && expected !== null;
}

/** Whether a delivery passes the gate token, which not every cluster has. */
export function passesGate(config: ClusterConfig, headers: Headers): boolean {
  return config.gateToken === null || shows(headers.get("X-Gate-Token"), config.gateToken);
}

/** Whether the press of a button shows that button's token. */
export function showsActionToken(config: ClusterConfig, action: Verdict, headers: Headers): boolean {
  return shows(headers.get("X-Action-Token"), config.actionTokens?.[action] ?? null);
}

/**
 * What a delivery's signature is worth, once the gate is passed. `unknown_secret` only behind a gate token: then it may
 * be PagerDuty signing with a secret that is still on its way here.
 */
export function judgeSignature(
  config: ClusterConfig,
  raw: Uint8Array,
  header: string,
): "authentic" | "forged" | "unknown_secret" {
  if (config.webhookSecrets.length === 0) return config.gateToken === null ? "forged" : "authentic";
  switch (verifySignature(raw, header, config.webhookSecrets)) {
    case "valid":
      return "authentic";
    case "unknown":
      return config.gateToken === null ? "forged" : "unknown_secret";
    case "malformed":
      return "forged";
  }
}

/** The relay that a request's bearer token stands for; `origin` is where the relay believes to be. */
export async function relayFrom(
  config: ClusterConfig,
  headers: Headers,
  { origin, nowMs }: { origin: string; nowMs: number },
): Promise<RelayIdentity | undefined> {
  const token = bearerIn(headers);
  if (token === null) return undefined;
  const { cluster, relayPublicKeys: publicKeys } = config;
  return verifyRelayToken(token, { cluster, publicKeys, audience: `${origin}/v1/${cluster}`, nowMs });
}

/** Who asks for a cluster's status: whoever has the admin token, or one of its relays. */
export async function readerFrom(
  config: ClusterConfig,
  headers: Headers,
  at: { origin: string; nowMs: number },
): Promise<"admin" | RelayIdentity | undefined> {
  return shows(bearerIn(headers), config.adminToken) ? "admin" : relayFrom(config, headers, at);
}

const BEARER = /^Bearer +([\x21-\x7e]{1,4096})$/i;

function bearerIn(headers: Headers): string | null {
  return BEARER.exec(headers.get("Authorization") ?? "")?.[1] ?? null;
}
