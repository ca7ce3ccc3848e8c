import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkCertificate } from "../../../../relay/commands/check/certificate.ts";
import { Authority } from "../../../fakes/teleport/authority.ts";
import { writeIdentity } from "../../../fakes/teleport/identity-files.ts";
import { collected } from "./collected.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "certificate-"));
});
afterAll(() => rm(directory, { recursive: true }));

/** What is said of a certificate that lives so long when so much of that is left. */
async function said(lifeMs: number, leftMs: number) {
  const authority = await Authority.create("teleport.example.com", "ec");
  const issued = await authority.issueIdentity({ user: "plugin", roles: ["plugin"], ttlSeconds: lifeMs / 1000 });
  const files = await writeIdentity(directory, issued);
  const source = { certificateFile: files.certificate, keyFile: files.key, authoritiesFile: files.cas };
  const endsMs = Date.now() + lifeMs;
  const [result] = await collected(checkCertificate({ kind: "files", ...source }, endsMs - leftMs));
  return result;
}

describe("the check of the certificate", () => {
  it.each([
    ["a long life, long from its end", 30 * DAY_MS, 20 * DAY_MS, true, false],
    ["a long life, a week ahead", 30 * DAY_MS, 6 * DAY_MS, true, true],
    ["a long life, a day ahead", 30 * DAY_MS, 23 * HOUR_MS, false, true],
    ["a short life", HOUR_MS, HOUR_MS / 2, true, false],
    ["a short life, in its last quarter", HOUR_MS, HOUR_MS / 8, false, true],
  ])("of %s", async (_, lifeMs, leftMs, isOk, saysHow) => {
    const result = await said(lifeMs, leftMs);
    expect(result).toMatchObject({ name: "certificate", ok: isOk });
    expect(result?.detail).toMatch(/^User plugin, roles plugin.*; ends \d{4}-/);
    expect(result?.detail.includes("tctl auth sign")).toBe(saysHow);
  });
});
