/** The relay's JWT at the edge's door, against a reference that uses no library for it. */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import fc from "fast-check";
import { verifyRelayToken } from "../../../edge/routes/relay-token.ts";
import { MAX_JWT_SECONDS } from "../../../shared/protocol.ts";
import { property, type Target } from "../target.ts";
import { mutatedText } from "../values/bytes.ts";
import { mutatedJsonText } from "../values/json.ts";
import { hostileText } from "../values/text.ts";

const NOW = 1_800_000_000;
const CLUSTER = "teleport.example.com";
const AUDIENCE = `https://edge.example.com/v1/${CLUSTER}`;
const RIGHT = { iss: "relay", sub: CLUSTER, aud: AUDIENCE, iat: NOW, exp: NOW + 60, jti: "0123456789abcdef" };
const HEADER = { alg: "EdDSA", typ: "JWT" };

/** How far ahead a relay's clock may be, in seconds. */
const TOLERANCE_SECONDS = 5;

const relay = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");
const publicKeyOf = (key: KeyObject): string => createPublicKey(key).export({ format: "jwk" }).x ?? "";
const PUBLIC_KEYS = [publicKeyOf(relay.privateKey)];

function tokenOf(header: string, claims: string, key: KeyObject = relay.privateKey): string {
  const signed = [header, claims].map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
}

const headers = fc.oneof(
  fc
    .constantFrom(
      HEADER,
      { alg: "none" },
      { alg: "HS256" },
      { alg: "Ed25519" },
      { alg: "eddsa" },
      { alg: ["EdDSA"] },
      { alg: "EdDSA", crit: ["b64"], b64: false },
      { alg: "EdDSA", crit: ["exp"], exp: 1 },
      { alg: "EdDSA", jwk: publicJwkOf(stranger.privateKey) },
      {},
    )
    .map((header) => JSON.stringify(header)),
  mutatedJsonText([HEADER]),
);
const moment = fc.integer({ min: NOW - 70, max: NOW + 70 });
const claims = fc.oneof(
  fc.constant(JSON.stringify(RIGHT)),
  mutatedJsonText([RIGHT]),
  fc.record({ iat: moment, exp: moment }).map((times) => JSON.stringify({ ...RIGHT, ...times })),
  mutatedText([JSON.stringify(RIGHT)], 2),
);
const keys = fc.constantFrom(relay.privateKey, relay.privateKey, stranger.privateKey);
const token = fc.oneof(
  fc.tuple(fc.constant(JSON.stringify(HEADER)), claims, keys).map(([header, each, key]) => tokenOf(header, each, key)),
  fc.tuple(headers, claims).map(([header, each]) => tokenOf(header, each)),
  mutatedText([tokenOf(JSON.stringify(HEADER), JSON.stringify(RIGHT))], 2),
  hostileText,
);

function publicJwkOf(key: KeyObject): unknown {
  return createPublicKey(key).export({ format: "jwk" });
}

const ask = (text: string) =>
  verifyRelayToken(text, { cluster: CLUSTER, audience: AUDIENCE, publicKeys: PUBLIC_KEYS, nowMs: NOW * 1000 });

/** Whether it is signed by the relay as EdDSA, for this cluster and audience, and of this minute. */
function isGood(text: string): boolean {
  const [header = "", payload = "", signature = "", ...more] = text.split(".");
  const bytes = Buffer.from(signature, "base64url");
  if (more.length > 0 || !verify(null, Buffer.from(`${header}.${payload}`), relay.publicKey, bytes)) return false;
  const [protects, says] = [header, payload].map((part): unknown =>
    JSON.parse(Buffer.from(part, "base64url").toString("utf8")),
  );
  if (typeof says !== "object" || says === null || Reflect.get(Object(protects), "alg") !== "EdDSA") return false;
  const { iss, sub, aud, iat, exp, jti } = { ...RIGHT, iss: "", sub: "", aud: "", iat: 0, exp: 0, jti: "", ...says };
  const isOurs = iss === "relay" && sub === CLUSTER && aud === AUDIENCE && jti.length > 0;
  const isShort = exp > iat && exp - iat <= MAX_JWT_SECONDS;
  return isOurs && isShort && iat <= NOW + TOLERANCE_SECONDS && exp > NOW;
}

export const tokens: Target = {
  name: "tokens",
  about: "the relay's JWT",
  properties: () => [
    property(
      "opens the link only when it is the relay's, for this cluster, and of this minute",
      token,
      async (text) => {
        const found = await ask(text);
        if (found === undefined) return;
        assert(isGood(text), "a token was taken that is not good");
        assert(found.jti.length >= 1 && found.jti.length <= 128 && found.jtiExpiresMs > NOW * 1000);
      },
      { cost: 4 },
    ),
    property(
      "every token that a relay signs opens the link, for as long as it lives",
      fc.record({ at: fc.integer({ min: -TOLERANCE_SECONDS, max: 59 }), jti: fc.uuid() }),
      async ({ at, jti }) => {
        const text = tokenOf(
          JSON.stringify(HEADER),
          JSON.stringify({ ...RIGHT, iat: NOW - at, exp: NOW - at + 60, jti }),
        );
        assert.equal((await ask(text))?.jti, jti);
      },
      { cost: 10 },
    ),
  ],
};
