/** What the edge is known to have of requests, from its `welcome` and from what it was sent since. One for each link. */
import { type AccessRequest, digestOf } from "../../shared/access-request.ts";
import type { OpenAtEdge } from "../link/handlers.ts";

interface Had extends OpenAtEdge {
  readonly requestExpiresMs: number | null;
}

export class AtEdge {
  readonly #cluster: string;
  readonly #open: Map<string, Had>;

  constructor(cluster: string, open: ReadonlyMap<string, OpenAtEdge>) {
    this.#cluster = cluster;
    this.#open = new Map([...open].map(([id, has]) => [id, { ...has, requestExpiresMs: null }]));
  }

  /** Whether it lacks a request, or has it otherwise. */
  lacks(request: AccessRequest): boolean {
    const has = this.#open.get(request.id);
    const digest = digestOf(this.#cluster, request);
    return has === undefined || has.digest !== digest || has.reviews < request.reviews.length;
  }

  /** Whether it has a request that asks for something else. */
  hasOther(request: AccessRequest): boolean {
    const has = this.#open.get(request.id);
    return has !== undefined && has.digest !== digestOf(this.#cluster, request);
  }

  /** Whether it has a request as it is, but for its latest reviews. */
  lacksReviewsOf(request: AccessRequest): boolean {
    const has = this.#open.get(request.id);
    return has?.digest === digestOf(this.#cluster, request) && has.reviews < request.reviews.length;
  }

  /** It was sent a request as it is. */
  sent(request: AccessRequest): void {
    const { id, reviews, requestExpiresMs } = request;
    this.#open.set(id, { digest: digestOf(this.#cluster, request), reviews: reviews.length, requestExpiresMs });
  }

  /** It asks something about a request, which is open there then: another relay may have told of it. */
  heard(requestId: string, digest: string): void {
    if (!this.#open.has(requestId)) this.#open.set(requestId, { digest, reviews: 0, requestExpiresMs: null });
  }

  /** It has a request otherwise than was thought: another relay has told of it since. */
  hasAs(requestId: string, digest: string): void {
    const has = this.#open.get(requestId);
    if (has !== undefined) this.#open.set(requestId, { ...has, digest });
  }

  /** Whether a request is open there. */
  has(requestId: string): boolean {
    return this.#open.has(requestId);
  }

  /** It knows that a request is over. */
  ended(requestId: string): void {
    this.#open.delete(requestId);
  }

  /** When a request ends, where that was sent; null or undefined otherwise. */
  expiryOf(requestId: string): number | null | undefined {
    return this.#open.get(requestId)?.requestExpiresMs;
  }

  /** Ids of the requests that are open there. */
  get ids(): string[] {
    return [...this.#open.keys()];
  }
}
