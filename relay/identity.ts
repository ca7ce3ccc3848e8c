/**
 * Who the relay is to Teleport: a certificate and its key, and the authorities that it trusts, read from the three files
 * of `tctl auth sign --format=tls` or from one identity file of tctl or tbot. Whatever is wrong with them is found here,
 * before a connection is tried with them. It only reads, and never keeps what it has read.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { IdentityError, type IdentityFault } from "./identity/error.ts";
import { type PemBlock, pemBlocksIn } from "./identity/pem.ts";
import { subjectFor } from "./identity/subject.ts";

/** Where the credentials are; absolute paths. */
export type IdentitySource =
  | {
      readonly kind: "files";
      readonly certificateFile: string;
      readonly keyFile: string;
      readonly authoritiesFile: string;
    }
  | { readonly kind: "identity_file"; readonly file: string };

/** Credentials that hold together and were valid when they were read. Texts are PEM. */
export interface Identity {
  /** PKCS#1, SEC 1 or PKCS#8. */
  readonly key: string;
  /** Exactly one certificate: Teleport refuses intermediaries. */
  readonly certificate: string;
  /** At least one, each one certificate. */
  readonly authorities: readonly string[];
  /** The Teleport user. */
  readonly user: string;
  readonly roles: readonly string[];
  /** The cluster that issued the certificate; null when it does not say. */
  readonly cluster: string | null;
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number;
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** Far more than any identity file: a bound against a wrong path. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads credentials and checks that they are whole, of one pair, and valid at `nowMs` (milliseconds since the epoch).
 * Throws {@link IdentityError}. Reading again is how a renewal is picked up; a fault then means to keep what there was.
 */
export async function readIdentity(source: IdentitySource, nowMs: number): Promise<Identity> {
  const parts = source.kind === "files" ? await readFiles(source) : await readIdentityFile(source);
  const { certificate, key, authorities } = parts;
  const x509 = certificateFor(certificate, source);
  for (const authority of authorities) certificateFor(authority, source);
  const subject = subjectFor(x509);
  if (!isKeyOf(x509, key, source)) {
    throw new IdentityError(
      "mismatch",
      key.file,
      `is not the key of ${certificate.file}`,
      mendFor(source, subject.user),
    );
  }
  const notBeforeMs = Date.parse(x509.validFrom);
  const expiresMs = Date.parse(x509.validTo);
  const untimely = (fault: IdentityFault, problem: string, mend: string): IdentityError =>
    new IdentityError(fault, certificate.file, problem, mend);
  if (!(expiresMs > nowMs)) throw untimely("expired", `expired ${x509.validTo}`, mendFor(source, subject.user));
  if (notBeforeMs > nowMs) {
    throw untimely(
      "not_yet_valid",
      `is not valid before ${x509.validFrom}`,
      "Check this machine's clock, then Teleport's.",
    );
  }
  const authorityTexts = authorities.map(({ text }) => text);
  return {
    key: key.text,
    certificate: certificate.text,
    authorities: authorityTexts,
    ...subject,
    notBeforeMs,
    expiresMs,
  };
}

/** A PEM block and the file that it is from. */
interface Part extends PemBlock {
  readonly file: string;
}

interface Parts {
  readonly key: Part;
  readonly certificate: Part;
  readonly authorities: readonly Part[];
}

async function readFiles(source: Extract<IdentitySource, { kind: "files" }>): Promise<Parts> {
  const { certificateFile, keyFile, authoritiesFile } = source;
  const [certificate, second] = (await readParts(certificateFile, source)).filter(isCertificate);
  const key = (await readParts(keyFile, source)).find(isKey);
  const authorities = (await readParts(authoritiesFile, source)).filter(isCertificate);
  if (certificate === undefined) throw without("no_certificate", certificateFile, source);
  if (second !== undefined) {
    const mend = "Leave only the first in it: Teleport refuses a client that sends two.";
    throw new IdentityError("two_certificates", certificateFile, "holds more than one certificate", mend);
  }
  if (key === undefined) throw without("no_key", keyFile, source);
  if (authorities.length === 0) throw without("no_authority", authoritiesFile, source);
  return { key, certificate, authorities };
}

// Its order decides, as in Teleport's own reader: first the key, then our certificate, then the authorities.
async function readIdentityFile(source: Extract<IdentitySource, { kind: "identity_file" }>): Promise<Parts> {
  const { file } = source;
  const [key, ...rest] = await readParts(file, source);
  if (key === undefined || !isKey(key)) throw without("no_key", file, source);
  const [certificate, ...authorities] = rest.filter(isCertificate);
  if (certificate === undefined) throw without("no_certificate", file, source);
  if (authorities.length === 0) throw without("no_authority", file, source);
  return { key, certificate, authorities };
}

async function readParts(file: string, source: IdentitySource): Promise<Part[]> {
  const blocks = pemBlocksIn(await readText(file, source));
  if (blocks === undefined) {
    const mend = `If it is not being written just now: ${mendFor(source)}`;
    throw new IdentityError("unfinished", file, "breaks off in the middle of a PEM block", mend);
  }
  return blocks.map((block) => ({ ...block, file }));
}

async function readText(file: string, source: IdentitySource): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= MAX_FILE_BYTES) return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT") throw new IdentityError("missing", file, "does not exist", mendFor(source));
    const mend = "See that the relay's user may read it.";
    throw new IdentityError("unreadable", file, `cannot be read (${code})`, mend);
  }
  throw new IdentityError("unreadable", file, "is too large to be what it should be", mendFor(source));
}

function isCertificate({ label }: PemBlock): boolean {
  return label === "CERTIFICATE";
}

function isKey({ label }: PemBlock): boolean {
  return label.endsWith("PRIVATE KEY");
}

function certificateFor({ text, file }: Part, source: IdentitySource): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new IdentityError("unreadable", file, "holds a certificate that is none", mendFor(source));
  }
}

function isKeyOf(certificate: X509Certificate, { text, file }: Part, source: IdentitySource): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(text));
  } catch {
    throw new IdentityError("unreadable", file, "holds a private key that cannot be used", mendFor(source));
  }
}

const ABSENT = {
  no_key: "holds no private key where it should",
  no_certificate: "holds no certificate for TLS",
  no_authority: "holds no certificate authority to trust",
} as const;

function without(fault: keyof typeof ABSENT, file: string, source: IdentitySource): IdentityError {
  return new IdentityError(fault, file, ABSENT[fault], mendFor(source));
}

function mendFor(source: IdentitySource, user = "…"): string {
  const isTriple = source.kind === "files";
  const out = isTriple ? source.certificateFile.replace(/\.crt$/, "") : source.file;
  return `Issue it again: tctl auth sign --format=${isTriple ? "tls" : "file"} --user=${user} --out=${out}`;
}
