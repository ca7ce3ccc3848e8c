import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../../relay/commands/command-line.ts";
import { run } from "./run.ts";

describe("completion", () => {
  it.each(["bash", "zsh", "fish"])("tells %s every command and every option", async (shell) => {
    const { status, stdout } = await run(["completion", shell]);
    expect(status).toBe(0);
    for (const [name, { options }] of commands) {
      expect(stdout).toContain(name);
      for (const option of Object.keys(options))
        expect(stdout).toContain(shell === "fish" ? `-l ${option} ` : `--${option}`);
    }
  });

  it.each([[[]], [["tcsh"]], [["bash", "more"]]])("exits with 2 on %j", async (args) => {
    const { status, stdout, stderr } = await run(["completion", ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("Usage: teleport-pagerduty completion bash");
  });

  it.each(["zsh", "fish"])("is a script that %s can read (skipped where there is none)", async (shell) => {
    const file = join(mkdtempSync(join(tmpdir(), "completion-")), "script");
    writeFileSync(file, (await run(["completion", shell])).stdout);
    const { error, status, stderr } = spawnSync(shell, ["-n", file], { encoding: "utf8" });
    if (error === undefined) expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe("in bash", () => {
  let script: string;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "completion-"));
    script = join(folder, "script");
    writeFileSync(script, (await run(["completion", "bash"])).stdout);
    writeFileSync(join(folder, "old.toml"), "");
  });

  /** What bash offers behind some words, the last of which is being typed. */
  function offered(...words: string[]): string[] {
    const typed = ["teleport-pagerduty", ...words].map((word) => `'${word}'`).join(" ");
    const program = `source ${script}; compopt() { :; }
COMP_WORDS=(${typed}) COMP_CWORD=${words.length}; _teleport_pagerduty; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", program], { encoding: "utf8", cwd: folder });
    expect(stderr).toBe("");
    return stdout.split("\n").filter((line) => line !== "");
  }

  it.each([
    [["st"], ["start", "status"]],
    [
      ["check", "--"],
      ["--config", "--json", "--help"],
    ],
    [["completion", "z"], ["zsh"]],
    [["audit", "v"], ["verify"]],
    [["setup", "--edge", ""], []],
    [["check", "-c", "old"], ["old.toml"]],
    [["migrate", "o"], ["old.toml"]],
    [["audit", "verify", "o"], ["old.toml"]],
    [["fly", ""], []],
  ])("offers behind %j %j", (words, offers) => {
    expect(offered(...words)).toEqual(offers);
  });
});
