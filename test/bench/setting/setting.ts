/**
 * Everything that is measured, as real processes: the edge in plain workerd as `npm run edge` serves it, the relay as it is
 * built, the stand-ins and the load beside them. Its folder is on a disk, so that what is durable is.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE } from "../../../relay/install/bundle.ts";
import { NODE_OPTIONS } from "../../../relay/install/executable.ts";
import { DIST } from "../../../relay/install/release.ts";
import { incidentKeyFor } from "../../../shared/incident-key.ts";
import { Program } from "../../stage/program.ts";
import { ADMIN_TOKEN, CLUSTER } from "../../stage/stage.ts";
import { Actor } from "../actors/actor.ts";
import type { BareDeeds } from "../actors/bare.ts";
import type { LoadDeeds } from "../actors/load.ts";
import type { PagerDutyDeeds } from "../actors/pagerduty.ts";
import type { TeleportDeeds } from "../actors/teleport.ts";
import { writeRelayConfig, writeSecrets } from "./files.ts";
import { type Paged, seedLedger } from "./ledger.ts";
import { type Served, serveWorker } from "./serve.ts";
import { unitEnvironment } from "./unit.ts";

/** The bench's folders are made here: on the disk that the project is on. */
export const FOLDERS = join(DIST, "bench");

export class Setting {
  readonly folder: string;
  readonly teleport = Actor.start<TeleportDeeds>("teleport");
  readonly pagerDuty = Actor.start<PagerDutyDeeds>("pagerduty");
  readonly load = Actor.start<LoadDeeds>("load");
  readonly bare = Actor.start<BareDeeds>("bare");
  readonly #programs = new Set<Program>();
  readonly #served: Served[] = [];
  #teleportAddress = "";
  #pagerDutyUrl = "";
  #edge: Program | undefined;
  #edgeUrl = "";
  #relay: Program | undefined;
  #bareUrl = "";

  /** Those that stand. */
  static readonly #standing = new Set<Setting>();

  private constructor(folder: string) {
    this.folder = folder;
    Setting.#standing.add(this);
  }

  /** Ends everything that still stands. */
  static async strikeAll(): Promise<void> {
    await Promise.all([...Setting.#standing].map((setting) => setting.strike()));
  }

  /** The stand-ins and the files; neither half runs. */
  static async begin(): Promise<Setting> {
    await mkdir(FOLDERS, { recursive: true });
    const setting = new Setting(await mkdtemp(join(FOLDERS, "setting-")));
    setting.#teleportAddress = await setting.teleport.ask("start", setting.folder);
    setting.#pagerDutyUrl = await setting.pagerDuty.ask("start");
    await writeSecrets(setting.folder, setting.#pagerDutyUrl);
    await setting.bare.ask("connect", setting.#teleportAddress, setting.folder);
    return setting;
  }

  /** The same with so many requests that are open: paged, bound, and known to both halves, which run if they are to. */
  static async withOpen(
    count: number,
    { finished = 0, relay = true } = {},
  ): Promise<{ setting: Setting; open: Paged[] }> {
    const setting = await Setting.begin();
    await setting.startEdge();
    // Its object comes to be with the first question.
    await setting.status();
    await setting.stopEdge();
    const open = await setting.#prepare(count);
    await seedLedger(join(setting.folder, "edge"), { open, finished });
    await setting.startEdge();
    if (relay) await setting.startRelay();
    return { setting, open };
  }

  /** The edge's origin; the same after every start. */
  get edgeUrl(): string {
    return this.#edgeUrl;
  }

  get webhookUrl(): string {
    return `${this.#edgeUrl}/v1/${CLUSTER}/webhook`;
  }

  get pagerDutyUrl(): string {
    return this.#pagerDutyUrl;
  }

  get relay(): Program {
    if (this.#relay === undefined) throw new Error("the relay does not run");
    return this.#relay;
  }

  get edge(): Program {
    if (this.#edge === undefined) throw new Error("the edge does not run");
    return this.#edge;
  }

  /** Starts the edge, on the port that it had before if it had one. */
  async startEdge(): Promise<void> {
    const port = this.#edgeUrl === "" ? "0" : new URL(this.#edgeUrl).port;
    const args = ["--port", port, "--data", join(this.folder, "edge"), "--vars", join(this.folder, "edge.vars")];
    this.#edge = this.#kept(Program.start("the edge", "edge/serve/main.ts", args));
    this.#edgeUrl = (await this.#edge.line(/^edge listening on /)).replace("edge listening on ", "");
  }

  /** Ends the edge as a crash would: what is durable is there again. */
  async stopEdge(): Promise<void> {
    await this.edge.kill();
  }

  /** Starts the relay, which dials the edge at this origin, and waits until it watches and is linked. */
  async startRelay(edgeUrl = this.#edgeUrl): Promise<Program> {
    const relay = await this.launchRelay(edgeUrl);
    await Promise.all([relay.line(/Watcher connected/), relay.line(/Edge connected/)]);
    return relay;
  }

  /** Starts it, with the options of the executable and the environment of the unit, and waits for nothing. */
  async launchRelay(edgeUrl = this.#edgeUrl): Promise<Program> {
    const file = await writeRelayConfig(this.folder, this.#teleportAddress, edgeUrl);
    const args = [...NODE_OPTIONS, BUNDLE, "start", "-c", file];
    this.#relay = this.#kept(Program.run("the relay", process.execPath, args, unitEnvironment()));
    return this.#relay;
  }

  async stopRelay(): Promise<void> {
    await this.relay.stop();
  }

  /** The origin of the Worker that the edge is compared with. */
  async bareUrl(): Promise<string> {
    if (this.#bareUrl !== "") return this.#bareUrl;
    const folder = join(this.folder, "bare");
    await mkdir(folder);
    const served = await serveWorker("bare", folder);
    this.#served.push(served);
    this.#bareUrl = served.url;
    return this.#bareUrl;
  }

  /** What an operator is shown. */
  async status(): Promise<unknown> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    return (await fetch(`${this.#edgeUrl}/v1/${CLUSTER}/status`, { headers })).json();
  }

  /** Everything ends, and nothing is left behind. */
  async strike(): Promise<void> {
    Setting.#standing.delete(this);
    await Promise.all([...this.#programs].map((program) => program.kill()));
    await Promise.all([this.teleport, this.pagerDuty, this.load, this.bare].map((actor) => actor.stop()));
    await Promise.all(this.#served.map(({ stop }) => stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  async #prepare(count: number): Promise<Paged[]> {
    const requests = await this.teleport.ask("prepare", count);
    const keys = requests.map(({ id }) => incidentKeyFor(CLUSTER, id, 1));
    const incidentIds = await this.pagerDuty.ask("open", keys);
    const open = requests.map((request, index) => ({ request, incidentId: incidentIds[index] ?? "" }));
    await this.teleport.ask("bind", open);
    await this.pagerDuty.ask("posted");
    return open;
  }

  #kept(program: Program): Program {
    this.#programs.add(program);
    return program;
  }
}
