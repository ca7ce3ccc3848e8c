// An identity on disk in the two layouts that Teleport writes: the triple of `tctl auth sign --format=tls`, and the
// identity file of `--format=file` and tbot. The SSH certificate in the latter only looks like one.

import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { IssuedIdentity } from "./authority.ts";

/** Absolute paths of what was written. */
export interface IdentityPaths {
  readonly directory: string;
  readonly certificate: string;
  readonly key: string;
  readonly cas: string;
  readonly identity: string;
}

// Length-prefixed key type, then zeros: enough for a reader that looks at the line's first word or first field.
const SSH_CERT_TYPE = "ssh-rsa-cert-v01@openssh.com";

/** Writes `auth.crt`, `auth.key`, `auth.cas` and `identity` (0600) into `directory`, each replaced in one step. */
export async function writeIdentity(directory: string, issued: IssuedIdentity): Promise<IdentityPaths> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const paths: IdentityPaths = {
    directory,
    certificate: join(directory, "auth.crt"),
    key: join(directory, "auth.key"),
    cas: join(directory, "auth.cas"),
    identity: join(directory, "identity"),
  };
  await replace(paths.certificate, issued.certificate);
  await replace(paths.key, issued.key);
  await replace(paths.cas, issued.cas);
  await replace(paths.identity, identityFileFor(issued));
  return paths;
}

/**
 * Writes what tbot's output `identity` holds for TLS: `tlscert`, `key` and `teleport-host-ca.crt`, and the file `identity`
 * unless it is left out. Each is replaced in one step.
 */
export async function writeTbotDirectory(
  directory: string,
  issued: IssuedIdentity,
  { identityFile = true }: { readonly identityFile?: boolean } = {},
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replace(join(directory, "tlscert"), issued.certificate);
  await replace(join(directory, "key"), issued.key);
  await replace(join(directory, "teleport-host-ca.crt"), issued.cas);
  await replace(join(directory, "teleport-user-ca.crt"), issued.cas);
  await replace(join(directory, "known_hosts"), "");
  if (identityFile) await replace(join(directory, "identity"), identityFileFor(issued));
}

/** The text of an identity file: key, SSH certificate, TLS certificate, a known host, TLS authorities. */
export function identityFileFor(issued: IssuedIdentity): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(SSH_CERT_TYPE.length);
  const blob = Buffer.concat([length, Buffer.from(SSH_CERT_TYPE), Buffer.alloc(256)]).toString("base64");
  const sshCertificate = `${SSH_CERT_TYPE} ${blob}\n`;
  const knownHost = `@cert-authority *.teleport.cluster.local ssh-rsa ${blob.slice(0, 64)} type=host\n`;
  return [issued.key, sshCertificate, issued.certificate, knownHost, issued.cas].join("");
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
