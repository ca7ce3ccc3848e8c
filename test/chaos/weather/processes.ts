/** Processes that are killed and come back, or that stand still for a while and do not know it. */
import type { KeptProgram } from "../kept-program.ts";
import type { World } from "../world.ts";
import type { Fault } from "./fault.ts";

/** Longer than a claim is left alone, so that a relay may find that another has gone on without it. */
const RELAY_FROZEN_MS = 20_000;

/** Longer than PagerDuty waits for an answer. */
const EDGE_FROZEN_MS = 7_000;

export function processFaults({ edge, relays }: World): Fault[] {
  return [
    killed(edge, 4),
    frozen(edge, 2, EDGE_FROZEN_MS),
    ...relays.flatMap((relay) => [killed(relay, 3), frozen(relay, 2, RELAY_FROZEN_MS)]),
    {
      name: "everything SIGKILLed at once",
      weight: 1,
      strike: async ({ dice }) => {
        for (const program of [edge, ...relays]) program.kill(dice.between(0, 3000));
      },
    },
  ];
}

function killed(program: KeptProgram, weight: number): Fault {
  return {
    name: `SIGKILL of ${program.name}`,
    weight,
    strike: async ({ dice }) => void program.kill(dice.between(0, 3000)),
  };
}

function frozen(program: KeptProgram, weight: number, mostMs: number): Fault {
  return {
    name: `SIGSTOP of ${program.name}`,
    weight,
    strike: async ({ dice, lasts }) => {
      const thaw = program.freeze();
      await lasts(dice.between(200, mostMs));
      thaw?.();
    },
  };
}
