/** A relay's disk that is full for a while: its audit log takes no more lines, or only part of the next. */
import { emptyDisk, fillDisk } from "../full-disk.ts";
import type { World } from "../world.ts";
import type { Fault } from "./fault.ts";

export function diskFaults(world: World): Fault[] {
  return world.relays.map((relay) => ({
    name: `full disk under ${relay.name}'s audit log`,
    weight: 3,
    strike: async ({ dice, lasts }) => {
      const { pid } = relay;
      if (pid === undefined) return;
      await fillDisk(pid, world.auditLogOf(relay), dice.pick([0, 1, 500, 1500]));
      await lasts(dice.between(1_000, 15_000));
      await emptyDisk(pid);
    },
  }));
}
