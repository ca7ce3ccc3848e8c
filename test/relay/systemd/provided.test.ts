import { describe, expect, it } from "vitest";
import { providedBySystemd } from "../../../relay/systemd/provided.ts";

const only =
  (...paths: string[]) =>
  (path: string): boolean =>
    paths.includes(path);

describe("what systemd provides", () => {
  it("is the credentials of the unit that are there, and a place in its state directory", () => {
    const env = { CREDENTIALS_DIRECTORY: "/run/credentials/x", STATE_DIRECTORY: "/var/lib/x" };
    const there = only("/run/credentials/x/relay.key", "/run/credentials/x/webhook.secrets");
    expect(providedBySystemd(env, there)).toEqual({
      keyFile: "/run/credentials/x/relay.key",
      webhookSecretsFile: "/run/credentials/x/webhook.secrets",
      auditLog: "/var/lib/x/audit.jsonl",
    });
  });

  it("is, beside the running service, what the service has", () => {
    const there = only(
      "/run/credentials/teleport-pagerduty.service/relay.key",
      "/etc/credstore/teleport-pagerduty.relay.key",
      "/etc/credstore/teleport-pagerduty.action.tokens",
    );
    expect(providedBySystemd({}, there)).toEqual({
      keyFile: "/run/credentials/teleport-pagerduty.service/relay.key",
      actionTokensFile: "/etc/credstore/teleport-pagerduty.action.tokens",
    });
  });

  it("is nothing where there is no service, and none of the host's for a process with credentials of its own", () => {
    expect(providedBySystemd({}, only())).toEqual({});
    const env = { CREDENTIALS_DIRECTORY: "/run/credentials/x" };
    expect(providedBySystemd(env, only("/etc/credstore/teleport-pagerduty.relay.key"))).toEqual({});
  });
});
