import { describe, expect, it } from "vitest";
import { parseWebhookSecrets, webhookSecretsText } from "../../../../relay/commands/setup/webhook-secrets-file.ts";

const HELD = [
  { id: "PNEW", scope: { kind: "account" }, gateMark: "0123456789abcdef", secret: "the-newest-of-the-secrets=" },
  { id: "POLD", scope: { kind: "service", id: "PSVC" }, gateMark: "fedcba9876543210", secret: "an-older-secret-+/" },
] as const;

describe("webhook.secrets", () => {
  it("reads back what it wrote, in the same order", () => {
    const text = webhookSecretsText("teleport.example.com", HELD, ["put-there-by-hand"]);
    expect(parseWebhookSecrets(text)).toEqual({
      cluster: "teleport.example.com",
      held: HELD,
      strays: ["put-there-by-hand"],
    });
  });

  it.each([
    ["nothing", "", [], []],
    [
      "a file by hand",
      "# mine\n  one-secret-of-sixteen  \n\ntwo-secret-of-sixteen\r\n",
      [],
      ["one-secret-of-sixteen", "two-secret-of-sixteen"],
    ],
    ["a label without a secret", "# subscription PA of account, gate 0123456789abcdef\n# end\nsecret", [], ["secret"]],
    ["a label that is cut", "# subscription PA of account, gate 0123\nsecret", [], ["secret"]],
    ["one label for two lines", "# subscription PA of account, gate 0123456789abcdef\none\ntwo", ["PA"], ["two"]],
  ])("understands %s", (_, text, ids, strays) => {
    const read = parseWebhookSecrets(text);
    expect([read.held.map(({ id }) => id), read.strays]).toEqual([ids, strays]);
  });
});
