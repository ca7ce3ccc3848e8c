/**
 * Planted bugs: each a mistake that somebody could make, put into the shipped code while it is bundled. They prove that the
 * simulator's weather and its checker would notice. One that survives is weather or a promise that is missing.
 */
import { OF_THE_EDGE } from "./mutants/edge.ts";
import { OF_THE_GUARD } from "./mutants/guard.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { OF_THE_RELAY } from "./mutants/relay.ts";
import { SHARED } from "./mutants/shared.ts";

/** Every planted bug. */
export const MUTANTS: readonly Mutant[] = [...OF_THE_GUARD, ...OF_THE_RELAY, ...OF_THE_EDGE, ...SHARED];
