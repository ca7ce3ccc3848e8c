// Faults on demand: calls that fail, calls that hang. Each strikes before the call has its effect, or after it, when
// only the answer is lost.

import type { RpcName } from "./journal.ts";
import type { Refusal } from "./refusal.ts";

/** When a fault strikes: before the call has its effect, or after. */
export type FaultMoment = "before" | "after";

interface Failure {
  readonly refusal: Refusal;
  times: number;
}

interface Hang {
  readonly released: Promise<void>;
  readonly release: () => void;
}

/** The faults that are set, by RPC and moment. */
export class Faults {
  readonly #failures = new Map<string, Failure[]>();
  readonly #hangs = new Map<string, Hang>();

  failNext(rpc: RpcName, refusal: Refusal, times: number, moment: FaultMoment): void {
    const key = `${moment} ${rpc}`;
    this.#failures.set(key, [...(this.#failures.get(key) ?? []), { refusal, times }]);
  }

  hang(rpc: RpcName, moment: FaultMoment): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hangs.set(`${moment} ${rpc}`, { released: promise, release: resolve });
  }

  /** Lets hanging calls of `rpc` go on, in both moments. */
  release(rpc: RpcName): void {
    for (const key of [`before ${rpc}`, `after ${rpc}`]) {
      this.#hangs.get(key)?.release();
      this.#hangs.delete(key);
    }
  }

  /** Forgets every fault and lets every hanging call go on. */
  clear(): void {
    this.#failures.clear();
    for (const hang of this.#hangs.values()) {
      hang.release();
    }
    this.#hangs.clear();
  }

  /** Resolves when nothing holds the call back; undefined, without a turn of the event loop, when nothing does. */
  held(rpc: RpcName, moment: FaultMoment): Promise<void> | undefined {
    return this.#hangs.get(`${moment} ${rpc}`)?.released;
  }

  /** Takes one failure that is due, if any. */
  take(rpc: RpcName, moment: FaultMoment): Refusal | undefined {
    const key = `${moment} ${rpc}`;
    const [first, ...rest] = this.#failures.get(key) ?? [];
    if (first === undefined) {
      return undefined;
    }
    first.times -= 1;
    if (first.times <= 0) {
      this.#failures.set(key, rest);
    }
    return first.refusal;
  }
}
