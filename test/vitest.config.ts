/** Two projects: what runs in Node, and what runs inside workerd. */
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { Response } from "miniflare";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What needs workerd, or stands so close to it that only there it is what it is. The edge's other parts run anywhere. */
const IN_WORKERD = ["test/edge/{cluster,config,routes,whole-life,worker}.test.ts", "test/edge/routes/*.test.ts"];

export default defineConfig({
  root,
  test: {
    globalSetup: "test/temporary-folder.ts",
    // The edge logs every refusal; only a failing test's log is worth reading.
    silent: "passed-only",
    projects: [
      {
        root,
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: IN_WORKERD,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        plugins: [
          cloudflareTest({
            main: "./edge/worker.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // Nothing leaves the machine.
              outboundService: () => new Response(null, { status: 503 }),
              bindings: {
                // One plain cluster; tests that want more bring their own environment.
                CLUSTERS: JSON.stringify({
                  "teleport.example.com": {
                    // The example key of RFC 8037.
                    relay_public_keys: ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
                    service_id: "PIJ90N7",
                    user_email: "teleport-bot@example.com",
                  },
                }),
                CLUSTER_SECRETS: JSON.stringify({
                  "teleport.example.com": {
                    api_key: "a-key-that-no-account-has",
                    webhook_secrets: ["fixture-only-NOT-A-REAL-SECRET+r4nd0m/Ymx1ZWJlcnJ5LXBpZS0wMQ=="],
                    admin_token: "the-admin-token-of-the-tests",
                  },
                }),
              },
            },
          }),
        ],
        test: { name: "workerd", include: IN_WORKERD, testTimeout: 60_000 },
      },
    ],
  },
});
