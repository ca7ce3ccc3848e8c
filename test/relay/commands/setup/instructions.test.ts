import { describe, expect, it } from "vitest";
import { commandFor, instructionsFor } from "../../../../relay/commands/setup/instructions.ts";
import { readOrder } from "../../../../relay/commands/setup/order.ts";

const ARGS = ["--edge", "https://edge.example.com", "--cluster", "c.example.com"];

function orderIn(directory: string, ...more: string[]) {
  return readOrder([...ARGS, ...more, "--out", directory], { PAGERDUTY_API_KEY: "key" });
}

describe("what goes where", () => {
  it("gives commands that a shell takes as they are meant", () => {
    const order = orderIn("/home/o'neil/my secrets", "--account", "--service", "PA", "PB");
    expect(commandFor(order, "finish")).toBe(
      "teleport-pagerduty setup --edge https://edge.example.com --cluster c.example.com --account --service PA --service PB --out '/home/o'\\''neil/my secrets' --finish",
    );
  });

  it("gives the installed service its secrets as credentials of systemd", () => {
    const text = instructionsFor({
      order: orderIn("/home/admin", "--service", "PA"),
      webhookFile: "/home/admin/webhook.secrets",
      actionFile: "/home/admin/action.tokens",
      secretsFile: "/home/admin/secrets.json",
      next: null,
    });
    expect(text).toContain(
      "sudo install -D -m 0600 /home/admin/action.tokens /etc/credstore/teleport-pagerduty.action.tokens",
    );
    expect(text).toContain("sudo systemctl try-restart teleport-pagerduty");
  });

  it("installs nothing that lies where the relay reads it", () => {
    const directory = "/var/lib/teleport/plugins/pagerduty";
    const text = instructionsFor({
      order: orderIn(directory, "--service", "PA"),
      webhookFile: `${directory}/webhook.secrets`,
      actionFile: null,
      secretsFile: `${directory}/secrets.json`,
      next: null,
    });
    expect(text).toContain("They are where it reads them.");
    expect(text).not.toMatch(/install|action|3\./);
  });
});
