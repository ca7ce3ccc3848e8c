/**
 * One run: the world is set up, people and weather are let loose on it, the weather clears, people stop, and what Teleport
 * and PagerDuty saw is judged. Whatever happens, every process ends.
 */
import { systemClock as clock } from "../../relay/time/clock.ts";
import { PROPERTIES } from "../checker/check.ts";
import type { History } from "../checker/history.ts";
import { Crowd } from "./crowd.ts";
import { Dice } from "./dice.ts";
import { type Findings, judge } from "./findings.ts";
import { fullDiskProblem } from "./full-disk.ts";
import { SHOWN_AND_HEARD, settled } from "./settling.ts";
import { Tally } from "./tally.ts";
import { Weather } from "./weather.ts";
import { Witness } from "./witness.ts";
import { World } from "./world.ts";

export interface RunOptions {
  readonly seed: number;
  /** How much of a storm: so many seconds, or so many faults. */
  readonly storm: { readonly seconds: number } | { readonly faults: number };
  /** The checker's properties that are judged; all of them unless given. */
  readonly properties?: readonly string[];
  /** Takes a line for people. */
  readonly tell: (line: string) => void;
  /** Ends the run before its time. */
  readonly signal: AbortSignal;
}

/** How often the stand-ins' records are read, and how often people are told how it goes, in ms. */
const READ_EVERY_MS = 500;
const TELL_EVERY_MS = 15_000;

/** Runs to the end. Rejects when the world cannot be set up. */
export async function runChaos(options: RunOptions): Promise<Findings | "interrupted"> {
  const tally = new Tally();
  const witness = new Witness();
  const world = await World.set((id, request) => witness.teleport.changed(id, request), tally);
  let keepsFolder = true;
  try {
    const findings = await new Run(options, world, witness, tally).play();
    keepsFolder = findings !== "interrupted" && findings.failures.length > 0;
    return findings;
  } finally {
    await world.strike({ keepsFolder });
  }
}

class Run {
  readonly #options: RunOptions;
  readonly #world: World;
  readonly #witness: Witness;
  readonly #tally: Tally;
  readonly #crowd: Crowd;
  readonly #weatherDice: Dice;
  readonly #startedMs = Date.now();

  constructor(options: RunOptions, world: World, witness: Witness, tally: Tally) {
    const { seed, signal } = options;
    const dice = new Dice(seed);
    this.#options = options;
    this.#world = world;
    this.#witness = witness;
    this.#tally = tally;
    this.#crowd = new Crowd({ stage: world.stage, witness, dice: dice.split(), tally, clock, signal });
    this.#weatherDice = dice.split();
  }

  async play(): Promise<Findings | "interrupted"> {
    const { signal, properties = Object.keys(PROPERTIES) } = this.#options;
    const over = new AbortController();
    const acting = this.#crowd.act(over.signal);
    const watching = [this.#keepReading(over.signal), this.#keepTelling(over.signal)];
    try {
      await this.#storm();
      if (signal.aborted) return "interrupted";
      const calmFromMs = Date.now();
      this.#tell("The weather is clear.");
      const waiting = { clock, signal };
      const meanwhile = (nowMs: number): History => this.#history({ calmFromMs, quietFromMs: nowMs, endedMs: nowMs });
      // What is paged late is clicked on late.
      await settled(["no request is lost"], meanwhile, waiting);
      over.abort();
      await acting;
      await settled(SHOWN_AND_HEARD, meanwhile, waiting);
      if (signal.aborted) return "interrupted";
      this.#crowd.endAll();
      const quietFromMs = Date.now() + 1;
      this.#tell("Nothing is open in Teleport any more.");
      const historyAt = (endedMs: number): History => this.#history({ calmFromMs, quietFromMs, endedMs });
      const endedMs = await settled(properties, historyAt, waiting);
      if (signal.aborted) return "interrupted";
      return await judge({
        world: this.#world,
        witness: this.#witness,
        history: historyAt(endedMs),
        properties,
        tally: this.#tally,
      });
    } finally {
      over.abort();
      await Promise.allSettled([acting, ...watching]);
    }
  }

  /** People go on asking until the weather has cleared. */
  async #storm(): Promise<void> {
    const { storm, signal, tell } = this.#options;
    const problem = await fullDiskProblem();
    if (problem !== undefined) tell(`No disk will be full: ${problem}.`);
    const weather = new Weather({
      world: this.#world,
      dice: this.#weatherDice,
      tally: this.#tally,
      clock,
      canFillDisks: problem === undefined,
    });
    const ended = new AbortController();
    const asking = this.#crowd.ask(ended.signal);
    const time = "seconds" in storm ? AbortSignal.timeout(storm.seconds * 1000) : new AbortController().signal;
    const most = "faults" in storm ? storm.faults : Number.POSITIVE_INFINITY;
    try {
      await weather.storm(AbortSignal.any([time, signal]), most);
    } finally {
      ended.abort();
      await asking;
    }
  }

  #history(moments: Pick<History, "calmFromMs" | "quietFromMs" | "endedMs">): History {
    this.#read();
    return this.#witness.history(this.#world.stage.pagerDuty, moments);
  }

  #read(): void {
    const { teleport, pagerDuty } = this.#world.stage;
    this.#witness.read(teleport, pagerDuty);
  }

  async #keepReading(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#read();
      await clock.sleep(READ_EVERY_MS, signal);
    }
  }

  async #keepTelling(signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(TELL_EVERY_MS, signal);
      if (signal.aborted) return;
      const [requests, faults] = [this.#tally.of("requests"), this.#tally.total("fault: ")];
      const { clickCount } = this.#witness.pagerDuty;
      const { verdictCount } = this.#witness.teleport;
      this.#tell(`${requests} requests, ${clickCount} clicks, ${verdictCount} decisions, ${faults} faults`);
    }
  }

  #tell(line: string): void {
    const seconds = Math.round((Date.now() - this.#startedMs) / 1000);
    this.#options.tell(`${String(seconds).padStart(5)} s  ${line}`);
  }
}
