import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type DecideBy, decideByProblem, roleFor } from "../../../../relay/commands/check/role.ts";

const RULES = "    rules:\n";
const REQUESTS = "      - {resources: [access_request], verbs: [list, read]}\n";
const UPDATED_REQUESTS = "      - {resources: [access_request], verbs: [list, read, update]}\n";
const PLUGIN_DATA = "      - {resources: [access_plugin_data], verbs: [update]}\n";
const LOGINS = "    logins: [pagerduty-relay]\n";

function role(version: string, ...allow: readonly string[]): string {
  const head = `kind: role\nversion: ${version}\nmetadata: {name: pagerduty-relay}\nspec:\n  allow:\n`;
  return head + allow.join("");
}

describe("roleFor", () => {
  it.each([
    ["4.2.8", "state", role("v3", LOGINS, RULES, UPDATED_REQUESTS)],
    ["6.0.3", "state", role("v3", LOGINS, RULES, UPDATED_REQUESTS)],
    ["6.2.0", "state", role("v3", LOGINS, RULES, UPDATED_REQUESTS, PLUGIN_DATA)],
    ["7.0.0-beta.1", "state", role("v3", LOGINS, RULES, UPDATED_REQUESTS, PLUGIN_DATA)],
    ["18.0.0", "state", role("v7", RULES, UPDATED_REQUESTS, PLUGIN_DATA)],
    ["v18.2.1", "state", role("v7", RULES, UPDATED_REQUESTS, PLUGIN_DATA)],
    ["a version that nobody can read", "state", role("v7", RULES, UPDATED_REQUESTS, PLUGIN_DATA)],
    ["6.2.0", "review", role("v3", LOGINS, RULES, REQUESTS, PLUGIN_DATA, "    review_requests: {roles: ['*']}\n")],
    ["18.0.0", "review", role("v7", RULES, REQUESTS, PLUGIN_DATA, "    review_requests: {roles: ['*']}\n")],
    [
      "18.11.0",
      "review_on_behalf",
      role("v7", RULES, REQUESTS, PLUGIN_DATA, "    review_requests: {roles: ['*'], submit_for_users: ['*']}\n"),
    ],
  ] as const)("writes the role for %s and %s", (version, decideBy, expected) => {
    expect(roleFor({ version, decideBy })).toBe(expected);
  });

  it("is what the documents show", () => {
    const document = readFileSync(new URL("../../../../docs/install.md", import.meta.url), "utf8");
    expect(document).toContain(`\`\`\`yaml\n${roleFor({ version: "18.0.0", decideBy: "state" })}\`\`\``);
  });
});

describe("decideByProblem", () => {
  it.each<[string, DecideBy, string | null]>([
    ["4.2.8", "state", null],
    ["6.0.9", "review", 'decide_by = "review" needs Teleport 6.1'],
    ["6.1.0", "review", null],
    ["18.2.0", "review_on_behalf", 'decide_by = "review_on_behalf" needs Teleport 18.11'],
    ["18.11.0", "review_on_behalf", null],
    ["19.0.0", "review_on_behalf", null],
    ["unknown", "review_on_behalf", null],
  ])("judges %s with %s", (version, decideBy, problem) => {
    const found = decideByProblem({ version, decideBy });
    if (problem === null) expect(found).toBeNull();
    else expect(found).toContain(problem);
  });
});
