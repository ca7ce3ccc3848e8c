/**
 * What the tests of `setup` stand on: the stand-in PagerDuty, an edge that only judges who may come in, a folder, and the
 * command line itself.
 */
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandLine } from "../../../../relay/commands/command-line.ts";
import { parseWebhookSecrets } from "../../../../relay/commands/setup/webhook-secrets-file.ts";
import { FakePagerDuty } from "../../../fakes/pagerduty.ts";

export const CLUSTER = "teleport.example.com";
export const SERVICE = "PSVC0A1";
export const API_KEY = "setup-test-account-key";

/** How one run ended. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An edge as it stands at its door: 401 for the wrong gate token, 503 for a signature it does not know, else 202. */
class Door {
  url = "";
  /** What is deployed; null: nothing. */
  secrets: { webhook_secrets: string[]; gate_token: string; action_tokens?: Record<string, string> } | null = null;
  readonly #server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(this.#judge(request.url ?? "", request.headers, Buffer.concat(chunks))).end();
  });

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (typeof address === "object" && address !== null) this.url = `http://127.0.0.1:${address.port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #judge(path: string, headers: NodeJS.Dict<string | string[]>, body: Buffer): number {
    if (this.secrets === null) return 401;
    const action = /^\/v1\/teleport\.example\.com\/actions\/(approve|deny)$/.exec(path)?.[1];
    if (action !== undefined) return headers["x-action-token"] === this.secrets.action_tokens?.[action] ? 202 : 401;
    if (path !== `/v1/${CLUSTER}/webhook`) return 404;
    if (headers["x-gate-token"] !== this.secrets.gate_token) return 401;
    const macs = this.secrets.webhook_secrets.map((key) => createHmac("sha256", key).update(body).digest("hex"));
    return macs.some((mac) => headers["x-pagerduty-signature"] === `v1=${mac}`) ? 202 : 503;
  }
}

/** One test's surroundings. */
export class Setting {
  readonly pagerDuty: FakePagerDuty;
  readonly edge: Door;
  /** The environment of every run. */
  readonly env: Record<string, string>;
  readonly directory = mkdtempSync(join(tmpdir(), "relay-setup-"));

  private constructor(pagerDuty: FakePagerDuty, edge: Door) {
    this.pagerDuty = pagerDuty;
    this.edge = edge;
    this.env = { PAGERDUTY_API_KEY: API_KEY, PAGERDUTY_API_URL: pagerDuty.url };
  }

  static async open(): Promise<Setting> {
    const pagerDuty = await FakePagerDuty.start({ retryDelayMs: () => 20 });
    pagerDuty.addUser({ id: "PBOB001", name: "Bob Birch", email: "bob@example.com" });
    pagerDuty.addEscalationPolicy({ id: "PPOLICY", name: "Access", levels: [["PBOB001"]] });
    pagerDuty.addService({ id: SERVICE, name: "Teleport access", policyId: "PPOLICY" });
    pagerDuty.credentials.addAccountKey(API_KEY);
    return new Setting(pagerDuty, await new Door().open());
  }

  async close(): Promise<void> {
    await Promise.all([this.pagerDuty.stop(), this.edge.close()]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Runs `setup` for the service, with more arguments. */
  run(...more: string[]): Promise<Ran> {
    return this.runWith("--service", SERVICE, ...more);
  }

  /** Runs `setup` with arguments of the test's own beside edge, cluster and folder. */
  async runWith(...more: string[]): Promise<Ran> {
    let stdout = "";
    let stderr = "";
    const status = await runCommandLine(
      ["setup", "--edge", this.edge.url, "--cluster", CLUSTER, "--out", this.directory, ...more],
      {
        stdout: (text) => {
          stdout += text;
        },
        stderr: (text) => {
          stderr += text;
        },
        signal: new AbortController().signal,
        env: this.env,
      },
    );
    return { status, stdout, stderr };
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /** The cluster's secrets as they are in the edge's file. */
  secrets() {
    return JSON.parse(this.read("secrets.json"))[CLUSTER];
  }

  /** Puts the edge's file where the edge reads it. */
  deploy(): void {
    this.edge.secrets = this.secrets();
  }

  /** Everything that must not be printed. */
  everySecret(): string[] {
    const { webhook_secrets, gate_token, action_tokens, admin_token } = this.secrets();
    return [API_KEY, gate_token, admin_token, ...Object.values<string>(action_tokens ?? {}), ...webhook_secrets];
  }

  get subscriptions() {
    return [...this.pagerDuty.account.subscriptions.values()];
  }

  get extensions() {
    return [...this.pagerDuty.account.extensions.values()];
  }

  /** Whether PagerDuty, the edge's file and the relay's agree about every secret; they had better. */
  agree(): boolean {
    const atPagerDuty = this.subscriptions.map(({ endpoint }) => endpoint.secrets[0]).sort();
    const { held, strays } = parseWebhookSecrets(this.read("webhook.secrets"));
    const atRelay = held.map(({ secret }) => secret).concat(strays);
    const same = (list: readonly string[]) => JSON.stringify([...list].sort()) === JSON.stringify(atPagerDuty);
    const { webhook_secrets, gate_token } = this.secrets();
    const gates = this.subscriptions.every(({ endpoint }) => endpoint.headers[0]?.value === gate_token);
    return same(atRelay) && same(webhook_secrets) && gates;
  }
}
