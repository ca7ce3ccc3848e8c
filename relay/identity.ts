/**
 * Who the relay is to Teleport: a certificate and its key, and the authorities that it trusts, read from the files of tctl
 * or tbot. Whatever is wrong with them is found here, before a connection is tried with them. It only reads, and never
 * keeps what it has read.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { IdentityError } from "./identity/error.ts";
import { type PemBlock, pemBlocksIn } from "./identity/pem.ts";
import { type IdentitySource, type Layout, layoutOf, mendFor } from "./identity/source.ts";
import { subjectFor } from "./identity/subject.ts";

/** Credentials that hold together and had not expired when they were read. Texts are PEM. */
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
 * Reads credentials and checks that they are whole, of one pair, and not over at `nowMs` (milliseconds since the epoch).
 * Throws {@link IdentityError}. Reading again is how a renewal is picked up; a fault then means to keep what there was.
 */
export async function readIdentity(source: IdentitySource, nowMs: number): Promise<Identity> {
  const layout = await layoutOf(source);
  const parts = layout.kind === "files" ? await readFiles(layout) : await readIdentityFile(layout);
  const { certificate, key, authorities } = parts;
  const x509 = certificateFor(certificate, layout);
  for (const authority of authorities) certificateFor(authority, layout);
  const subject = subjectFor(x509);
  if (!isKeyOf(x509, key, layout)) {
    throw new IdentityError(
      "mismatch",
      key.file,
      `is not the key of ${certificate.file}`,
      mendFor(layout, subject.user),
    );
  }
  const notBeforeMs = Date.parse(x509.validFrom);
  const expiresMs = Date.parse(x509.validTo);
  // One that begins later than now shows a clock that is behind, ours or Teleport's; Teleport judges it by its own.
  if (!(expiresMs > nowMs)) {
    throw new IdentityError("expired", certificate.file, `expired ${x509.validTo}`, mendFor(layout, subject.user));
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

async function readFiles(layout: Extract<Layout, { kind: "files" }>): Promise<Parts> {
  const { certificateFile, keyFile, authoritiesFile } = layout;
  const [certificate, second] = (await readParts(certificateFile, layout)).filter(isCertificate);
  const key = (await readParts(keyFile, layout)).find(isKey);
  const authorities = (await readParts(authoritiesFile, layout)).filter(isCertificate);
  if (certificate === undefined) throw without("no_certificate", certificateFile, layout);
  if (second !== undefined) {
    const mend = "Leave only the first in it: Teleport refuses a client that sends two.";
    throw new IdentityError("two_certificates", certificateFile, "holds more than one certificate", mend);
  }
  if (key === undefined) throw without("no_key", keyFile, layout);
  if (authorities.length === 0) throw without("no_authority", authoritiesFile, layout);
  return { key, certificate, authorities };
}

// Its order decides, as in Teleport's own reader: first the key, then our certificate, then the authorities.
async function readIdentityFile(layout: Extract<Layout, { kind: "identity_file" }>): Promise<Parts> {
  const { file } = layout;
  const [key, ...rest] = await readParts(file, layout);
  if (key === undefined || !isKey(key)) throw without("no_key", file, layout);
  const [certificate, ...authorities] = rest.filter(isCertificate);
  if (certificate === undefined) throw without("no_certificate", file, layout);
  if (authorities.length === 0) throw without("no_authority", file, layout);
  return { key, certificate, authorities };
}

async function readParts(file: string, layout: Layout): Promise<Part[]> {
  const blocks = pemBlocksIn(await readText(file, layout));
  if (blocks === undefined) {
    const mend = `If it is not being written just now: ${mendFor(layout)}`;
    throw new IdentityError("unfinished", file, "breaks off in the middle of a PEM block", mend);
  }
  return blocks.map((block) => ({ ...block, file }));
}

async function readText(file: string, layout: Layout): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= MAX_FILE_BYTES) return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT") throw new IdentityError("missing", file, "does not exist", mendFor(layout));
    const mend = "See that the relay's user may read it.";
    throw new IdentityError("unreadable", file, `cannot be read (${code})`, mend);
  }
  throw new IdentityError("unreadable", file, "is too large to be what it should be", mendFor(layout));
}

function isCertificate({ label }: PemBlock): boolean {
  return label === "CERTIFICATE";
}

function isKey({ label }: PemBlock): boolean {
  return label.endsWith("PRIVATE KEY");
}

function certificateFor({ text, file }: Part, layout: Layout): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new IdentityError("unreadable", file, "holds a certificate that is none", mendFor(layout));
  }
}

function isKeyOf(certificate: X509Certificate, { text, file }: Part, layout: Layout): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(text));
  } catch {
    throw new IdentityError("unreadable", file, "holds a private key that cannot be used", mendFor(layout));
  }
}

const ABSENT = {
  no_key: "holds no private key where it should",
  no_certificate: "holds no certificate for TLS",
  no_authority: "holds no certificate authority to trust",
} as const;

function without(fault: keyof typeof ABSENT, file: string, layout: Layout): IdentityError {
  return new IdentityError(fault, file, ABSENT[fault], mendFor(layout));
}
