/**
 * Room for one more click on a request of which as many are kept as may be. What is over makes room first, and of that, as
 * of what waits, the clicks of whoever has the most: nobody can keep others from deciding. Pure.
 */
import { type Decision, MAX_DECISIONS, type RequestRecord } from "../record.ts";

/** The record with room for another click: at most {@link MAX_DECISIONS} are kept, and the one that is missed least goes. */
export function withRoom(record: RequestRecord): RequestRecord {
  const { decisions, forgottenMs } = record;
  const leaving = decisions.length < MAX_DECISIONS ? undefined : leastMissed(decisions);
  if (leaving === undefined) return record;
  return {
    ...record,
    decisions: decisions.filter((decision) => decision !== leaving),
    forgottenMs: Math.max(forgottenMs ?? leaving.occurredMs, leaving.occurredMs),
  };
}

// The last that is over: the first of its kind is the one that its author was told of. Of those that wait the oldest
// approval: it is stale soonest, and a denial never is.
function leastMissed(decisions: readonly Decision[]): Decision | undefined {
  const waiting = crowdOf(decisions.filter(isWaiting));
  return (
    crowdOf(decisions.filter(isOver)).at(-1) ??
    waiting.find(({ verdict }) => verdict === "approve") ??
    waiting[0] ??
    decisions[0]
  );
}

function isOver({ state, outcome, putsBack }: Decision): boolean {
  return !putsBack && (state === "void" || outcome?.result === "refused");
}

function isWaiting({ state }: Decision): boolean {
  return state !== "void" && state !== "decided";
}

/** Those of whoever has the most of them. */
function crowdOf(decisions: readonly Decision[]): readonly Decision[] {
  const crowds = [...Map.groupBy(decisions, ({ personId }) => personId).values()];
  return crowds.reduce<readonly Decision[]>((most, crowd) => (crowd.length > most.length ? crowd : most), []);
}
