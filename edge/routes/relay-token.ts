/**
 * The relay's JWT: Ed25519 by one of the cluster's own keys, for this cluster at this origin, short-lived. Whether its
 * `jti` was used before is for the cluster's object to say. Never throws, whatever the token is.
 * Sources: RFC 7519, RFC 8037 (EdDSA), RFC 7638 (thumbprint).
 */
import * as z from "zod/mini";
import { toBase64Url } from "../../shared/bytes.ts";
import { MAX_JWT_SECONDS } from "../../shared/protocol.ts";
import { textOf } from "../../shared/values.ts";
import { signedPayload } from "./signed-token.ts";

/** How far ahead the relay's clock may be before it has to go by our `Date` header, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** What a token has to be for. */
export interface Expected {
  readonly cluster: string;
  /** `<origin>/v1/<cluster>`. */
  readonly audience: string;
  /** 43 characters of base64url each. */
  readonly publicKeys: readonly string[];
  readonly nowMs: number;
}

/** A relay that has shown who it is. */
export interface RelayIdentity {
  /** Thumbprint of its public key. */
  readonly key: string;
  readonly jti: string;
  /** From when on the token is refused anyway, wherever it is on its way, ms since the epoch. */
  readonly jtiExpiresMs: number;
}

const claimsSchema = z.object({
  iss: z.literal("relay"),
  sub: z.string(),
  aud: z.string(),
  iat: z.int(),
  exp: z.int(),
  jti: textOf(1, 128),
});
type Claims = z.infer<typeof claimsSchema>;

/** The relay that a token stands for, or undefined. */
export async function verifyRelayToken(token: string, expected: Expected): Promise<RelayIdentity | undefined> {
  for (const publicKey of expected.publicKeys) {
    const claims = claimsSchema.safeParse(await signedPayload(token, "EdDSA", jwkFor(publicKey))).data;
    if (claims !== undefined && isFor(claims, expected) && isFresh(claims, expected.nowMs)) {
      const jtiExpiresMs = (claims.exp + CLOCK_TOLERANCE_SECONDS) * 1000;
      return { key: await thumbprintOf(publicKey), jti: claims.jti, jtiExpiresMs };
    }
  }
  return undefined;
}

function isFor({ sub, aud }: Claims, { cluster, audience }: Expected): boolean {
  return sub === cluster && aud === audience;
}

// A token may be dated ahead by no more than the tolerance; it is over with its `exp`.
function isFresh({ iat, exp }: Claims, nowMs: number): boolean {
  const nowSeconds = nowMs / 1000;
  const lives = exp > iat && exp - iat <= MAX_JWT_SECONDS;
  return lives && iat <= nowSeconds + CLOCK_TOLERANCE_SECONDS && exp > nowSeconds;
}

// The members that the thumbprint of such a key is made of, in its order: RFC 7638 section 3.2, RFC 8037 section 2.
function jwkFor(publicKey: string): { crv: string; kty: string; x: string } {
  return { crv: "Ed25519", kty: "OKP", x: publicKey };
}

async function thumbprintOf(publicKey: string): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(jwkFor(publicKey)));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
