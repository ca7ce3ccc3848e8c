/** How often what has happened in a run, for people to see that it was not an idle one. */

export class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string, times = 1): void {
    this.#counts.set(what, this.of(what) + times);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** Everything counted under a prefix, the prefix taken off, most frequent first. */
  under(prefix: string): [what: string, times: number][] {
    return [...this.#counts]
      .filter(([what]) => what.startsWith(prefix))
      .map(([what, times]): [string, number] => [what.slice(prefix.length), times])
      .sort(([, one], [, other]) => other - one);
  }

  /** The sum of everything counted under a prefix. */
  total(prefix: string): number {
    return this.under(prefix).reduce((sum, [, times]) => sum + times, 0);
  }
}
