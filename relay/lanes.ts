/**
 * Work that is in order for each request and side by side across requests. Holds no state of its own beyond what waits.
 */

/** Most lanes that work at once: enough to hide Teleport's latency, few enough not to flood it. */
export const MAX_LANES_AT_ONCE = 64;

type Work = () => Promise<void>;

export class Lanes {
  readonly #waiting = new Map<string, Work[]>();
  readonly #ready: string[] = [];
  readonly #failed: (error: unknown, lane: string) => void;
  readonly #began: () => () => void;
  #working = 0;

  /**
   * `failed` is told of an error that work let out; the lane goes on. `began` is told when a piece of work begins, and what
   * it returns when that has ended.
   */
  constructor(failed: (error: unknown, lane: string) => void, began: () => () => void = () => () => {}) {
    this.#failed = failed;
    this.#began = began;
  }

  /** Adds work behind what its lane has already. */
  add(lane: string, work: Work): void {
    const waiting = this.#waiting.get(lane);
    if (waiting !== undefined) {
      waiting.push(work);
      return;
    }
    this.#waiting.set(lane, [work]);
    this.#ready.push(lane);
    this.#begin();
  }

  #begin(): void {
    while (this.#working < MAX_LANES_AT_ONCE) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      this.#working++;
      void this.#workOne(lane);
    }
  }

  // One piece at a time, so that a long lane does not keep its place from others.
  async #workOne(lane: string): Promise<void> {
    const waiting = this.#waiting.get(lane) ?? [];
    const work = waiting.shift();
    const ended = this.#began();
    try {
      await work?.();
    } catch (error) {
      this.#failed(error, lane);
    } finally {
      ended();
    }
    if (waiting.length > 0) this.#ready.push(lane);
    else this.#waiting.delete(lane);
    this.#working--;
    this.#begin();
  }
}
