/**
 * What goes wrong: one fault after another and several at a time, drawn by the dice, each undone by itself. Once it is told
 * to clear, nothing is wrong any more when it returns.
 */
import type { Clock } from "../../relay/time/clock.ts";
import type { Dice } from "./dice.ts";
import type { Tally } from "./tally.ts";
import { diskFaults } from "./weather/disk.ts";
import type { Fault, Sky } from "./weather/fault.ts";
import { networkFaults } from "./weather/network.ts";
import { processFaults } from "./weather/processes.ts";
import { vendorFaults } from "./weather/vendors.ts";
import type { World } from "./world.ts";

export interface WeatherOptions {
  readonly world: World;
  readonly dice: Dice;
  readonly tally: Tally;
  readonly clock: Clock;
  /** Whether this machine can make a disk look full. */
  readonly canFillDisks: boolean;
}

/** Between one fault and the next, in ms. */
const FAULT_EVERY_MS = { least: 100, most: 1800 };

export class Weather {
  readonly #options: WeatherOptions;
  readonly #faults: readonly Fault[];
  readonly #clearing = new AbortController();

  constructor(options: WeatherOptions) {
    const { world, canFillDisks } = options;
    this.#options = options;
    this.#faults = [
      ...processFaults(world),
      ...networkFaults(world),
      ...vendorFaults(world),
      ...(canFillDisks ? diskFaults(world) : []),
    ];
  }

  /** Storms until the signal aborts or so many faults have struck, and clears up. */
  async storm(signal: AbortSignal, mostFaults = Number.POSITIVE_INFINITY): Promise<void> {
    const { dice, clock, tally } = this.#options;
    const struck: Promise<void>[] = [];
    for (let count = 0; count < mostFaults && !signal.aborted; count++) {
      const fault = dice.weighted(this.#faults.map((each) => [each.weight, each] as const));
      tally.add(`fault: ${fault.name}`);
      struck.push(fault.strike(this.#sky()));
      await clock.sleep(dice.between(FAULT_EVERY_MS.least, FAULT_EVERY_MS.most), signal);
    }
    this.#clearing.abort();
    await Promise.all(struck);
    this.#clear();
  }

  // Each fault draws for itself, so that how long one takes has no influence on what the next does.
  #sky(): Sky {
    const { dice, clock } = this.#options;
    return { dice: dice.split(), lasts: (ms) => clock.sleep(ms, this.#clearing.signal) };
  }

  // What was asked of the stand-ins for their next calls may not have struck yet.
  #clear(): void {
    const { teleport, pagerDuty } = this.#options.world.stage;
    teleport.clearFaults();
    pagerDuty.clearFaults();
  }
}
