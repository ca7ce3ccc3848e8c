/**
 * Whom a Teleport certificate names: user, roles, cluster, from its subject as Teleport encodes them. Only reads: whether
 * the certificate is any good is not asked here.
 */
import type { X509Certificate } from "node:crypto";
import * as z from "zod";

export interface CertificateSubject {
  /** CN; empty when there is none. */
  readonly user: string;
  /** O, which has one value a role. */
  readonly roles: readonly string[];
  /** Teleport's own extension (5.0 and later), else the issuing authority's O; null when neither says. */
  readonly cluster: string | null;
}

/** Teleport's object identifier for the cluster that issued a certificate. */
const CLUSTER_OID = "1.3.9999.1.7";

const valuesSchema = z
  .union([z.string().transform((value) => [value]), z.array(z.string())])
  .optional()
  .transform((values) => values ?? []);

const certificateSchema = z.object({
  subject: z.object({ CN: valuesSchema, O: valuesSchema, [CLUSTER_OID]: valuesSchema }),
  issuer: z.object({ O: valuesSchema }),
});

/** The subject of a certificate; what it does not name is empty. Never throws. */
export function subjectFor(certificate: X509Certificate): CertificateSubject {
  const parsed = certificateSchema.safeParse(certificate.toLegacyObject());
  if (!parsed.success) return { user: "", roles: [], cluster: null };
  const { subject, issuer } = parsed.data;
  return {
    user: subject.CN[0] ?? "",
    roles: subject.O,
    cluster: subject[CLUSTER_OID][0] ?? issuer.O[0] ?? null,
  };
}
