/**
 * Everything on one machine: a stand-in Teleport, a stand-in PagerDuty, the real Worker in workerd and the real relay as
 * processes of their own, configured as an admin would. The journeys, the demo and whatever else needs the whole are
 * played on it.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DecideBy } from "../../relay/commands/check/role.ts";
import { generateRelayKey } from "../../relay/link/relay-key.ts";
import { FakePagerDuty, type FakePagerDutyOptions } from "../fakes/pagerduty.ts";
import type { FakeTeleportOptions } from "../fakes/teleport/options.ts";
import { FakeTeleport } from "../fakes/teleport.ts";
import { Program } from "./program.ts";

export const CLUSTER = "teleport.example.com";
export const WEBHOOK_SECRET = "stage-webhook-secret-not-a-real-one";
export const ADMIN_TOKEN = "stage-admin-token-not-a-real-one";
export const GATE_TOKEN = "stage-gate-token-not-a-real-one";
export const ACTION_TOKENS = { approve: "stage-approve-token-0001", deny: "stage-deny-token-000002" } as const;
export const API_KEY = "stage-account-key";

/** The people of the stage. Alice asks; Bob is on call; Carol is neither. */
export const PEOPLE = {
  bot: { id: "PBOT001", name: "Teleport Bot", email: "teleport-bot@example.com" },
  alice: { id: "PALICE1", name: "Alice Ash", email: "alice@example.com" },
  bob: { id: "PBOB001", name: "Bob Birch", email: "bob@example.com" },
  carol: { id: "PCAROL1", name: "Carol Cedar", email: "carol@example.com" },
} as const;

export const SERVICE = "PIJ90N7";

export interface StageOptions {
  readonly teleport?: FakeTeleportOptions;
  readonly pagerDuty?: FakePagerDutyOptions;
  /** Lines that replace those of the relay's `[policy]`, by key. */
  readonly policy?: Readonly<Record<string, string>>;
  /** Lines that replace those of the relay's `[decisions]`, by key. */
  readonly decisions?: Readonly<Record<string, string>>;
  /** Variables of the edge beside those that it needs, by name. */
  readonly vars?: Readonly<Record<string, string>>;
  /** The relay's `teleport.decide_by`; default `state`. */
  readonly decideBy?: DecideBy;
  /** Puts something between the relay and Teleport; default nothing. */
  readonly between?: (teleport: FakeTeleport, directory: string) => Promise<Between>;
  /** The program that is run as a relay; default our source. */
  readonly relayProgram?: string;
  /** What is added to the relays' environment. */
  readonly relayEnv?: Readonly<Record<string, string>>;
  /** Default: everybody dials the other directly. */
  readonly detour?: Detour;
  /** The names of the relays that the edge knows, each by a key of its own; default one, `relay`. */
  readonly relays?: readonly string[];
  /** What replaces the cluster's secrets at the edge, by name; undefined leaves one out. */
  readonly secrets?: Readonly<Record<string, unknown>>;
}

/**
 * What somebody is to dial instead of the `host:port` of somebody else. A relay goes by its name. Asked each time that
 * somebody is started, and for PagerDuty when the subscription is made.
 */
export type Detour = (
  from: string,
  to: "the edge" | "Teleport" | "PagerDuty",
  address: string,
) => string | Promise<string>;

/** What stands between the relay and Teleport. */
export interface Between {
  /** What the relay is told as `teleport.addr`. */
  readonly address: string;
  /** What is added to the relay's environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => Promise<unknown>;
}

export class Stage {
  readonly teleport: FakeTeleport;
  readonly pagerDuty: FakePagerDuty;
  readonly directory: string;
  readonly #options: StageOptions;
  #edge: Program | undefined;
  #relay: Program | undefined;
  #edgeUrl = "";
  #between: Between | undefined;

  private constructor(teleport: FakeTeleport, pagerDuty: FakePagerDuty, directory: string, options: StageOptions) {
    this.teleport = teleport;
    this.pagerDuty = pagerDuty;
    this.directory = directory;
    this.#options = options;
  }

  /** Sets the stage and starts both halves; ready when the relay watches and is linked. */
  static async set(options: StageOptions = {}): Promise<Stage> {
    const stage = await Stage.empty(options);
    await stage.startEdge();
    await stage.subscribe();
    await stage.startRelay();
    return stage;
  }

  /** The stand-ins, the keys and the configuration, with neither half running. */
  static async empty(options: StageOptions = {}): Promise<Stage> {
    const teleport = await FakeTeleport.start({
      clusterName: CLUSTER,
      proxyPublicAddr: `${CLUSTER}:443`,
      ...options.teleport,
    });
    const pagerDuty = await FakePagerDuty.start({ retryDelayMs: () => 100, ...options.pagerDuty });
    const stage = new Stage(teleport, pagerDuty, await mkdtemp(join(tmpdir(), "teleport-pagerduty-")), options);
    stage.#between = await options.between?.(teleport, stage.directory);
    stage.#populate();
    await stage.#writeSecrets();
    return stage;
  }

  get edge(): Program {
    if (this.#edge === undefined) throw new Error("the edge is not running");
    return this.#edge;
  }

  get relay(): Program {
    if (this.#relay === undefined) throw new Error("the relay is not running");
    return this.#relay;
  }

  /** The edge's origin; the same after every restart. */
  get edgeUrl(): string {
    return this.#edgeUrl;
  }

  /** A path in the stage's folder. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Starts the edge, on the port that it had before if it had one. */
  async startEdge(): Promise<void> {
    const port = this.#edgeUrl === "" ? "0" : new URL(this.#edgeUrl).port;
    const args = ["--port", port, "--data", this.path("edge"), "--vars", this.path("edge.vars")];
    this.#edge = Program.start("the edge", "edge/serve/main.ts", args);
    const ready = await this.#edge.line(/^edge listening on /);
    this.#edgeUrl = ready.replace("edge listening on ", "");
  }

  /** Starts the relay and waits until it watches and is linked, in either order. */
  async startRelay(): Promise<Program> {
    const relay = await this.launchRelay("relay");
    this.#relay = relay;
    await Promise.all([relay.line(/Watcher connected/), relay.line(/Edge connected/)]);
    return relay;
  }

  /** Starts a relay with a configuration and an audit log of its own and waits for nothing; whoever asked ends it. */
  async launchRelay(name: string): Promise<Program> {
    const file = this.path(`${name}.toml`);
    await writeFile(file, await this.#relayConfig(name));
    const { relayProgram, relayEnv } = this.#options;
    const command = relayProgram === undefined ? [process.execPath, "relay/main.ts"] : [relayProgram];
    const [program = "", ...args] = [...command, "start", "-c", file];
    return Program.run("the relay", program, args, { ...this.#between?.env, ...relayEnv });
  }

  /** Everything ends, whatever state it is in, and nothing is left behind but the stage's folder, if that is to be kept. */
  async strike({ keepsFolder = false } = {}): Promise<void> {
    await Promise.all([this.#relay?.kill(), this.#edge?.kill()]);
    await Promise.all([this.pagerDuty.stop(), this.teleport.close(), this.#between?.stop()]);
    if (!keepsFolder) await rm(this.directory, { recursive: true, force: true });
  }

  /** A webhook delivery with an authentic signature and gate token, from outside PagerDuty. */
  post(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return fetch(`${this.#edgeUrl}/v1/${CLUSTER}${path}`, { method: "POST", body, headers });
  }

  #populate(): void {
    const { pagerDuty } = this;
    for (const person of Object.values(PEOPLE)) pagerDuty.addUser(person);
    pagerDuty.addEscalationPolicy({ id: "PPOLICY", name: "Access", levels: [[PEOPLE.bob.id]] });
    pagerDuty.addService({ id: SERVICE, name: "Teleport access", policyId: "PPOLICY" });
    pagerDuty.credentials.addAccountKey(API_KEY);
  }

  /** Has PagerDuty tell the edge of what happens on the service, and gives the service its buttons. */
  async subscribe(): Promise<void> {
    const { pagerDuty } = this;
    const edgeUrl = await this.#urlFor("PagerDuty", "the edge", this.#edgeUrl);
    pagerDuty.addSubscription({
      url: `${edgeUrl}/v1/${CLUSTER}/webhook`,
      events: [
        ...["annotated", "resolved", "acknowledged", "triggered", "reassigned", "reopened"],
        ...["workflow.started", "custom_field_values.updated"],
      ].map((type) => `incident.${type}`),
      filter: { type: "service_reference", id: SERVICE },
      headers: [{ name: "X-Gate-Token", value: GATE_TOKEN }],
      secrets: [WEBHOOK_SECRET],
    });
    for (const [verdict, label] of [["approve", "Approve Request"] as const, ["deny", "Deny Request"] as const]) {
      pagerDuty.addAction({
        name: label,
        url: `${edgeUrl}/v1/${CLUSTER}/actions/${verdict}`,
        serviceIds: [SERVICE],
        headers: [{ name: "X-Action-Token", value: ACTION_TOKENS[verdict] }],
      });
    }
  }

  async #writeSecrets(): Promise<void> {
    const secret = { mode: 0o600 };
    await this.teleport.writeIdentityFiles(this.directory);
    const publicKeys: string[] = [];
    for (const name of this.#options.relays ?? ["relay"]) {
      const { pem, publicKey } = generateRelayKey();
      await writeFile(this.path(`${name}.key`), pem, secret);
      publicKeys.push(publicKey);
    }
    await writeFile(this.path("webhook-secrets"), `${WEBHOOK_SECRET}\n`, secret);
    await writeFile(
      this.path("action-tokens"),
      `approve=${ACTION_TOKENS.approve}\ndeny=${ACTION_TOKENS.deny}\n`,
      secret,
    );
    const cluster = { relay_public_keys: publicKeys, service_id: SERVICE, user_email: PEOPLE.bot.email };
    const secrets = {
      api_key: API_KEY,
      webhook_secrets: [WEBHOOK_SECRET],
      gate_token: GATE_TOKEN,
      action_tokens: ACTION_TOKENS,
      admin_token: ADMIN_TOKEN,
      ...this.#options.secrets,
    };
    const vars = [
      `CLUSTERS=${JSON.stringify({ [CLUSTER]: cluster })}`,
      `CLUSTER_SECRETS=${JSON.stringify({ [CLUSTER]: secrets })}`,
      `PAGERDUTY_API_URL=${await this.#urlFor("the edge", "PagerDuty", this.pagerDuty.url)}`,
      ...Object.entries(this.#options.vars ?? {}).map(([name, value]) => `${name}=${value}`),
    ];
    await writeFile(this.path("edge.vars"), `${vars.join("\n")}\n`, secret);
  }

  async #urlFor(from: string, to: "the edge" | "PagerDuty", url: string): Promise<string> {
    return `http://${await this.#addressFor(from, to, new URL(url).host)}`;
  }

  async #addressFor(...[from, to, address]: Parameters<Detour>): Promise<string> {
    return (await this.#options.detour?.(from, to, address)) ?? address;
  }

  async #relayConfig(name: string): Promise<string> {
    const teleport = this.#between?.address ?? (await this.#addressFor(name, "Teleport", this.teleport.address));
    const edgeUrl = await this.#urlFor(name, "the edge", this.#edgeUrl);
    const quoted = (file: string): string => JSON.stringify(this.path(file));
    const lines = (values: Readonly<Record<string, string>>): string[] =>
      Object.entries(values).map(([key, value]) => `${key} = ${value}`);
    return [
      "[teleport]",
      `addr = ${JSON.stringify(teleport)}`,
      `client_crt = ${quoted("auth.crt")}`,
      `client_key = ${quoted("auth.key")}`,
      `root_cas = ${quoted("auth.cas")}`,
      `decide_by = ${JSON.stringify(this.#options.decideBy ?? "state")}`,
      "[edge]",
      `url = ${JSON.stringify(edgeUrl)}`,
      `key_file = ${quoted(`${name}.key`)}`,
      "[decisions]",
      ...lines({
        channels: '["note", "action"]',
        webhook_secrets_file: quoted("webhook-secrets"),
        action_tokens_file: quoted("action-tokens"),
        ...this.#options.decisions,
      }),
      "[policy]",
      ...lines({
        approvable_roles: '["*"]',
        approvers: '["on-call"]',
        audit_log: quoted(`${name}-audit.jsonl`),
        ...this.#options.policy,
      }),
      "[log]",
      'severity = "debug"',
      "",
    ].join("\n");
  }
}
