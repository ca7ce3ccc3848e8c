/**
 * A token in JWS compact serialisation, which is what a signed JWT is: its payload, once the one key and the one algorithm
 * that the caller expects have signed it. What the token says of its own algorithm is compared and never followed. Never
 * throws, whatever the token is.
 * Sources: RFC 7515 sections 3.1 and 5.2, RFC 8037 section 3.1 (EdDSA), RFC 7518 section 3.3 (RS256).
 */
import * as z from "zod/mini";
import { fromBase64Url, parseJsonBytes } from "../../shared/bytes.ts";

/** What WebCrypto calls the algorithms that tokens may be signed with. */
const ALGORITHM = {
  EdDSA: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
} as const;

// A header that calls for an extension is refused: none is understood here (RFC 7515 section 4.1.11).
const headerSchema = z.object({ alg: z.string(), crit: z.optional(z.unknown()) });

/** The payload of a token that a public key has signed; undefined for any other token. */
export async function signedPayload(
  token: string,
  alg: keyof typeof ALGORITHM,
  publicKey: JsonWebKey,
): Promise<unknown> {
  const parts = token.split(".");
  const [header, payload, signature] = parts.map(fromBase64Url);
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) return undefined;
  const said = headerSchema.safeParse(parseJsonBytes(header)).data;
  if (said?.alg !== alg || said.crit !== undefined) return undefined;
  const signed = new TextEncoder().encode(token.slice(0, token.lastIndexOf(".")));
  const isSigned = await isSignedBy(publicKey, ALGORITHM[alg], signature, signed);
  return isSigned ? parseJsonBytes(payload) : undefined;
}

async function isSignedBy(
  publicKey: JsonWebKey,
  algorithm: (typeof ALGORITHM)[keyof typeof ALGORITHM],
  signature: Uint8Array,
  signed: Uint8Array,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("jwk", publicKey, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, key, signature, signed);
  } catch {
    // 32 bytes need not be a point on the curve.
    return false;
  }
}
