/** The systemd unit, judged by systemd's own tools, which need no running systemd. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CREDENTIAL_PREFIX, CREDENTIALS } from "../../relay/systemd/provided.ts";

const UNIT = fileURLToPath(new URL("../../relay/install/files/teleport-pagerduty.service", import.meta.url));
const text = readFileSync(UNIT, "utf8");

/** The greatest exposure that is allowed, of 10. */
const MAX_EXPOSURE = 2.0;

function analyze(...args: string[]) {
  return spawnSync("systemd-analyze", args, { encoding: "utf8" });
}
const hasAnalyze = analyze("--version").status === 0;

describe("the unit", () => {
  it.skipIf(!hasAnalyze)("is exposed by no more than 2.0 (skipped without systemd-analyze)", () => {
    const threshold = `--threshold=${MAX_EXPOSURE * 10}`;
    const { status, stdout, stderr } = analyze("security", "--offline=true", "--no-pager", threshold, UNIT);
    expect(stderr).toBe("");
    const exposure = Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure).toBeGreaterThan(0);
    expect(exposure).toBeLessThanOrEqual(MAX_EXPOSURE);
    expect(status).toBe(0);
  });

  it.skipIf(!hasAnalyze)("is verified without a complaint (skipped without systemd-analyze)", () => {
    const copy = join(mkdtempSync(join(tmpdir(), "unit-")), "teleport-pagerduty.service");
    writeFileSync(copy, text.replace("ExecStart=/usr/bin/teleport-pagerduty", `ExecStart=${process.execPath}`));
    const { status, stdout, stderr } = analyze("verify", "--man=no", copy);
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
  });

  it("hands over each credential that the relay looks for, under the name that it looks for", () => {
    const credentials = [...text.matchAll(/^LoadCredential=(.*)$/gm)].map(([, value]) => value);
    expect(credentials).toEqual(Object.values(CREDENTIALS).map((name) => `${name}:${CREDENTIAL_PREFIX}${name}`));
  });

  it("is believed for what its own process says alone", () => {
    expect(text).toMatch(/^Type=notify$/m);
    expect(text).toMatch(/^WatchdogSec=\d+$/m);
    expect(text).not.toMatch(/^NotifyAccess=/m);
  });
});
