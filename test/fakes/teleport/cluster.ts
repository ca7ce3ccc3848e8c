// Everything of the stand-in cluster that a call can touch, and how it is put together.

import { Faults } from "./faults.ts";
import { Inventory } from "./inventory.ts";
import { Journal } from "./journal.ts";
import type { FakeTeleportOptions } from "./options.ts";
import { PluginDataStore } from "./plugin-data.ts";
import { type RequestListener, Requests } from "./requests.ts";
import type { Caller, Transport } from "./transport.ts";
import { Users } from "./users.ts";
import { BEHAVIOURS, type Behaviour } from "./versions.ts";
import { Watchers } from "./watchers.ts";

/** The parts, and how the cluster is set up. */
export interface Cluster {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly users: Users;
  readonly requests: Requests;
  readonly pluginData: PluginDataStore;
  readonly inventory: Inventory;
  readonly watchers: Watchers;
  readonly journal: Journal;
  readonly faults: Faults;
  /** Reviews work at all. */
  readonly hasEnterprise: boolean;
  /** Reviews may be submitted in the name of users (18.11). */
  readonly takesReviewsForOthers: boolean;
  /** The proxy's public address that Ping tells, "" for none. */
  readonly proxyPublicAddr: string;
  /** The largest page of any listing. */
  readonly listLimit: number;
  /** How long INIT of later watches takes. */
  initDelayMs: number;
  /** Who is behind `call.getPeer()`. */
  readonly callerOf: (peer: string) => Caller;
}

const DEFAULT_ACCESS_TTL_MS = 30 * 3_600_000;
const DEFAULT_LIST_LIMIT = 16_000;
const DEFAULT_KEPT_CALLS = 10_000;
const DEFAULT_QUEUE_EVENTS = 64;

/** An empty cluster. `changed` hears of every change of a request, after the watches. */
export function newCluster(
  name: string,
  options: FakeTeleportOptions,
  transport: Transport,
  changed: RequestListener,
): Cluster {
  const behaviour = BEHAVIOURS[options.version ?? "7.0"];
  const { now = Date.now, accessTtlMs = DEFAULT_ACCESS_TTL_MS, requestableRoles, watchLagMs = 0 } = options;
  const watchers = new Watchers(options.watchQueueEvents ?? DEFAULT_QUEUE_EVENTS, watchLagMs, behaviour.overflowEnd);
  const requests = new Requests({ behaviour, accessTtlMs, requestableRoles, now }, (id, request) => {
    if (request === undefined) {
      watchers.delete("access_request", "", "v3", id);
    } else {
      watchers.put(request);
    }
    changed(id, request);
  });
  return {
    name,
    behaviour,
    users: new Users(behaviour),
    requests,
    pluginData: new PluginDataStore(now),
    inventory: new Inventory(),
    watchers,
    journal: new Journal(options.keptCalls ?? DEFAULT_KEPT_CALLS, now),
    faults: new Faults(),
    hasEnterprise: options.enterprise ?? false,
    takesReviewsForOthers: options.reviewsForOthers ?? false,
    proxyPublicAddr: options.proxyPublicAddr ?? "",
    listLimit: options.listLimit ?? DEFAULT_LIST_LIMIT,
    initDelayMs: 0,
    callerOf: (peer) => transport.callerOf(peer),
  };
}
