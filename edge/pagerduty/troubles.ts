/**
 * What is wrong with PagerDuty, as the outbox's calls show it. What somebody has to mend stands until that very work
 * succeeds; what passes by itself stands until anything does. In memory.
 */

/** Most pieces of work whose trouble is remembered. */
const MAX_REMEMBERED = 1000;

export class Troubles {
  /** What has to be mended, by the work that showed it. */
  readonly #mending = new Map<string, string>();
  #passing: string | null = null;

  /** A piece of work failed; what an operator should know now. The first of what passes stands for all that follow. */
  seen(work: string, problem: string, passes: boolean): string | null {
    if (passes) this.#passing ??= problem;
    else if (this.#mending.size < MAX_REMEMBERED || this.#mending.has(work)) this.#mending.set(work, problem);
    return this.#standing;
  }

  /** A piece of work succeeded; what an operator should still know. */
  ended(work: string): string | null {
    this.#mending.delete(work);
    this.#passing = null;
    return this.#standing;
  }

  get #standing(): string | null {
    const [first] = this.#mending.values();
    return first ?? this.#passing;
  }
}
