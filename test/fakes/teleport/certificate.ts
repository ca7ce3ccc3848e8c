// An X.509 certificate from its parts (RFC 5280), in the few dozen lines of DER that takes. For stand-ins only: it
// checks nothing, so that certificates may be written that a real authority would refuse.

import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";

/** One relative distinguished name: an attribute's OID and its values, several of which make one multi-valued set. */
export interface NamePart {
  readonly oid: string;
  readonly values: readonly string[];
}

/** What a certificate says. Keys are RSA or P-256; the signature is by SHA-256. */
export interface CertificateParts {
  readonly issuer: readonly NamePart[];
  readonly subject: readonly NamePart[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  /** May sign certificates, and nothing else. */
  readonly isAuthority: boolean;
  readonly dnsNames: readonly string[];
}

/** OIDs of the attributes of a name. */
export const COMMON_NAME = "2.5.4.3";
export const ORGANIZATION = "2.5.4.10";
export const SERIAL_NUMBER = "2.5.4.5";

const TAG = { integer: 2, bits: 3, octets: 4, oid: 6, utf8: 12, generalizedTime: 24, sequence: 48, set: 49 } as const;
const TRUE = Buffer.from([1, 1, 255]);
const NULL = Buffer.from([5, 0]);
const KEY_USAGE_CERT_SIGN = Buffer.from([3, 2, 1, 0x06]);
const KEY_USAGE_SIGN_AND_ENCIPHER = Buffer.from([3, 2, 5, 0xa0]);
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** The certificate as PEM, with a random serial number and a trailing line break. */
export function certificatePemFor(parts: CertificateParts): string {
  const algorithm = signatureAlgorithmFor(parts.signingKey);
  const body = der(
    TAG.sequence,
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, randomSerial()),
    algorithm,
    nameFor(parts.issuer),
    der(TAG.sequence, timeFor(parts.notBefore), timeFor(parts.notAfter)),
    nameFor(parts.subject),
    parts.publicKey.export({ format: "der", type: "spki" }),
    der(0xa3, der(TAG.sequence, ...extensionsFor(parts))),
  );
  const signature = der(TAG.bits, Buffer.from([0]), sign("sha256", body, parts.signingKey));
  const base64 = der(TAG.sequence, body, algorithm, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function extensionsFor(parts: CertificateParts): Buffer[] {
  const basic = der(TAG.sequence, parts.isAuthority ? TRUE : Buffer.alloc(0));
  const keyId = createHash("sha1")
    .update(parts.publicKey.export({ format: "der", type: "spki" }))
    .digest();
  const extensions = [
    extensionFor("2.5.29.19", true, basic),
    extensionFor("2.5.29.15", true, parts.isAuthority ? KEY_USAGE_CERT_SIGN : KEY_USAGE_SIGN_AND_ENCIPHER),
    extensionFor("2.5.29.14", false, der(TAG.octets, keyId)),
  ];
  if (!parts.isAuthority) {
    extensions.push(extensionFor("2.5.29.37", false, der(TAG.sequence, oidFor(SERVER_AUTH), oidFor(CLIENT_AUTH))));
  }
  if (parts.dnsNames.length > 0) {
    const names = parts.dnsNames.map((name) => der(0x82, Buffer.from(name)));
    extensions.push(extensionFor("2.5.29.17", false, der(TAG.sequence, ...names)));
  }
  return extensions;
}

function extensionFor(oid: string, critical: boolean, value: Buffer): Buffer {
  return der(TAG.sequence, oidFor(oid), ...(critical ? [TRUE] : []), der(TAG.octets, value));
}

function nameFor(parts: readonly NamePart[]): Buffer {
  const sets = parts.map(({ oid, values }) => {
    const attributes = values.map((value) => der(TAG.sequence, oidFor(oid), der(TAG.utf8, Buffer.from(value))));
    return der(TAG.set, ...attributes.sort(Buffer.compare));
  });
  return der(TAG.sequence, ...sets);
}

function signatureAlgorithmFor(key: KeyObject): Buffer {
  return key.asymmetricKeyType === "rsa"
    ? der(TAG.sequence, oidFor("1.2.840.113549.1.1.11"), NULL)
    : der(TAG.sequence, oidFor("1.2.840.10045.4.3.2"));
}

function timeFor(date: Date): Buffer {
  // GeneralizedTime throughout: RFC 5280 wants UTCTime before 2050, and every reader takes both.
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:T]/g, "");
  return der(TAG.generalizedTime, Buffer.from(digits));
}

function oidFor(oid: string): Buffer {
  const [first = 0, second = 0, ...rest] = oid.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) {
      groups.unshift((left & 0x7f) | 0x80);
    }
    return groups;
  });
  return der(TAG.oid, Buffer.from(bytes));
}

/** 126 random bits; the leading 01 keeps the number positive and of one length. */
function randomSerial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length;
  if (length < 0x80) {
    return Buffer.concat([Buffer.from([tag, length]), content]);
  }
  const head = length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
