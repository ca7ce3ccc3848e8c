/**
 * The relay's Ed25519 key, by which the edge knows it. The private half is made here, stays in its file (PKCS#8 PEM, mode
 * 0600) and is never printed; the public half is what goes into the edge's `relay_public_keys`.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";

export interface RelayKey {
  /** The 32 bytes of the public key, as 43 characters of base64url. */
  readonly publicKey: string;
  /** An Ed25519 signature, 64 bytes (RFC 8032). */
  sign(bytes: Uint8Array): Uint8Array;
}

/** The private key's file as text, and the public key that belongs to it. */
export interface GeneratedKey {
  readonly pem: string;
  readonly publicKey: string;
}

/** Makes a new key from this machine's randomness. */
export function generateRelayKey(): GeneratedKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), publicKey: publicKeyOf(privateKey) };
}

/**
 * Reads the relay's key.
 * @throws Error with one sentence that names the file, when it cannot be read or is no Ed25519 private key in PEM.
 */
export function readRelayKey(file: string): RelayKey {
  const key = privateKeyIn(readPem(file));
  if (key?.asymmetricKeyType !== "ed25519") {
    throw new Error(`${file} is not an Ed25519 private key in PEM; make one with \`teleport-pagerduty keygen\`.`);
  }
  return { publicKey: publicKeyOf(key), sign: (bytes) => sign(null, bytes, key) };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const problem = missing
      ? "does not exist; make it with `teleport-pagerduty keygen`"
      : "cannot be read by this user";
    throw new Error(`${file} ${problem}.`, { cause: error });
  }
}

function privateKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function publicKeyOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: "jwk" }).x ?? "";
}
