/**
 * Carries out what records ask of PagerDuty. What to do next is read off the stored record each time, so nothing is lost
 * with this object's memory; the memory only saves looking for what cannot be there yet. Requests go side by side, the work
 * of one incident in order, and all of it no faster than the account may be called: whoever clicked first, then what tells
 * people and what pages by turns, each oldest first.
 */
import type { Logger } from "../shared/log.ts";
import type { Ledger } from "./ledger.ts";
import { PagerDutyError } from "./pagerduty/error.ts";
import { type Pace, roomFromMs, roomIn } from "./pagerduty/pace.ts";
import { Troubles } from "./pagerduty/troubles.ts";
import type { RequestRecord } from "./record.ts";
import type { Requests } from "./requests.ts";
import { lookUpFailed } from "./steps/click.ts";
import { onCallFailed } from "./steps/on-call.ts";
import { pagingFailed } from "./steps/paging.ts";
import { routingFailed } from "./steps/request.ts";
import { incidentOf, type PagerDutyTask, pagerDutyTasks, RANK, type Rank, rankOf } from "./todo.ts";

/** Most calls to PagerDuty at once. A Worker's fetches beyond six connections wait for each other all the same. */
export const MAX_TASKS_AT_ONCE = 24;

/** How long a failure that only somebody's mending can end waits for its next attempt, in ms. */
export const MENDING_RETRY_MS = 60_000;

/** The pause where PagerDuty does not say how long, in ms; the pace makes it longer when it comes again. */
const PAUSE_MS = 1_000;

/** The part of the account's calls that paging leaves to answers, which people wait for. */
const KEPT_FOR_ANSWERS = 0.05;

/** Does one task and makes the step that follows; throws a `PagerDutyError` when PagerDuty did not do its part. */
export type Worker = (record: RequestRecord, task: PagerDutyTask, isFresh: boolean) => Promise<void>;

export interface OutboxOptions {
  readonly ledger: Ledger;
  readonly requests: () => Requests;
  readonly work: Worker;
  /** How fast the account may be called just now. */
  readonly pace: () => Pace;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Takes what an operator should know, once for each new kind of trouble; null when the trouble has ended. */
  readonly trouble: (problem: string | null) => void;
  /** Told that something waits for {@link Outbox.resumesMs} and nothing but an alarm will begin it. */
  readonly waits: () => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #underWay = new Set<string>();
  /** How much is under way of each request. */
  readonly #busy = new Map<string, number>();
  /** Tasks that came up in this object's life and have not been tried: PagerDuty cannot know of them yet. */
  readonly #fresh = new Set<string>();
  readonly #troubles = new Troubles();
  #pausedUntilMs = 0;
  /** Whether something is due that could not begin: what comes later must not go before it. */
  #isWaiting = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Begins whatever a changed record asks for and is due. */
  changed(record: RequestRecord, before: RequestRecord | undefined): void {
    const known = new Set(before === undefined ? [] : allTaskIds(before));
    for (const id of allTaskIds(record)) if (!known.has(id)) this.#fresh.add(taskKey(record, id));
    const isNew = before === undefined;
    if (!(isNew && this.#isWaiting)) this.begin(record);
  }

  /** Begins whatever a record asks for, is due, and is not under way. */
  begin(record: RequestRecord): void {
    const nowMs = this.#options.now();
    for (const task of pagerDutyTasks(record)) {
      const key = taskKey(record, task.id);
      if (task.dueMs > nowMs || this.#underWay.has(key)) continue;
      if (!this.#hasRoom(rankOf(task), nowMs)) this.#wait();
      else void this.#perform(record, task, key);
    }
  }

  /** Begins what is due of any request, as far as there is room. */
  beginDue(): void {
    const nowMs = this.#options.now();
    this.#isWaiting = false;
    for (const requestId of this.#dueByTurns(nowMs)) {
      if (!this.#hasRoom(RANK.click, nowMs)) return this.#wait();
      // What else a request asks for is begun as soon as what is under way of it has ended.
      if (this.#busy.has(requestId)) continue;
      const record = this.#readable(requestId);
      if (record !== undefined) this.begin(record);
    }
    if (this.#underWay.size >= MAX_TASKS_AT_ONCE) this.#isWaiting = true;
  }

  /** When nothing may be sent before, milliseconds since the epoch: PagerDuty asked for a pause. */
  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  /** When what waits can begin, milliseconds since the epoch; null when nothing waits, or the end of other work begins it. */
  get resumesMs(): number | null {
    if (!this.#isWaiting || this.#underWay.size >= MAX_TASKS_AT_ONCE) return null;
    const pace = this.#options.pace();
    const nowMs = this.#options.now();
    // What is under way may have been all that there was room for; its end is not waited for.
    const soonestMs = this.#underWay.size > 0 ? nowMs + PAUSE_MS : nowMs;
    return Math.max(soonestMs, this.#pausedUntilMs, roomFromMs(pace, keptOf(pace), nowMs));
  }

  *#dueByTurns(nowMs: number): Generator<string> {
    const { ledger } = this.#options;
    yield* ledger.dueOf(RANK.click, nowMs, MAX_TASKS_AT_ONCE);
    const telling = ledger.dueOf(RANK.telling, nowMs, MAX_TASKS_AT_ONCE);
    const paging = ledger.dueOf(RANK.paging, nowMs, MAX_TASKS_AT_ONCE);
    for (let turn = 0; turn < Math.max(telling.length, paging.length); turn++) {
      yield* telling.slice(turn, turn + 1);
      yield* paging.slice(turn, turn + 1);
    }
  }

  // Whatever is under way may be about to call.
  #hasRoom(rank: Rank, nowMs: number): boolean {
    if (nowMs < this.#pausedUntilMs || this.#underWay.size >= MAX_TASKS_AT_ONCE) return false;
    const pace = this.#options.pace();
    return roomIn(pace, nowMs) - this.#underWay.size > (rank === RANK.paging ? keptOf(pace) : 0);
  }

  #wait(): void {
    this.#isWaiting = true;
    if (this.#underWay.size < MAX_TASKS_AT_ONCE) this.#options.waits();
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
    const requestId = record.request.id;
    const isFresh = this.#fresh.delete(key);
    this.#underWay.add(key);
    this.#busy.set(requestId, (this.#busy.get(requestId) ?? 0) + 1);
    try {
      await work(record, task, isFresh);
      trouble(this.#troubles.ended(key));
    } catch (error) {
      if (error instanceof PagerDutyError) this.#failed(record, task, error, isFresh);
      else this.#broken(record, task, error);
    } finally {
      this.#over(requestId, key);
      const current = this.#options.ledger.load(requestId);
      if (current !== undefined) this.begin(current);
      if (this.#isWaiting) this.beginDue();
    }
  }

  #over(requestId: string, key: string): void {
    const left = (this.#busy.get(requestId) ?? 1) - 1;
    this.#underWay.delete(key);
    if (left > 0) this.#busy.set(requestId, left);
    else this.#busy.delete(requestId);
  }

  #failed(record: RequestRecord, task: PagerDutyTask, error: PagerDutyError, wasFresh: boolean): void {
    const { now, log, trouble } = this.#options;
    const key = taskKey(record, task.id);
    const about = { requestId: record.request.id, incidentId: incidentOf(task), task: task.task };
    if (wasFresh && !error.mayHaveHappened) this.#fresh.add(key);
    // Nothing is wrong with this one: it keeps its place, and all of them wait.
    if (error.code === "rate_limited") {
      log.debug("PagerDuty takes no more calls for now", about);
      return this.#pause(now() + (error.retryAfterMs ?? PAUSE_MS));
    }
    if (error.code === "unauthorized") this.#pause(now() + MENDING_RETRY_MS);
    trouble(this.#troubles.seen(key, error.message, error.retryable));
    log.warn("PagerDuty did not take it; trying again later", { ...about, problem: error.message });
    // The rate's reset, which comes with any answer, says nothing of when PagerDuty is well again.
    this.#retryLater(record, task, error.retryable ? null : MENDING_RETRY_MS);
  }

  #pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
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
      if (task.task === "on_call") return onCallFailed(current, failure);
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

// A pause ends with whatever is oldest: nothing is kept back from it.
function keptOf({ limit, pauses }: Pace): number {
  return pauses > 0 ? 0 : Math.floor(limit * KEPT_FOR_ANSWERS);
}

function taskKey(record: RequestRecord, taskId: string): string {
  return `${record.request.id} ${taskId}`;
}
