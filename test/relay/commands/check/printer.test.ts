import { describe, expect, it } from "vitest";
import { jsonPrinter, linePrinter } from "../../../../relay/commands/check/printer.ts";
import type { Terminal } from "../../../../relay/commands/command.ts";

const RESULTS = [
  { name: "config", ok: true, detail: "It can be used." },
  {
    name: "edge",
    ok: false,
    detail: "one two three four five six seven eight nine ten\u001b[2J",
    role: "kind: role\n",
  },
];

function printed(printer: typeof linePrinter, terminal: Partial<Terminal> = {}): string {
  let text = "";
  const stdout = (more: string): void => {
    text += more;
  };
  const { take, end } = printer({ stdout, stderr() {}, env: {}, signal: new AbortController().signal, ...terminal });
  for (const result of RESULTS) take(result);
  end();
  return text;
}

describe("the results of check", () => {
  it("are one line each for a program, without colours, then the role that mends them", () => {
    expect(printed(linePrinter)).toBe(
      `ok    config                       It can be used.
FAIL  edge                         one two three four five six seven eight nine ten\\u{1b}[2J

The role that has what is missing, for \`tctl create -f\`:

kind: role
`,
    );
  });

  it("are wrapped below themselves on a terminal, in colours, and counted", () => {
    const text = printed(linePrinter, { isTerminal: true, width: 76 });
    expect(text).toContain("\u001b[31mFAIL\u001b[39m");
    expect(text).toContain("one two three four five six seven eight\n                                   nine ten");
    expect(text).toContain("1 ok");
    expect(text).toContain("1 to mend");
  });

  it("have no colours on a terminal where NO_COLOR is set", () => {
    expect(printed(linePrinter, { isTerminal: true, env: { NO_COLOR: "1" } })).not.toContain("\u001b");
  });

  it("are one array of JSON for whoever asks for it", () => {
    expect(JSON.parse(printed(jsonPrinter))).toEqual(RESULTS);
  });
});
