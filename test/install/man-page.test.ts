import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commands } from "../../relay/commands/command-line.ts";
import { configKeys } from "../../relay/config/keys.ts";
import { configurationManual, programManual } from "../../relay/install/man-page.ts";

const EDITION = { version: "1.2.3", date: "2026-11-22" };
const program = programManual(commands, EDITION);
const configuration = configurationManual(configKeys(), EDITION);

const groff = (page: string) =>
  spawnSync("groff", ["-man", "-Tutf8", "-Kutf8", "-ww"], { input: page, encoding: "utf8" });
const hasGroff = spawnSync("groff", ["--version"]).status === 0;

describe("the manual pages", () => {
  it("tell every command with its options", () => {
    for (const [name, { options }] of commands) {
      const part = program.split(`.SS ${name}\n`)[1]?.split("\n.S")[0] ?? "";
      for (const option of Object.keys(options)) expect(part).toContain(`\\-\\-${option.replaceAll("-", "\\-")}`);
    }
  });

  it("tell every key of the configuration with its default", () => {
    for (const { name, section } of configKeys()) {
      const part = configuration.split(`.SH [${section}]\n`)[1]?.split("\n.SH")[0] ?? "";
      expect(part).toContain(`\\fB${name}\\fR\n`);
    }
    expect(configuration).toContain('Default: "localhost:3025"');
  });

  it.skipIf(!hasGroff).each([
    ["teleport-pagerduty(1)", program],
    ["teleport-pagerduty.toml(5)", configuration],
  ])("%s is what roff understands (skipped without groff)", (_, page) => {
    const { status, stdout, stderr } = groff(page);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.length).toBeGreaterThan(1000);
  });
});
