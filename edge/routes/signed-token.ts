/**
 * A token in JWS compact serialisation, which is what a signed JWT is: its payload, once the one key and the one algorithm
 * that the caller expects have signed it. What the token says of its own algorithm is compared and never followed, and a
 * header that calls for an extension is refused. Never throws, whatever the token is.
 * Sources: RFC 7515 sections 3.1, 4.1.11 and 5.2, RFC 8037 section 3.1 (EdDSA), RFC 7518 section 3.3 (RS256).
 */
import { verify } from "hono/utils/jwt/jwt";

// Three parts of base64url without padding, of which two begin a JSON object without further ado: the library's decoder
// takes other alphabets, white space, padding and byte order marks too.
const COMPACT = /^e[\w-]+\.e[\w-]+\.[\w-]+$/;

/** Until when a token is good is for the caller to judge, by a clock and a tolerance of its own. */
const WHENEVER = { exp: false, iat: false, nbf: false };

/** The payload of a token that a public key has signed; undefined for any other token. */
export async function signedPayload(token: string, alg: "EdDSA" | "RS256", publicKey: JsonWebKey): Promise<unknown> {
  if (!COMPACT.test(token)) return undefined;
  try {
    return await verify(token, publicKey, { alg, ...WHENEVER });
  } catch {
    return undefined;
  }
}
