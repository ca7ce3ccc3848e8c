/** What is asked of PagerDuty and not done yet. Looking changes nothing. */
import type { Ledger } from "../ledger.ts";
import type { RequestRecord } from "../record.ts";
import { type PagerDutyTask, pagerDutyTasks, RANK } from "../todo.ts";

/** Most pieces of work in one answer. */
const MAX_SHOWN_TASKS = 50;

/** One piece of work, and since when it waits. */
export type WaitingTask = ReturnType<typeof taskStatus>;

/** What is due or has failed before, whoever waits longest first. */
export function waitingTasks(ledger: Ledger, nowMs: number): WaitingTask[] {
  const ids = [RANK.click, RANK.telling, RANK.paging].flatMap((rank) =>
    ledger.dueOf(rank, Number.MAX_SAFE_INTEGER, MAX_SHOWN_TASKS),
  );
  return (
    [...new Set(ids)]
      .flatMap((id) => ledger.load(id) ?? [])
      .flatMap((record) => pagerDutyTasks(record).map((task) => taskStatus(record, task)))
      // What is merely due some day waits for nothing.
      .filter(({ attempts, dueMs }) => attempts > 0 || dueMs <= nowMs)
      .sort((one, other) => one.sinceMs - other.sinceMs)
      .slice(0, MAX_SHOWN_TASKS)
  );
}

function taskStatus(record: RequestRecord, task: PagerDutyTask) {
  const { dueMs } = task;
  return {
    requestId: record.request.id,
    task: task.task,
    attempts: attemptsAt(record, task),
    dueMs,
    sinceMs: waitsSince(record, task),
  };
}

function attemptsAt({ onCall, routing }: RequestRecord, task: PagerDutyTask): number {
  if ("paging" in task) return task.paging.attempts;
  if ("decision" in task) return task.decision.attempts;
  return (task.task === "on_call" ? onCall : routing)?.attempts ?? 0;
}

function waitsSince({ firstSeenMs, end }: RequestRecord, task: PagerDutyTask): number {
  if ("decision" in task) return task.decision.receivedMs;
  if (task.task === "note" || task.task === "resolve") return end?.atMs ?? task.paging.openedMs ?? firstSeenMs;
  return firstSeenMs;
}
