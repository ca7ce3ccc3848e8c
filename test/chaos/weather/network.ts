/** What networks do to each of the ways between the parties. Faults that overlap on one way: the last one's word counts. */
import type { Dice } from "../dice.ts";
import type { Conduct, Direction } from "../fault-proxy/conduit.ts";
import type { FaultProxy } from "../fault-proxy.ts";
import type { World } from "../world.ts";
import type { Fault } from "./fault.ts";

/** How a way is treated for a while, by name; how long at most, in ms. */
interface Trouble {
  readonly name: string;
  readonly weight: number;
  readonly mostMs: number;
  readonly conduct: (dice: Dice) => Conduct;
}

const TROUBLES: readonly Trouble[] = [
  {
    name: "half-open",
    weight: 0.5,
    mostMs: 8_000,
    conduct: (dice) => ({ kind: "swallow", direction: direction(dice) }),
  },
  {
    name: "held up",
    weight: 0.5,
    mostMs: 8_000,
    conduct: (dice) => ({ kind: "hold", direction: direction(dice) }),
  },
  {
    name: "slow",
    weight: 0.7,
    mostMs: 10_000,
    conduct: (dice) => ({
      kind: "slow",
      delayMs: dice.between(20, 1500),
      bytesPerSecond: dice.pick([2_000, 20_000, 1_000_000]),
    }),
  },
  { name: "refused", weight: 0.5, mostMs: 6_000, conduct: () => ({ kind: "refuse" }) },
];

export function networkFaults({ ways, relays }: World): Fault[] {
  const eachWay = [...ways].flatMap(([name, way]) => [
    cut(name, way),
    ...TROUBLES.map((trouble) => troubled(name, way, trouble)),
  ]);
  return [...eachWay, takenOver(ways, relays)];
}

/** One relay has to take over from another whose decisions are still on their way to Teleport, and arrive. */
function takenOver(ways: World["ways"], relays: World["relays"]): Fault {
  return {
    name: "takeover while Teleport is slow",
    weight: 3,
    strike: async ({ dice, lasts }) => {
      const toTeleport = relays.flatMap(({ name }) => ways.get(`${name} → Teleport`) ?? []);
      const toEdge = ways.get(`${dice.pick(relays).name} → the edge`);
      for (const way of toTeleport) way.conduct({ kind: "slow", delayMs: dice.between(50, 700), bytesPerSecond: 1e6 });
      await lasts(dice.between(300, 1500));
      toEdge?.cut();
      toEdge?.conduct({ kind: "refuse" });
      await lasts(dice.between(1000, 4000));
      for (const way of toTeleport) way.conduct({ kind: "pass" });
      toEdge?.conduct({ kind: "pass" });
    },
  };
}

function cut(name: string, way: FaultProxy): Fault {
  return { name: `cut: ${name}`, weight: 1, strike: async () => void way.cut() };
}

function troubled(way: string, proxy: FaultProxy, { name, weight, mostMs, conduct }: Trouble): Fault {
  return {
    name: `${name}: ${way}`,
    weight,
    strike: async ({ dice, lasts }) => {
      proxy.conduct(conduct(dice));
      await lasts(dice.between(200, mostMs));
      proxy.conduct({ kind: "pass" });
    },
  };
}

function direction(dice: Dice): Direction {
  return dice.pick(["there", "back", "both"] as const);
}
