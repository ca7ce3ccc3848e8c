/** What is judged of a run, and what was found: each of the checker's promises counts once, each audit log, each program. */
import { basename } from "node:path";
import { PROPERTIES } from "../checker/check.ts";
import type { History } from "../checker/history.ts";
import { auditBreaks, intentsIn } from "./audit-logs.ts";
import type { Tally } from "./tally.ts";
import type { Witness } from "./witness.ts";
import type { World } from "./world.ts";

export interface Findings {
  readonly history: History;
  readonly tally: Tally;
  readonly passed: number;
  /** What failed, with a sentence for each thing that was found of it. */
  readonly failures: readonly Failure[];
  /** How PagerDuty answered when it did not do as it was asked. */
  readonly answers: { readonly rateLimited: number; readonly failed: number; readonly none: number };
  /** How often each program was started, by name. */
  readonly lives: Readonly<Record<string, number>>;
  /** Where everybody's logs are, when they are kept. */
  readonly folder: string;
}

export interface Failure {
  readonly what: string;
  readonly sentences: readonly string[];
}

export interface Evidence {
  readonly world: World;
  readonly witness: Witness;
  readonly history: History;
  /** Those of the checker's that count. */
  readonly properties: readonly string[];
  readonly tally: Tally;
}

/** Judges what has happened in a world that is still up. */
export async function judge({ world, witness, history: seen, properties, tally }: Evidence): Promise<Findings> {
  const { pagerDuty } = witness;
  const logs = world.relays.map((relay) => world.auditLogOf(relay));
  const intents = (await Promise.all(logs.map(intentsIn))).flat();
  const history = { ...seen, intents };
  const judged: Failure[] = [
    ...properties.map((what) => ({ what, sentences: PROPERTIES[what]?.(history) ?? ["no such property"] })),
    ...(await Promise.all(
      logs.map(async (log) => ({ what: `the chain of ${basename(log)}`, sentences: await auditBreaks(log) })),
    )),
    ...world.programs.map(({ name, failures }) => ({
      what: `${name} ends only when it is killed`,
      sentences: failures,
    })),
  ];
  const failures = judged.filter(({ sentences }) => sentences.length > 0);
  return {
    history,
    tally,
    passed: judged.length - failures.length,
    failures,
    answers: {
      rateLimited: pagerDuty.answered((status) => status === 429),
      failed: pagerDuty.answered((status) => status !== null && status >= 500),
      none: pagerDuty.answered((status) => status === null),
    },
    lives: Object.fromEntries(world.programs.map(({ name, lives }) => [name, lives])),
    folder: world.stage.directory,
  };
}
