import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { subjectFor } from "../../../relay/identity/subject.ts";
import { COMMON_NAME, certificatePemFor, type NamePart, ORGANIZATION } from "../../fakes/teleport/certificate.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const CLUSTER = { oid: "1.3.9999.1.7", values: ["leaf.example.com"] };
const ISSUER = [{ oid: ORGANIZATION, values: ["root.example.com"] }];
const USER = { oid: COMMON_NAME, values: ["plugin"] };

function certificate(subject: readonly NamePart[], issuer: readonly NamePart[]): X509Certificate {
  const notBefore = new Date("2026-01-01");
  const notAfter = new Date("2027-01-01");
  const rest = { notBefore, notAfter, publicKey, signingKey: privateKey, isAuthority: false, dnsNames: [] };
  return new X509Certificate(certificatePemFor({ subject, issuer, ...rest }));
}

describe("subjectFor", () => {
  it.each<[string, readonly NamePart[], readonly NamePart[], object]>([
    [
      "the cluster of the extension",
      [USER, CLUSTER],
      ISSUER,
      { user: "plugin", roles: [], cluster: "leaf.example.com" },
    ],
    ["the cluster of the issuer, as before 5.0", [USER], ISSUER, { cluster: "root.example.com" }],
    ["no cluster when none is named", [USER], [USER], { cluster: null }],
    ["one role", [USER, { oid: ORGANIZATION, values: ["a"] }], ISSUER, { roles: ["a"] }],
    ["several roles", [USER, { oid: ORGANIZATION, values: ["a", "b"] }], ISSUER, { roles: ["a", "b"] }],
    ["a role with a comma and an umlaut", [{ oid: ORGANIZATION, values: ["ä, b"] }], ISSUER, { roles: ["ä, b"] }],
    ["nobody", [], ISSUER, { user: "", roles: [] }],
  ])("reads %s", (_, subject, issuer, expected) => {
    expect(subjectFor(certificate(subject, issuer))).toMatchObject(expected);
  });
});
