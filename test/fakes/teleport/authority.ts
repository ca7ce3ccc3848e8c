// The stand-in cluster's two certificate authorities, as Teleport has them: the host CA signs the Auth Service, the user
// CA signs those who call it. Issues certificates with the names that real servers were seen to use, expired and not
// yet valid ones too. Its keys live in memory only and protect nothing.

import { generateKeyPair, type KeyObject, randomInt } from "node:crypto";
import { promisify } from "node:util";
import { COMMON_NAME, certificatePemFor, type NamePart, ORGANIZATION, SERIAL_NUMBER } from "./certificate.ts";

/** A key pair's algorithm: `rsa` as 4.2.8 to 7.0 use it (PKCS#1 PEM), `ec` (P-256, PKCS#8) for a fast start. */
export type KeyKind = "rsa" | "ec";

/** A certificate and its key, both PEM. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

/** Three PEM texts, as `tctl auth sign --format=tls` writes them: one leaf, its key, the host CA and no other. */
export interface IssuedIdentity extends CertificateAndKey {
  readonly cas: string;
}

/** What a certificate says of its holder, and for how long. */
export interface IdentityRequest {
  readonly user: string;
  readonly roles: readonly string[];
  /** From now. Defaults to 12 hours, as `tctl auth sign` does. Negative: it has expired. */
  readonly ttlSeconds?: number;
  /** Defaults to a minute before now, or before its end if that is earlier. */
  readonly notBefore?: Date;
  /** OID 1.3.9999.1.7; defaults to the cluster's own name. */
  readonly cluster?: string;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

interface Issuer extends KeyPair {
  readonly name: readonly NamePart[];
  readonly certificate: string;
}

const OID_CLUSTER = "1.3.9999.1.7";
const DEFAULT_TTL_SECONDS = 12 * 3600;
const CA_TTL_MS = 10 * 365 * 86_400_000;
const CLOCK_SLACK_MS = 60_000;

const generate = promisify(generateKeyPair);

/** Both authorities of one cluster. Each `create` makes a fresh pair, foreign to every other. */
export class Authority {
  readonly clusterName: string;
  readonly #keyKind: KeyKind;
  #host: Issuer;
  /** The host CA before the last rotation; still told to callers, as during a rotation. */
  #hostBefore: Issuer | undefined;
  readonly #user: Issuer;

  private constructor(clusterName: string, keyKind: KeyKind, host: Issuer, user: Issuer) {
    this.clusterName = clusterName;
    this.#keyKind = keyKind;
    this.#host = host;
    this.#user = user;
  }

  static async create(clusterName: string, keyKind: KeyKind): Promise<Authority> {
    const [host, user] = await Promise.all([createIssuer(clusterName, keyKind), createIssuer(clusterName, keyKind)]);
    return new Authority(clusterName, keyKind, host, user);
  }

  /** PEM of the host CA: what a client trusts. Two certificates after a rotation. */
  get hostCa(): string {
    return this.#host.certificate + (this.#hostBefore?.certificate ?? "");
  }

  /** Puts a new host CA in place, which signs from here on. */
  async rotateHost(): Promise<void> {
    this.#hostBefore = this.#host;
    this.#host = await createIssuer(this.clusterName, this.#keyKind);
  }

  /** PEM of the user CA: what the server trusts in its callers. */
  get userCa(): string {
    return this.#user.certificate;
  }

  /** The Auth Service's certificate. No IP address and no `localhost` among its names, as observed. */
  async issueServer(nodeName: string): Promise<CertificateAndKey> {
    return issue(this.#host, this.#keyKind, {
      subject: [
        { oid: ORGANIZATION, values: ["Auth"] },
        { oid: COMMON_NAME, values: [`${nodeName}.${this.clusterName}`] },
      ],
      notBefore: new Date(Date.now() - CLOCK_SLACK_MS),
      notAfter: new Date(Date.now() + CA_TTL_MS),
      dnsNames: [nodeName, "*.teleport.cluster.local", "teleport.cluster.local"],
    });
  }

  /** A user's certificate: CN is the user, O the roles in one set, and the cluster under its own OID. */
  async issueIdentity(request: IdentityRequest): Promise<IssuedIdentity> {
    const notAfter = new Date(Date.now() + (request.ttlSeconds ?? DEFAULT_TTL_SECONDS) * 1000);
    const notBefore = request.notBefore ?? new Date(Math.min(Date.now(), notAfter.getTime()) - CLOCK_SLACK_MS);
    const roles = request.roles.length > 0 ? [{ oid: ORGANIZATION, values: request.roles }] : [];
    const subject = [
      ...roles,
      { oid: COMMON_NAME, values: [request.user] },
      { oid: OID_CLUSTER, values: [request.cluster ?? this.clusterName] },
    ];
    const issued = await issue(this.#user, this.#keyKind, { subject, notBefore, notAfter, dnsNames: [] });
    return { ...issued, cas: this.hostCa };
  }
}

async function createIssuer(clusterName: string, keyKind: KeyKind): Promise<Issuer> {
  const keys = await generateKeys(keyKind);
  const name = [
    { oid: ORGANIZATION, values: [clusterName] },
    { oid: COMMON_NAME, values: [clusterName] },
    // Keeps a rotated CA apart from the one before it, as Teleport does.
    { oid: SERIAL_NUMBER, values: [String(randomInt(2 ** 47))] },
  ];
  const certificate = certificatePemFor({
    issuer: name,
    subject: name,
    notBefore: new Date(Date.now() - CLOCK_SLACK_MS),
    notAfter: new Date(Date.now() + CA_TTL_MS),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    isAuthority: true,
    dnsNames: [],
  });
  return { ...keys, name, certificate };
}

interface Leaf {
  readonly subject: readonly NamePart[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly dnsNames: readonly string[];
}

async function issue(issuer: Issuer, keyKind: KeyKind, leaf: Leaf): Promise<CertificateAndKey> {
  const keys = await generateKeys(keyKind);
  const certificate = certificatePemFor({
    ...leaf,
    issuer: issuer.name,
    publicKey: keys.publicKey,
    signingKey: issuer.privateKey,
    isAuthority: false,
  });
  const type = keyKind === "rsa" ? "pkcs1" : "pkcs8";
  return { certificate, key: keys.privateKey.export({ format: "pem", type }).toString() };
}

async function generateKeys(keyKind: KeyKind): Promise<KeyPair> {
  return keyKind === "rsa" ? generate("rsa", { modulusLength: 2048 }) : generate("ec", { namedCurve: "P-256" });
}
