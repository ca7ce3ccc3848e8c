import { createPublicKey } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { signToken } from "../../../relay/link/json-web-token.ts";
import { generateRelayKey, readRelayKey } from "../../../relay/link/relay-key.ts";

const { pem, publicKey } = generateRelayKey();
const file = join(mkdtempSync(join(tmpdir(), "relay-key-")), "relay.key");
writeFileSync(file, pem, { mode: 0o600 });

const CLAIMS = {
  origin: "https://edge.example.com",
  cluster: "teleport.example.com",
  issuedAtMs: Date.UTC(2026, 0, 1) + 999,
  id: "once",
};

describe("signToken", () => {
  it("makes a token that the public key alone can verify", async () => {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
    const options = { currentDate: new Date(CLAIMS.issuedAtMs), algorithms: ["EdDSA"] };
    const { payload } = await jwtVerify(signToken(readRelayKey(file), CLAIMS), key, options);
    const issuedAt = Date.UTC(2026, 0, 1) / 1000;
    expect(payload).toEqual({
      iss: "relay",
      aud: "https://edge.example.com/v1/teleport.example.com",
      sub: "teleport.example.com",
      iat: issuedAt,
      exp: issuedAt + 60,
      jti: "once",
    });
  });
});

describe("the relay's key", () => {
  it("is known by 43 characters of base64url, the same whenever it is read", () => {
    expect(publicKey).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(readRelayKey(file).publicKey).toBe(publicKey);
    expect(generateRelayKey().publicKey).not.toBe(publicKey);
  });

  it.each([
    ["is absent", "absent.key", undefined, "does not exist"],
    ["holds no key", "text.key", "hello", "is not an Ed25519 private key"],
    ["is cut short", "torn.key", pem.slice(0, 60), "is not an Ed25519 private key"],
  ])("is a plain fault when its file %s", (_, name, text, sentence) => {
    const path = join(file, "..", name);
    if (text !== undefined) writeFileSync(path, text);
    expect(() => readRelayKey(path)).toThrow(sentence);
  });
});
