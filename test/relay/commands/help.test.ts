import { describe, expect, it } from "vitest";
import { commands } from "../../../relay/commands/command-line.ts";
import { helpFor, programHelp } from "../../../relay/commands/help.ts";

const WIDTH = 100;

describe("help", () => {
  it.each([...commands])(
    "of %s has its usage, every option with its meaning, and no line too wide",
    (name, command) => {
      const help = helpFor(name, command);
      for (const form of command.usage) expect(help).toContain(`teleport-pagerduty ${name} ${form}`.trimEnd());
      for (const [option, { meaning }] of Object.entries(command.options)) {
        expect(help).toContain(`--${option}`);
        expect(help.replace(/\s+/g, " ")).toContain(meaning);
      }
      expect(help).toContain("-h, --help");
      const prose = help.split("\n").filter((line) => !/^( {2}|Usage: | {7})teleport-pagerduty/.test(line));
      expect(prose.filter(({ length }) => length > WIDTH)).toEqual([]);
      expect(help).toMatch(/[^\n]\n$/);
    },
  );

  it("of the program has every command in one column", () => {
    const lines = programHelp(commands).split("\n");
    const at = [...commands].map(([name, { summary }]) =>
      lines.find((line) => line.startsWith(`  ${name} `))?.indexOf(summary),
    );
    expect(new Set(at).size).toBe(1);
  });

  it("keeps examples that follow each other together", () => {
    const about = ["Two ways:", "  one", "  two"];
    const help = helpFor("x", { summary: "", usage: [""], about, options: {}, run: async () => 0 });
    expect(help).toContain("Usage: teleport-pagerduty x\n\nTwo ways:\n\n  one\n  two\n\nOptions:\n");
  });
});
