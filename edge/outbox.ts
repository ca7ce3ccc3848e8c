/**
 * Carries out what records ask of PagerDuty. What to do next is read off the stored record each time, so nothing is lost
 * with this object's memory; the memory only saves looking for what cannot be there yet. Requests go side by side, the work
 * of one incident in order.
 */
import type { Logger } from "../shared/log.ts";
import type { Ledger } from "./ledger.ts";
import { PagerDutyError } from "./pagerduty/error.ts";
import type { RequestRecord } from "./record.ts";
import type { Requests } from "./requests.ts";
import { lookUpFailed } from "./steps/click.ts";
import { pagingFailed } from "./steps/paging.ts";
import { routingFailed } from "./steps/request.ts";
import { type PagerDutyTask, pagerDutyTasks } from "./todo.ts";

/** Most calls to PagerDuty at once. A Worker's fetches beyond six connections wait for each other all the same. */
export const MAX_TASKS_AT_ONCE = 24;

/** How long a failure that only somebody's mending can end waits for its next attempt, in ms. */
export const MENDING_RETRY_MS = 60_000;

/** Does one task and makes the step that follows; throws a `PagerDutyError` when PagerDuty did not do its part. */
export type Worker = (record: RequestRecord, task: PagerDutyTask, isFresh: boolean) => Promise<void>;

export interface OutboxOptions {
  readonly ledger: Ledger;
  readonly requests: () => Requests;
  readonly work: Worker;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Takes what an operator should know, once for each new kind of trouble; null when the trouble has ended. */
  readonly trouble: (problem: string | null) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #underWay = new Set<string>();
  /** Tasks that came up in this object's life and have not been tried: PagerDuty cannot know of them yet. */
  readonly #fresh = new Set<string>();
  #pausedUntilMs = 0;
  #waiting = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Begins whatever a changed record asks for and is due. */
  changed(record: RequestRecord, before: RequestRecord | undefined): void {
    const known = new Set(before === undefined ? [] : allTaskIds(before));
    for (const id of allTaskIds(record)) if (!known.has(id)) this.#fresh.add(taskKey(record, id));
    this.begin(record);
  }

  /** Begins whatever a record asks for, is due, and is not under way. */
  begin(record: RequestRecord): void {
    const nowMs = this.#options.now();
    if (nowMs < this.#pausedUntilMs) return;
    for (const task of pagerDutyTasks(record)) {
      const key = taskKey(record, task.id);
      if (task.dueMs > nowMs || this.#underWay.has(key)) continue;
      if (this.#underWay.size >= MAX_TASKS_AT_ONCE) {
        this.#waiting = true;
        return;
      }
      this.#underWay.add(key);
      void this.#perform(record, task, key);
    }
  }

  /** Begins what is due of any request, oldest first. */
  beginDue(): void {
    const { ledger, now } = this.#options;
    this.#waiting = false;
    for (const requestId of ledger.dueBy(now(), 2 * MAX_TASKS_AT_ONCE)) {
      if (this.#underWay.size >= MAX_TASKS_AT_ONCE) break;
      const record = this.#readable(requestId);
      if (record !== undefined) this.begin(record);
    }
    this.#waiting = this.#underWay.size >= MAX_TASKS_AT_ONCE;
  }

  /** When nothing may be sent before, milliseconds since the epoch: PagerDuty asked for a pause. */
  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  // One record that is torn must not stop the others.
  #readable(requestId: string): RequestRecord | undefined {
    try {
      return this.#options.ledger.load(requestId);
    } catch (error) {
      this.#options.log.error("a record cannot be read", { requestId, problem: String(error) });
      return undefined;
    }
  }

  async #perform(record: RequestRecord, task: PagerDutyTask, key: string): Promise<void> {
    const { work, trouble } = this.#options;
    const isFresh = this.#fresh.delete(key);
    try {
      await work(record, task, isFresh);
      trouble(null);
    } catch (error) {
      if (error instanceof PagerDutyError) this.#failed(record, task, error, isFresh);
      else this.#broken(record, task, error);
    } finally {
      this.#underWay.delete(key);
      const current = this.#options.ledger.load(record.request.id);
      if (current !== undefined) this.begin(current);
      if (this.#waiting) this.beginDue();
    }
  }

  #failed(record: RequestRecord, task: PagerDutyTask, error: PagerDutyError, wasFresh: boolean): void {
    const { now, log, trouble } = this.#options;
    const nowMs = now();
    if (wasFresh && !error.mayHaveHappened) this.#fresh.add(taskKey(record, task.id));
    if (error.code === "rate_limited")
      this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + (error.retryAfterMs ?? 1_000));
    else trouble(error.message);
    log.warn("PagerDuty did not take it; trying again later", {
      requestId: record.request.id,
      task: task.task,
      problem: error.message,
    });
    this.#retryLater(record, task, error.retryable ? error.retryAfterMs : MENDING_RETRY_MS);
  }

  // A fault of ours: it must show, and must not stop the rest.
  #broken(record: RequestRecord, task: PagerDutyTask, error: unknown): void {
    const problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.#options.log.error("the outbox failed", { requestId: record.request.id, task: task.task, problem });
    this.#retryLater(record, task, MENDING_RETRY_MS);
  }

  #retryLater(record: RequestRecord, task: PagerDutyTask, retryAfterMs: number | null): void {
    const { requests, now, random } = this.#options;
    const failure = { nowMs: now(), random: random(), retryAfterMs };
    requests().change(record.request.id, (current) => {
      if ("paging" in task) return pagingFailed(current, task.paging.id, failure);
      return task.task === "route" ? routingFailed(current, failure) : lookUpFailed(current, task.id, failure);
    });
  }
}

// Notes that wait behind others count too: they came up now.
function allTaskIds(record: RequestRecord): string[] {
  return [
    ...pagerDutyTasks(record).map(({ id }) => id),
    ...record.pagings.flatMap(({ notes }) => notes.map(({ id }) => id)),
  ];
}

function taskKey(record: RequestRecord, taskId: string): string {
  return `${record.request.id} ${taskId}`;
}
