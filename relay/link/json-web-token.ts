/**
 * The token that opens the link: a JWT (RFC 7519) signed with the relay's Ed25519 key (EdDSA, RFC 8037). It lives for at
 * most a minute and is good for one connection; it travels in a header and is never logged.
 */
import { MAX_JWT_SECONDS } from "../../shared/protocol.ts";
import type { RelayKey } from "./relay-key.ts";

export interface TokenClaims {
  /** The edge's origin, as PUBLIC_URL names it there. */
  readonly origin: string;
  readonly cluster: string;
  /** The time that the token is dated by, milliseconds since the epoch. */
  readonly issuedAtMs: number;
  /** Never used before. */
  readonly id: string;
}

const HEADER = part({ alg: "EdDSA", typ: "JWT" });

/** A signed token, good for {@link MAX_JWT_SECONDS} from the time that it is dated by. */
export function signToken(key: RelayKey, { origin, cluster, issuedAtMs, id }: TokenClaims): string {
  const issuedAt = Math.floor(issuedAtMs / 1000);
  const claims = {
    iss: "relay",
    aud: `${origin}/v1/${cluster}`,
    sub: cluster,
    iat: issuedAt,
    exp: issuedAt + MAX_JWT_SECONDS,
    jti: id,
  };
  const signed = `${HEADER}.${part(claims)}`;
  return `${signed}.${Buffer.from(key.sign(Buffer.from(signed))).toString("base64url")}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
