/**
 * The world that the chaos is let loose on: the real edge in workerd and two real relays, each kept running; a stand-in
 * Teleport and a stand-in PagerDuty; and a fault proxy on every way between them. Sets it up and strikes it; does no harm.
 */
import { systemClock } from "../../relay/time/clock.ts";
import type { FakeTeleportOptions } from "../fakes/teleport/options.ts";
import type { Program } from "../stage/program.ts";
import { GATE_TOKEN, Stage, WEBHOOK_SECRET } from "../stage/stage.ts";
import { APPROVABLE_ROLES, APPROVE_WITHIN_SECONDS, APPROVERS, PEOPLE, SERVICES } from "./cast.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { KeptProgram } from "./kept-program.ts";
import { RelayWords } from "./relay-words.ts";
import type { Tally } from "./tally.ts";

/** Every run of reconciliation finds what was lost; three minutes between them would make the calm last for ever. */
const RECONCILE_EVERY_SECONDS = 20;

const RELAYS = ["relay-a", "relay-b"] as const;

/** Hears of every change of a request in Teleport. */
type RequestListener = NonNullable<FakeTeleportOptions["changed"]>;

export class World {
  readonly stage: Stage;
  readonly edge: KeptProgram;
  readonly relays: readonly KeptProgram[];
  /** By the way's name, such as `relay-a → Teleport`. */
  readonly ways: ReadonlyMap<string, FaultProxy>;
  readonly #tally: Tally;

  private constructor(stage: Stage, ways: ReadonlyMap<string, FaultProxy>, tally: Tally) {
    this.stage = stage;
    this.ways = ways;
    this.#tally = tally;
    this.edge = this.#keep("edge", async () => {
      await stage.startEdge();
      return stage.edge;
    });
    this.relays = RELAYS.map((name) => this.#keep(name, () => stage.launchRelay(name)));
  }

  /** Sets it up, everything running and nothing yet asked for. */
  static async set(changed: RequestListener, tally: Tally): Promise<World> {
    const ways = new Map<string, FaultProxy>();
    const stage = await Stage.empty({
      relays: RELAYS,
      teleport: { changed },
      pagerDuty: { retryDelayMs: (attempt) => Math.min(4000, 100 * 2 ** attempt) },
      vars: { RECONCILE_EVERY_SECONDS: String(RECONCILE_EVERY_SECONDS) },
      policy: {
        approvable_roles: JSON.stringify(APPROVABLE_ROLES),
        approvers: JSON.stringify(APPROVERS),
        approve_within: JSON.stringify(`${APPROVE_WITHIN_SECONDS}s`),
      },
      detour: async (from, to, address) => {
        const name = `${from} → ${to}`;
        const way = ways.get(name) ?? (await FaultProxy.start(address, systemClock));
        ways.set(name, way);
        return way.address;
      },
    });
    const world = new World(stage, ways, tally);
    try {
      await world.#start();
      return world;
    } catch (error) {
      await world.strike();
      throw error;
    }
  }

  /** Where a relay's audit log is. */
  auditLogOf(relay: KeptProgram): string {
    return this.stage.path(`${relay.name}-audit.jsonl`);
  }

  /** Every process that is kept. */
  get programs(): readonly KeptProgram[] {
    return [this.edge, ...this.relays];
  }

  /** Ends every process and closes every port; its folder goes unless it is to be kept. */
  async strike({ keepsFolder = false } = {}): Promise<void> {
    await Promise.all(this.programs.map((program) => program.end()));
    await Promise.all([...this.ways.values()].map((way) => way.stop()));
    await this.stage.strike({ keepsFolder });
  }

  async #start(): Promise<void> {
    this.#populate();
    await this.edge.start();
    await this.stage.subscribe();
    this.#subscribeOthers();
    const relays = await Promise.all(this.relays.map((relay) => relay.start()));
    await Promise.all(relays.flatMap((relay) => [relay.line(/Watcher connected/), relay.line(/Edge connected/)]));
  }

  #keep(name: string, launch: () => Promise<Program>): KeptProgram {
    const words = new RelayWords(this.#tally);
    const said = (line: string): void => words.take(line);
    return new KeptProgram({ name, launch, logFile: this.stage.path(`${name}.log`), said, clock: systemClock });
  }

  // Beside those of the stage.
  #populate(): void {
    const { pagerDuty } = this.stage;
    for (const person of [PEOPLE.dora, PEOPLE.erin]) pagerDuty.addUser(person);
    const { database } = SERVICES;
    pagerDuty.addEscalationPolicy({ id: "PPOLICY2", name: "Databases", levels: [[PEOPLE.bob.id], [PEOPLE.erin.id]] });
    pagerDuty.addService({ id: database.id, name: database.name, policyId: "PPOLICY2" });
  }

  #subscribeOthers(): void {
    const { pagerDuty } = this.stage;
    const [first] = [...pagerDuty.account.subscriptions.values()];
    if (first === undefined) throw new Error("nobody has subscribed");
    const { endpoint, events } = first;
    pagerDuty.addSubscription({
      url: endpoint.url,
      events,
      filter: { type: "service_reference", id: SERVICES.database.id },
      headers: [{ name: "X-Gate-Token", value: GATE_TOKEN }],
      secrets: [WEBHOOK_SECRET],
    });
    for (const {
      name,
      endpoint: { url, headers },
    } of [...pagerDuty.account.extensions.values()]) {
      pagerDuty.addAction({ name, url, headers, serviceIds: [SERVICES.database.id] });
    }
  }
}
