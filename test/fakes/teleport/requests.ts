// The stand-in cluster's access requests: what may become of each, and when its record ends. Every change makes a new
// record and is told once; records that were handed out never change. Knows no caller's rights.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import {
  type AccessRequest,
  type AccessRequestFilter,
  type AccessRequestSpec,
  type AccessReview,
  LabelValuesSchema,
  RequestState,
  type RequestStateSetter,
} from "../../../relay/gen/teleport_pb.ts";
import { newRequestFor, type RequestRules } from "./new-request.ts";
import { badParameter, notFound, Refusal } from "./refusal.ts";
import { reviewFor, stateAfterReviews, stateName } from "./reviews.ts";

/** A change of one request: the new record, or undefined when it is gone. */
export type RequestListener = (id: string, request: AccessRequest | undefined) => void;

interface Stored {
  readonly request: AccessRequest;
  readonly endsMs: number;
  readonly timer: NodeJS.Timeout;
}

// Longer delays make Node's timers fire at once; nothing here lives that long.
const MAX_TIMER_MS = 2 ** 31 - 1;

/** All requests by id. */
export class Requests {
  readonly #stored = new Map<string, Stored>();
  readonly #rules: RequestRules;
  readonly #changed: RequestListener;

  constructor(rules: RequestRules, changed: RequestListener) {
    this.#rules = rules;
    this.#changed = changed;
  }

  get count(): number {
    return this.#stored.size;
  }

  get(id: string): AccessRequest | undefined {
    return this.#live(id)?.request;
  }

  /** Sorted by id, as real servers list them. Expired ones are listed by releases that sweep. */
  list(filter: AccessRequestFilter | undefined): AccessRequest[] {
    const { id = "", user = "", state = RequestState.NONE } = filter ?? {};
    const ids = id === "" ? [...this.#stored.keys()].sort() : [id];
    return ids.flatMap((each) => {
      const request = this.#live(each)?.request;
      const matches = (user === "" || request?.spec?.user === user) && (state === 0 || request?.spec?.state === state);
      return request !== undefined && matches ? [request] : [];
    });
  }

  /** Stores a new request. A dry run stores nothing. `pendingTtlMs` shortens the release's own. */
  create(sent: AccessRequest, pendingTtlMs?: number): AccessRequest | Refusal {
    const request = newRequestFor(sent, this.#rules);
    if (request instanceof Refusal || request.spec?.dryRun === true) {
      return request;
    }
    const id = idOf(request);
    if (this.#live(id) !== undefined) {
      return new Refusal(status.ALREADY_EXISTS, `access request "${id}" already exists`);
    }
    const ttlMs = Math.min(pendingTtlMs ?? Number.POSITIVE_INFINITY, this.#rules.behaviour.pendingTtlMs);
    return this.#store(request, Math.min(this.#rules.now() + ttlMs, accessEndMs(request)));
  }

  /** SetAccessRequestState: past thresholds, and silently over an earlier approval. */
  setState(setter: RequestStateSetter): Refusal | undefined {
    const { behaviour } = this.#rules;
    if (setter.id === "") {
      return badParameter(behaviour.emptyIdMessage);
    }
    const wrongState = this.#wrongState(setter.state);
    if (wrongState !== undefined) {
      return wrongState;
    }
    const stored = this.#live(setter.id);
    const spec = stored?.request.spec;
    if (stored === undefined || spec === undefined) {
      return notFound(`cannot set state of access request "${setter.id}" (not found)`);
    }
    if (spec.state === RequestState.DENIED && setter.state !== RequestState.DENIED) {
      return badParameter(`cannot set request-state "${stateName(setter.state)}" (already denied)`);
    }
    if (!behaviour.hasReasons) {
      this.#resolve(stored, { ...spec, state: setter.state || RequestState.PENDING });
      return undefined;
    }
    const wrongDetail = this.#wrongDetail(setter, spec);
    if (wrongDetail !== undefined) {
      return wrongDetail;
    }
    this.#resolve(stored, {
      ...spec,
      state: setter.state,
      resolveReason: setter.reason,
      resolveAnnotations: setter.annotations ?? create(LabelValuesSchema),
      roles: setter.roles.length > 0 ? setter.roles : spec.roles,
    });
    return undefined;
  }

  /** SubmitAccessReview by somebody who may review. Answers with the request as it then is. */
  review(id: string, sent: AccessReview | undefined, caller: string): AccessRequest | Refusal {
    const stored = this.#live(id);
    const spec = stored?.request.spec;
    if (stored === undefined || spec === undefined) {
      return notFound(`access request "${id}" not found`);
    }
    const review = reviewFor(sent, spec, caller, this.#rules.behaviour);
    if (review instanceof Refusal) {
      return review;
    }
    const reviewed: AccessRequestSpec = { ...spec, reviews: [...spec.reviews, review] };
    const state = spec.state === RequestState.PENDING ? stateAfterReviews(reviewed) : spec.state;
    return state === spec.state
      ? this.#store({ ...stored.request, spec: reviewed }, stored.endsMs)
      : this.#resolve(stored, { ...reviewed, state, resolveReason: review.reason });
  }

  /** Removes the record, whatever its state; false if there is none. Its end by time goes the same way. */
  delete(id: string): boolean {
    const stored = this.#stored.get(id);
    if (stored === undefined) {
      return false;
    }
    clearTimeout(stored.timer);
    this.#stored.delete(id);
    this.#changed(id, undefined);
    return true;
  }

  /** Tells the unchanged record once more. */
  repeat(id: string): void {
    const request = this.get(id);
    if (request !== undefined) {
      this.#changed(id, request);
    }
  }

  /** Makes a state that no call here can: PROMOTED, or one of a later release. */
  force(id: string, state: RequestState): void {
    const stored = this.#live(id);
    if (stored?.request.spec !== undefined) {
      this.#resolve(stored, { ...stored.request.spec, state });
    }
  }

  /** Ends all timers. */
  close(): void {
    for (const { timer } of this.#stored.values()) {
      clearTimeout(timer);
    }
  }

  #wrongState(state: RequestState): Refusal | undefined {
    if (state === RequestState.NONE) {
      return this.#rules.behaviour.refusesNoneState ? badParameter("missing request state") : undefined;
    }
    return state > RequestState.DENIED ? badParameter(`invalid request state: ${stateName(state)}`) : undefined;
  }

  #wrongDetail(setter: RequestStateSetter, spec: AccessRequestSpec): Refusal | undefined {
    const foreign = setter.roles.find((role) => !spec.roles.includes(role));
    if (foreign !== undefined) {
      return badParameter(`role "${foreign}" not in original request`);
    }
    if (setter.roles.length > 0 && setter.state !== RequestState.APPROVED) {
      return badParameter(`cannot override roles when setting state "${stateName(setter.state)}"`);
    }
    return Buffer.byteLength(setter.reason) > this.#rules.behaviour.maxReasonBytes
      ? badParameter(`reason is longer than ${this.#rules.behaviour.maxReasonBytes} bytes`)
      : undefined;
  }

  /** An approval keeps the record until the access ends; any other state leaves its end as it was. */
  #resolve(stored: Stored, spec: AccessRequestSpec): AccessRequest {
    const request = { ...stored.request, spec };
    return this.#store(request, spec.state === RequestState.APPROVED ? accessEndMs(request) : stored.endsMs);
  }

  #store(request: AccessRequest, endsMs: number): AccessRequest {
    const id = idOf(request);
    const { sweepGraceMs } = this.#rules.behaviour;
    clearTimeout(this.#stored.get(id)?.timer);
    const dueMs = endsMs + (sweepGraceMs ?? 0) - this.#rules.now();
    const timer = setTimeout(() => this.delete(id), Math.min(Math.max(dueMs, 0), MAX_TIMER_MS)).unref();
    const dated = dateRecord(request, endsMs, sweepGraceMs !== undefined);
    this.#stored.set(id, { request: dated, endsMs, timer });
    this.#changed(id, dated);
    return dated;
  }

  #live(id: string): Stored | undefined {
    const stored = this.#stored.get(id);
    const isSwept = this.#rules.behaviour.sweepGraceMs !== undefined;
    return stored !== undefined && (isSwept || stored.endsMs > this.#rules.now()) ? stored : undefined;
  }
}

function dateRecord(request: AccessRequest, endsMs: number, inSpec: boolean): AccessRequest {
  const { spec, metadata } = request;
  const ends = timestampFromMs(endsMs);
  if (inSpec) {
    return spec === undefined ? request : { ...request, spec: { ...spec, resourceExpiry: ends } };
  }
  return metadata === undefined ? request : { ...request, metadata: { ...metadata, expires: ends } };
}

function accessEndMs(request: AccessRequest): number {
  return request.spec?.expires === undefined ? 0 : timestampMs(request.spec.expires);
}

function idOf(request: AccessRequest): string {
  return request.metadata?.name ?? "";
}
