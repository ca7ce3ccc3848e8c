/** The edge's variables and secrets, from the local server's file to a cluster's configuration. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { clusterIn, type Env, faultsIn, readEdgeConfig } from "../../../edge/config.ts";
import { parseVars } from "../../../edge/serve/vars.ts";
import { property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedText } from "../values/bytes.ts";
import { mutatedJson, mutatedJsonText } from "../values/json.ts";
import { hostileText } from "../values/text.ts";

const CLUSTER = "teleport.example.com";
const CLUSTERS = {
  [CLUSTER]: {
    relay_public_keys: ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
    service_id: "PIJ90N7",
    user_email: "teleport-bot@example.com",
    region: "eu",
    urgency: "high",
    priority: "P1",
    retain_days: 30,
    access: { team: "", audience: "" },
  },
};
const SECRETS = {
  [CLUSTER]: {
    api_key: "canary-api-key",
    webhook_secrets: ["canary-webhook-secret-1"],
    gate_token: "canary-gate-token",
    action_tokens: { approve: "canary-approve-token", deny: "canary-deny-token" },
    admin_token: "canary-admin-token",
  },
};
const VARS = `# the edge's
CLUSTERS='${JSON.stringify(CLUSTERS)}'
CLUSTER_SECRETS=${JSON.stringify(SECRETS)}
PUBLIC_URL="https://edge.example.com" # where it is
`;

const bindings = fc.record({
  CLUSTERS: fc.oneof(mutatedJson([CLUSTERS]), mutatedJsonText([CLUSTERS])),
  CLUSTER_SECRETS: fc.oneof(mutatedJsonText([SECRETS]), mutatedText([JSON.stringify(SECRETS)])),
  PUBLIC_URL: fc.oneof(fc.constantFrom(undefined, "", "https://edge.example.com", 1), hostileText),
  PAGERDUTY_API_URL: fc.oneof(
    fc.constantFrom(undefined, "http://127.0.0.1:1", "https://api.pagerduty.com"),
    hostileText,
  ),
  RECONCILE_EVERY_SECONDS: fc.constantFrom(undefined, "", "1", "0", "1e9", -1),
});

/** Nothing asks an object here. */
const CLUSTER_NAMESPACE: Env["CLUSTER"] = {
  getByName: () => {
    throw new Error("no object is asked");
  },
};

export const edgeConfig: Target = {
  name: "edge-config",
  about: "the edge's variables and secrets",
  properties: () => [
    property("whatever the bindings are, a cluster is ready and closed, or faulty by name", bindings, (given) => {
      const config = readEdgeConfig({ CLUSTER: CLUSTER_NAMESPACE, ...given });
      assertUnpolluted();
      for (const name of [...config.clusters.keys(), CLUSTER, "__proto__", "constructor"]) {
        const reading = clusterIn(config, name);
        if (reading?.kind === "faulty") assert(reading.faults.length > 0);
        if (reading?.kind !== "ready") continue;
        const { webhookSecrets, gateToken, actionTokens, adminToken, relayPublicKeys, pagerDuty } = reading.config;
        assert(webhookSecrets.length > 0 || gateToken !== null);
        assert(
          relayPublicKeys.length > 0 && relayPublicKeys.every((key) => Buffer.from(key, "base64url").length === 32),
        );
        const secrets = [...webhookSecrets, gateToken, adminToken, actionTokens?.approve, actionTokens?.deny];
        assert(secrets.every((secret) => (secret ?? null) === null || (secret?.length ?? 0) >= 16));
        assert(
          pagerDuty.apiUrl === null || /^https?:\/\/(?:localhost|127\.[\d.]+|\[::1\])(?:[:/]|$)/.test(pagerDuty.apiUrl),
        );
      }
    }),
    property(
      "no fault tells a secret",
      fc.record({ CLUSTERS: mutatedJson([CLUSTERS]), CLUSTER_SECRETS: mutatedJsonText([SECRETS]) }),
      (given) => {
        const config = readEdgeConfig({ CLUSTER: CLUSTER_NAMESPACE, ...given });
        assert.doesNotMatch([...faultsIn(config), ...config.warnings].join("\n"), /canary/);
      },
    ),
    property("every mutation of a file of variables is read or has its faults named", mutatedText([VARS]), (text) => {
      const reading = parseVars(text);
      assertUnpolluted();
      if (reading.kind === "faulty") {
        assert(reading.faults.length > 0);
        for (const fault of reading.faults) assert.match(fault, /^line \d+: /);
        return;
      }
      readEdgeConfig({ CLUSTER: CLUSTER_NAMESPACE, ...Object.fromEntries(reading.vars) });
    }),
    property("a variable is what JSON in single quotes, or bare, says", mutatedJson([CLUSTERS, SECRETS]), (value) => {
      const json = JSON.stringify(value) ?? "";
      if (json === "" || /['"#\s]/.test(json.charAt(0)) || /['\u0085\u2028\u2029]|\s$/.test(json)) return;
      for (const line of [`CLUSTERS='${json}'`, ...(/^[[{]/.test(json) ? [`CLUSTERS=${json}`] : [])]) {
        const reading = parseVars(line);
        assert(reading.kind === "vars" && reading.vars.get("CLUSTERS") === json, line);
      }
    }),
  ],
};
