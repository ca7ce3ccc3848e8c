/**
 * The people: some ask for access in Teleport, some decide on PagerDuty as each request's plot says, some resolve requests
 * in Teleport. Whatever they do, the witness is told.
 */
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import type { Clock } from "../../relay/time/clock.ts";
import type { Incident } from "../fakes/pagerduty/records.ts";
import { drawLaterActs, drawPlot, type Intervention, PEOPLE, type Plot, SERVICES } from "./cast.ts";
import { perform, type Surroundings } from "./deeds.ts";

export interface CrowdOptions extends Surroundings {
  readonly clock: Clock;
  /** Has everybody drop what they were about to do. */
  readonly signal: AbortSignal;
}

/** Between one request and the next, in ms. */
const ASK_EVERY_MS = { least: 200, most: 1400 };

/** How often somebody looks whether there are new incidents, in ms. */
const LOOK_EVERY_MS = 50;

export class Crowd {
  readonly #options: CrowdOptions;
  /** What is still to be done on the first incident of each request. */
  readonly #plots = new Map<string, Plot>();
  readonly #seen = new Set<string>();
  /** What is being done or will be, and what could not be. */
  readonly #busy = new Set<Promise<void>>();
  #incidentsRead = 0;

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  /** Asks, now and then several at once, until the signal aborts. */
  async ask(signal: AbortSignal): Promise<void> {
    const { dice, clock } = this.#options;
    while (!signal.aborted) {
      const count = dice.chance(0.03) ? dice.between(4, 10) : 1;
      for (let index = 0; index < count; index++) this.#askOnce();
      await clock.sleep(dice.between(ASK_EVERY_MS.least, ASK_EVERY_MS.most), signal);
    }
  }

  /** Does on every incident what the plot of its request says, until the signal aborts and everything begun is done. Rejects when PagerDuty would not have it. */
  async act(signal: AbortSignal): Promise<void> {
    const { stage, clock } = this.#options;
    while (!signal.aborted) {
      // Oldest first, and none goes away.
      const { incidents } = stage.pagerDuty;
      for (const incident of incidents.slice(this.#incidentsRead)) this.#noticed(incident);
      this.#incidentsRead = incidents.length;
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
    await Promise.all(this.#busy);
  }

  /** Ends in Teleport whatever is still open there. */
  endAll(): void {
    const { stage, dice } = this.#options;
    for (const { metadata, spec } of stage.teleport.requests()) {
      if (spec?.state !== RequestState.PENDING || metadata === undefined) continue;
      this.#intervene(metadata.name, dice.pick(["approve", "deny", "delete"]));
    }
  }

  #askOnce(): void {
    const { stage, witness, dice, tally } = this.#options;
    const plot = drawPlot(dice);
    const names = plot.services ?? ["access"];
    const services = names.map((name) => SERVICES[name]);
    const request = stage.teleport.createRequest({
      user: PEOPLE[plot.requester].email,
      roles: plot.roles,
      reason: "there is chaos",
      ...(plot.pendingMs !== null && { pendingTtlMs: plot.pendingMs }),
      ...(plot.services !== null && {
        annotations: { pagerduty_notify_service: services.map(({ name }) => name) },
      }),
    });
    const requestId = request.metadata?.name ?? "";
    witness.teleport.asked(requestId, { ...plot, services: services.map(({ id }) => id) });
    tally.add("requests");
    this.#plots.set(requestId, plot);
    const { intervention } = plot;
    if (intervention !== null) this.#later(intervention.afterMs, () => this.#intervene(requestId, intervention.what));
  }

  #noticed(incident: Incident): void {
    const requestId = /^teleport-access-request\/[^/]+\/([^/]+)/.exec(incident.incidentKey ?? "")?.[1] ?? "";
    const plot = this.#plots.get(requestId);
    const isFirst = !this.#seen.has(requestId);
    this.#seen.add(requestId);
    if (plot === undefined) return;
    const acts = isFirst ? plot.acts : drawLaterActs(this.#options.dice);
    for (const act of acts) this.#later(act.afterMs, () => perform(act, incident, this.#options));
  }

  #later(afterMs: number, what: () => void | Promise<void>): void {
    const { clock, signal } = this.#options;
    const doing = clock.sleep(afterMs, signal).then(() => (signal.aborted ? undefined : what()));
    this.#busy.add(doing);
    doing.then(
      () => this.#busy.delete(doing),
      () => {},
    );
  }

  #intervene(requestId: string, what: Intervention["what"]): void {
    const { stage, witness, tally } = this.#options;
    const { teleport } = stage;
    if (teleport.request(requestId)?.spec?.state !== RequestState.PENDING) return;
    tally.add(`in Teleport: ${what}`);
    witness.teleport.byOperator(() => {
      if (what === "delete") teleport.delete(requestId);
      else teleport.resolve(requestId, what === "approve" ? RequestState.APPROVED : RequestState.DENIED);
    });
  }
}
