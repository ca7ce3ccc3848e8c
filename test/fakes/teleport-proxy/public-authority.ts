// A certificate authority that browsers would trust, for the web addresses of stand-ins. `trust` makes this process trust
// it; another process does by NODE_EXTRA_CA_CERTS.

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { CertificateAndKey } from "../teleport/authority.ts";
import { COMMON_NAME, certificatePemFor } from "../teleport/certificate.ts";

const DAY_MS = 86_400_000;

export class PublicAuthority {
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  /** PEM. */
  readonly certificate = this.#sign("Public Web CA", this.#keys.publicKey, []);

  /** A server certificate for these host names. */
  issue(...dnsNames: string[]): CertificateAndKey {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    return { certificate: this.#sign(dnsNames[0] ?? "", publicKey, dnsNames), key };
  }

  /** Lets this process trust it as it trusts the authorities of the web; undone by what it returns. */
  trust(): () => void {
    const before = getCACertificates("default");
    setDefaultCACertificates([...before, this.certificate]);
    return () => setDefaultCACertificates(before);
  }

  #sign(name: string, publicKey: KeyObject, dnsNames: string[]): string {
    return certificatePemFor({
      issuer: [{ oid: COMMON_NAME, values: ["Public Web CA"] }],
      subject: [{ oid: COMMON_NAME, values: [name] }],
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + DAY_MS),
      publicKey,
      signingKey: this.#keys.privateKey,
      isAuthority: dnsNames.length === 0,
      dnsNames,
    });
  }
}
