/** What is judged of a run, and what was found: each of the checker's promises counts once, each audit log, each program. */
import { basename } from "node:path";
import { PROPERTIES } from "../checker/check.ts";
import type { History } from "../checker/history.ts";
import { auditBreaks, unannounced } from "./audit-check.ts";
import type { Tally } from "./tally.ts";
import type { World } from "./world.ts";

export interface Findings {
  readonly history: History;
  readonly tally: Tally;
  readonly passed: number;
  /** What failed, with a sentence for each thing that was found of it. */
  readonly failures: readonly Failure[];
  /** How often each program was started, by name. */
  readonly lives: Readonly<Record<string, number>>;
  /** Where everybody's logs are, when they are kept. */
  readonly folder: string;
}

export interface Failure {
  readonly what: string;
  readonly sentences: readonly string[];
}

/** Judges what has happened in a world that is still up. */
export async function judge(
  world: World,
  history: History,
  properties: readonly string[],
  tally: Tally,
): Promise<Findings> {
  const logs = world.relays.map((relay) => world.auditLogOf(relay));
  const judged: Failure[] = [
    ...properties.map((what) => ({ what, sentences: PROPERTIES[what]?.(history) ?? ["no such property"] })),
    ...(await Promise.all(
      logs.map(async (log) => ({ what: `the chain of ${basename(log)}`, sentences: await auditBreaks(log) })),
    )),
    { what: "no approval without its audit line", sentences: await unannounced(logs, history.verdicts) },
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
    lives: Object.fromEntries(world.programs.map(({ name, lives }) => [name, lives])),
    folder: world.stage.directory,
  };
}
