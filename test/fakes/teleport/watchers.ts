// The open watches. Each has a queue of events that a burst can overflow, which ends the watch and loses what was
// queued, as real servers do. Nothing is replayed to a watch that opens later.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import {
  type AccessRequest,
  type EventSchema,
  Operation,
  RequestState,
  type Watch,
  type WatchKind,
} from "../../../relay/gen/teleport_pb.ts";
import { badParameter, type Refusal } from "./refusal.ts";
import { stateName } from "./reviews.ts";

/** One event, or the fields to make it of. */
export type EventInit = MessageInitShape<typeof EventSchema>;

/** An open WatchEvents call. */
export type WatchCall = ServerWritableStream<Watch, EventInit>;

const FILTER_KEYS = ["id", "user", "state"];

/** The refusal of a watch whose kinds or filters make no sense. */
export function checkWatch(kinds: readonly WatchKind[]): Refusal | undefined {
  for (const { filter } of kinds) {
    const unknown = Object.keys(filter).find((key) => !FILTER_KEYS.includes(key));
    if (unknown !== undefined) {
      return badParameter(`unknown filter key "${unknown}"`);
    }
    const state = filter.state;
    if (state !== undefined && !Object.hasOwn(RequestState, state)) {
      return badParameter(`unknown request state "${state}"`);
    }
  }
  return undefined;
}

/** The watches of one server. `queueEvents` is each one's room; `lagMs` is how long an event waits before it is sent. */
export class Watchers {
  readonly #watchers = new Set<Watcher>();
  readonly #queueEvents: number;
  readonly #lagMs: number;
  readonly #overflowEnd: Refusal | undefined;

  constructor(queueEvents: number, lagMs: number, overflowEnd: Refusal | undefined) {
    this.#queueEvents = queueEvents;
    this.#lagMs = lagMs;
    this.#overflowEnd = overflowEnd;
  }

  get count(): number {
    return this.#watchers.size;
  }

  /** Events that wait to be sent. */
  get queuedEvents(): number {
    return [...this.#watchers].reduce((sum, { queue }) => sum + queue.length, 0);
  }

  /** Sends INIT and then what `kinds` ask for, until the call ends. */
  open(call: WatchCall, kinds: readonly WatchKind[], init: EventInit): void {
    const watcher: Watcher = { call, kinds, queue: [], isSending: false };
    this.#watchers.add(watcher);
    const forget = () => this.#watchers.delete(watcher);
    call.on("cancelled", forget);
    call.on("close", forget);
    call.on("error", forget);
    call.write(init);
  }

  /** A request's new record: to the watches whose filter it passes. */
  put(request: AccessRequest): void {
    const event: EventInit = { type: Operation.PUT, resource: { case: "accessRequest", value: request } };
    this.#publish(event, (kind) => kind.kind === "access_request" && passesFilter(request, kind.filter));
  }

  /** The end of a resource: its header only, to every watch of its kind, whatever the filter. */
  delete(kind: string, subKind: string, version: string, name: string): void {
    const value = { kind, subKind, version, metadata: { name, namespace: "default" } };
    const event: EventInit = { type: Operation.DELETE, resource: { case: "resourceHeader", value } };
    this.#publish(event, (watched) => watched.kind === kind);
  }

  /** Any other event, to every watch of its kind. */
  send(kind: string, event: EventInit): void {
    this.#publish(event, (watched) => watched.kind === kind);
  }

  /** Ends every watch; without a refusal the streams end OK. */
  end(refusal: Refusal | undefined): void {
    for (const watcher of [...this.#watchers]) {
      this.#end(watcher, refusal);
    }
  }

  #publish(event: EventInit, concerns: (kind: WatchKind) => boolean): void {
    for (const watcher of this.#watchers) {
      if (!watcher.kinds.some(concerns)) {
        continue;
      }
      if (watcher.queue.length >= this.#queueEvents) {
        this.#end(watcher, this.#overflowEnd);
        continue;
      }
      watcher.queue.push(event);
      this.#schedule(watcher);
    }
  }

  #schedule(watcher: Watcher): void {
    if (watcher.isSending) {
      return;
    }
    watcher.isSending = true;
    if (this.#lagMs > 0) {
      setTimeout(() => this.#send(watcher), this.#lagMs).unref();
    } else {
      setImmediate(() => this.#send(watcher));
    }
  }

  #send(watcher: Watcher): void {
    watcher.isSending = false;
    while (watcher.queue.length > 0 && this.#watchers.has(watcher)) {
      const event = watcher.queue.shift();
      if (event !== undefined && !watcher.call.write(event)) {
        watcher.isSending = true;
        watcher.call.once("drain", () => this.#send(watcher));
        return;
      }
    }
  }

  #end(watcher: Watcher, refusal: Refusal | undefined): void {
    this.#watchers.delete(watcher);
    watcher.queue.length = 0;
    if (refusal === undefined || refusal.code === status.OK) {
      watcher.call.end();
    } else {
      watcher.call.emit("error", { code: refusal.code, details: refusal.message });
    }
  }
}

interface Watcher {
  readonly call: WatchCall;
  readonly kinds: readonly WatchKind[];
  readonly queue: EventInit[];
  isSending: boolean;
}

function passesFilter(request: AccessRequest, filter: WatchKind["filter"]): boolean {
  const { id = "", user = "", state = "" } = filter;
  return (
    (id === "" || request.metadata?.name === id) &&
    (user === "" || request.spec?.user === user) &&
    (state === "" || stateName(request.spec?.state ?? RequestState.NONE) === state)
  );
}
