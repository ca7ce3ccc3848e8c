/** The stand-in Teleport as a process of its own, which writes down to the fraction of a millisecond what arrives when. */

import { liveRequestFor } from "../../../relay/access-request.ts";
import type { AccessRequest as Message } from "../../../relay/gen/teleport_pb.ts";
import { bindingData } from "../../../relay/plugin-data.ts";
import { type AccessRequest, digestOf } from "../../../shared/access-request.ts";
import { FakeTeleport } from "../../fakes/teleport.ts";
import { CLUSTER, PEOPLE, SERVICE } from "../../stage/stage.ts";
import { monotonicMs, until } from "../monotonic.ts";
import { perform } from "./actor.ts";

/** Room for everything that a case sends at once: what a watch loses is another matter than how fast it is. */
const WATCH_QUEUE_EVENTS = 200_000;

/** Hours, in ms, that nothing expires in. */
const LONG_MS = 6 * 24 * 3_600_000;

/** So many events are sent before it is waited until they have gone. */
const EVENTS_AT_ONCE = 2_000;

/** A request, and when it was made, in ms of the machine's clock. */
export interface Made {
  readonly requestId: string;
  readonly atMs: number;
}

let teleport: FakeTeleport;
const decidedMs = new Map<string, number>();
let firstCallMs: number | undefined;

/** What it can be asked. */
const deeds = {
  /** Begins, and writes the relay's credentials into a folder; where it serves. */
  async start(directory: string): Promise<string> {
    teleport = await FakeTeleport.start({
      version: "18",
      clusterName: CLUSTER,
      proxyPublicAddr: `${CLUSTER}:443`,
      watchQueueEvents: WATCH_QUEUE_EVENTS,
      accessTtlMs: LONG_MS,
      keptCalls: 100_000,
    });
    await teleport.writeIdentityFiles(directory);
    hear();
    return teleport.address;
  },

  /** Makes requests, so many a second, or all at once. */
  async ask(count: number, ratePerSecond = Number.POSITIVE_INFINITY): Promise<Made[]> {
    const made: Made[] = [];
    const startMs = monotonicMs();
    for (let index = 0; index < count; index++) {
      await until(startMs + (index * 1000) / ratePerSecond);
      const atMs = monotonicMs();
      made.push({ requestId: idOf(newRequest()), atMs });
    }
    return made;
  },

  /** Makes requests as {@link ask} does; they as the relay reads them. */
  async prepare(count: number): Promise<AccessRequest[]> {
    return Array.from({ length: count }, () => {
      const request = liveRequestFor(newRequest())?.request;
      if (request === undefined) throw new Error("the stand-in made no request");
      return request;
    });
  },

  /** Binds an incident to each request, as the relay would have. */
  async bind(requests: readonly { readonly request: AccessRequest; readonly incidentId: string }[]): Promise<void> {
    for (const { request, incidentId: incident } of requests) {
      const data = bindingData(request, digestOf(CLUSTER, request), [{ service: SERVICE, incident }]);
      teleport.storePluginData(request.id, data);
    }
  },

  /** Whether an incident is bound to a request. */
  async isBound(requestId: string): Promise<boolean> {
    return (teleport.pluginData(requestId).incidents ?? "") !== "";
  },

  /** When each request was asked to be resolved, since this was asked last. */
  async decided(): Promise<ReadonlyMap<string, number>> {
    const told = new Map(decidedMs);
    decidedMs.clear();
    return told;
  },

  /** How many were asked to be resolved, since {@link decided} was asked last. */
  async decidedCount(): Promise<number> {
    return decidedMs.size;
  },

  /** How often each RPC was called, in all. */
  async calls(): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (const { rpc } of teleport.calls) counts[rpc] = (counts[rpc] ?? 0) + 1;
    return counts;
  },

  async stop(): Promise<void> {
    await teleport.stop();
    firstCallMs = undefined;
  },

  async restart(): Promise<void> {
    await teleport.restart();
  },

  /** When the first call came after it was stopped last. */
  async firstCall(): Promise<number | undefined> {
    return firstCallMs;
  },

  /** Sends so many events of requests that are there already, no faster than they are taken. */
  async churn(count: number): Promise<void> {
    const ids = teleport.requests().map(idOf);
    for (let sent = 0; sent < count; sent++) {
      teleport.repeatPut(ids[sent % ids.length] ?? "");
      if (sent % EVENTS_AT_ONCE === 0) await taken();
    }
    await taken();
  },
};

export type TeleportDeeds = typeof deeds;

function newRequest(): Message {
  return teleport.createRequest({
    user: PEOPLE.alice.email,
    roles: ["dba", "auditor"],
    reason: "the nightly migration hangs, ticket OPS-2231",
  });
}

function idOf({ metadata }: Message): string {
  return metadata?.name ?? "";
}

/** Writes down what matters of each call as it arrives. */
function hear(): void {
  const never = { timeoutMs: 2 ** 31 - 1 };
  // Nothing is what is waited for, so that everything is looked at.
  void teleport.waitForCall("setAccessRequestState", ({ id }) => !decidedMs.set(id, monotonicMs()), never);
  for (const rpc of ["ping", "watchEvents"] as const) void teleport.waitForCall(rpc, noted, never);
}

function noted(): boolean {
  firstCallMs ??= monotonicMs();
  return false;
}

/** Every event that was sent has gone. */
async function taken(): Promise<void> {
  do await new Promise((resolve) => setTimeout(resolve, 1));
  while (teleport.queuedEvents > 0);
}

perform(deeds);
