// Waiting for a request to become something, instead of sleeping.

import type { AccessRequest } from "../../../relay/gen/teleport_pb.ts";
import { RequestState } from "../../../relay/gen/teleport_pb.ts";
import { stateName } from "./reviews.ts";

type Predicate = (request: AccessRequest | undefined) => boolean;

const DEFAULT_TIMEOUT_MS = 5_000;

/** The waits on all requests, by id. */
export class RequestWaits {
  readonly #waiting = new Map<string, Set<(request: AccessRequest | undefined) => void>>();
  readonly #current: (id: string) => AccessRequest | undefined;

  constructor(current: (id: string) => AccessRequest | undefined) {
    this.#current = current;
  }

  /** Tells those who wait for `id`. */
  changed(id: string, request: AccessRequest | undefined): void {
    for (const tell of this.#waiting.get(id) ?? []) {
      tell(request);
    }
  }

  /** Resolves once `predicate` holds, at once if it does. Rejects with what the request is when time is up. */
  wait(id: string, predicate: Predicate, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<AccessRequest | undefined> {
    const current = this.#current(id);
    return predicate(current) ? Promise.resolve(current) : this.#next(id, predicate, timeoutMs);
  }

  #next(id: string, predicate: Predicate, timeoutMs: number): Promise<AccessRequest | undefined> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting);
      const tell = (request: AccessRequest | undefined) => {
        if (predicate(request)) {
          clearTimeout(timer);
          waiting.delete(tell);
          resolve(request);
        }
      };
      const timer = setTimeout(() => {
        waiting.delete(tell);
        reject(new Error(`Not so within ${timeoutMs} ms: access request ${id} ${describe(this.#current(id))}.`));
      }, timeoutMs);
      waiting.add(tell);
    });
  }
}

function describe(request: AccessRequest | undefined): string {
  const spec = request?.spec;
  if (spec === undefined) {
    return "is not there";
  }
  const state = stateName(spec.state ?? RequestState.NONE);
  return `is ${state}, with ${spec.reviews.length} reviews and the resolve reason "${spec.resolveReason}"`;
}
