import { describe, expect, it } from "vitest";
import { clusterSecretsIn, edgeSecretsText, parseEdgeSecrets } from "../../../../relay/commands/setup/edge-secrets.ts";

const GATE = "a-gate-token-of-sixteen";

describe("secrets.json", () => {
  it("is one line, the same for the same secrets, and keeps every other cluster where it was", () => {
    const before = parseEdgeSecrets("f", '{"a":{"api_key":"1"},"b":{"api_key":"2"},"__proto__":{"api_key":"3"}}');
    const text = edgeSecretsText(before, "a", { gate_token: GATE, odd: 1, api_key: "4" });
    expect(text).toBe(
      `{"a":{"api_key":"4","gate_token":"${GATE}","odd":1},"b":{"api_key":"2"},"__proto__":{"api_key":"3"}}\n`,
    );
    const again = parseEdgeSecrets("f", text);
    expect(edgeSecretsText(again, "a", clusterSecretsIn("f", again, "a"))).toBe(text);
  });

  it("has nothing for a cluster that it does not name, whatever the name", () => {
    expect(clusterSecretsIn("f", parseEdgeSecrets("f", undefined), "constructor")).toEqual({});
    expect(clusterSecretsIn("f", parseEdgeSecrets("f", " \n"), "a")).toEqual({});
  });

  it.each([
    ["text", "secrets"],
    ["null", "null"],
    ["a depth to get lost in", "[".repeat(100_000)],
  ])("is refused when it is %s", (_, text) => {
    expect(() => parseEdgeSecrets("the-file", text)).toThrow("the-file is not a JSON object");
  });

  it("names every key that is wrong, and no value", () => {
    const secrets = parseEdgeSecrets(
      "f",
      '{"c":{"gate_token":"short","action_tokens":{"approve":"brief"},"api_key":7}}',
    );
    const read = (): unknown => clusterSecretsIn("f", secrets, "c");
    for (const key of ["c.gate_token", "c.action_tokens.approve", "c.action_tokens.deny", "c.api_key"])
      expect(read).toThrow(key);
    expect(read).not.toThrow(/short|brief/);
  });
});
