/**
 * What has to be known at once of all the requests that are alive: kept in memory, and rebuilt from the ledger when the
 * object wakes. There are few of them, however many have been.
 */
import type { Standing } from "../standing.ts";
import { RANK, type Rank } from "../todo.ts";
import { Agenda } from "./agenda.ts";

export class LiveRequests {
  readonly #all = new Map<string, Standing>();
  readonly #pending = new Set<string>();
  readonly #opening = new Set<string>();
  readonly #work = new Map<Rank, Agenda>(Object.values(RANK).map((rank) => [rank, new Agenda()]));
  readonly #expiry = new Agenda();

  /** How a request stands now; undefined once it is over. */
  put(id: string, standing: Standing | undefined): void {
    if (standing === undefined) this.#all.delete(id);
    else this.#all.set(id, standing);
    keep(this.#pending, id, standing?.isPending);
    keep(this.#opening, id, standing?.isOpening);
    for (const [rank, agenda] of this.#work) agenda.put(id, standing?.rank === rank ? standing.dueMs : null);
    this.#expiry.put(id, standing?.expiresMs ?? null);
  }

  has(id: string): boolean {
    return this.#all.has(id);
  }

  get all(): ReadonlyMap<string, Standing> {
    return this.#all;
  }

  /** The ids of those that are pending. */
  get pending(): ReadonlySet<string> {
    return this.#pending;
  }

  get isOpeningAny(): boolean {
    return this.#opening.size > 0;
  }

  /** Those whose most urgent work is of one rank and due, longest due first. */
  workDueBy(rank: Rank, nowMs: number, limit: number): string[] {
    return this.#work.get(rank)?.dueBy(nowMs, limit) ?? [];
  }

  /** How many there are of those. */
  countDueBy(rank: Rank, nowMs: number): number {
    return this.#work.get(rank)?.countBy(nowMs) ?? 0;
  }

  isAnyWorkDue(nowMs: number): boolean {
    return [...this.#work.values()].some((agenda) => agenda.dueBy(nowMs, 1).length > 0);
  }

  /** Those that have expired by a moment, the first of them first. */
  expiredBy(nowMs: number, limit: number): string[] {
    return this.#expiry.dueBy(nowMs, limit);
  }

  /** When the next work is due, or the next request expires, of what has not by a moment; null when never. */
  nextAfter(nowMs: number): number | null {
    const times = [...this.#work.values(), this.#expiry].flatMap((agenda) => agenda.nextAfter(nowMs) ?? []);
    return times.length === 0 ? null : Math.min(...times);
  }
}

function keep(ids: Set<string>, id: string, belongs: boolean | undefined): void {
  if (belongs) ids.add(id);
  else ids.delete(id);
}
