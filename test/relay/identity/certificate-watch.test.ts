import { describe, expect, it } from "vitest";
import { CertificateWatch } from "../../../relay/identity/certificate-watch.ts";
import type { IdentitySource } from "../../../relay/identity/source.ts";
import type { Identity } from "../../../relay/identity.ts";
import { createLogger } from "../../../shared/log.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const SOURCE: IdentitySource = {
  kind: "files",
  certificateFile: "/c/auth.crt",
  keyFile: "/c/auth.key",
  authoritiesFile: "/c/auth.cas",
};

function identity(notBeforeMs: number, expiresMs: number): Identity {
  const texts = { key: "k", certificate: "c", authorities: ["a"] };
  return { ...texts, user: "plugin", roles: [], cluster: null, notBeforeMs, expiresMs };
}

function watching(first: Identity, { refresh = true } = {}) {
  const lines: string[] = [];
  const log = createLogger({
    severity: "info",
    format: "text",
    now: () => 0,
    write: (line) => lines.push(line.slice(25)),
  });
  return { lines, watch: new CertificateWatch({ source: SOURCE, refresh, log }, first) };
}

const MEND = "Issue it again: `tctl auth sign --format=tls --user=plugin --out=/c/auth`.";

describe("CertificateWatch", () => {
  it("warns once a week ahead, once a day ahead, and says once that the certificate has expired", async () => {
    const { lines, watch } = watching(identity(0, 30 * DAY_MS));
    const concerns: (string | null)[] = [];
    for (let hour = 0; hour <= 31 * 24; hour++) concerns.push(await watch.check(hour * HOUR_MS));
    expect(lines).toEqual([
      `WARN  The relay's Teleport certificate ends within 7 days. ${MEND} user=plugin ends=1970-01-31T00:00:00.000Z`,
      `WARN  The relay's Teleport certificate ends within 24 hours. ${MEND} user=plugin ends=1970-01-31T00:00:00.000Z`,
      `ERROR The relay's Teleport certificate has expired: Teleport accepts no new connection with it. ${MEND} user=plugin ends=1970-01-31T00:00:00.000Z`,
    ]);
    expect(concerns.filter((concern) => concern === null)).toHaveLength(23 * 24);
  });

  it("tells at the start what is nearest, and nothing of what that passed over", async () => {
    const { lines, watch } = watching(identity(0, 30 * DAY_MS));
    await watch.check(30 * DAY_MS - HOUR_MS);
    await watch.check(30 * DAY_MS - HOUR_MS + 1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("within 24 hours");
  });

  it("is silent about a short life until its last quarter, and begins anew with the next certificate", async () => {
    const { lines, watch } = watching(identity(0, HOUR_MS));
    expect(await watch.check(HOUR_MS / 2)).toBeNull();
    expect(watch.isNearEnd(HOUR_MS / 2)).toBe(false);
    expect(await watch.check(0.9 * HOUR_MS)).toContain("last quarter of its life");
    expect(watch.isNearEnd(0.9 * HOUR_MS)).toBe(true);
    watch.use(identity(HOUR_MS, 2 * HOUR_MS));
    expect(await watch.check(1.2 * HOUR_MS)).toBeNull();
    await watch.check(1.9 * HOUR_MS);
    expect(lines).toHaveLength(2);
  });

  it("says that a restart is needed when renewed files are not picked up", async () => {
    const { lines, watch } = watching(identity(0, HOUR_MS), { refresh: false });
    await watch.check(HOUR_MS);
    expect(lines[0]).toContain("Then restart the relay, because refresh_identity is false.");
  });
});
