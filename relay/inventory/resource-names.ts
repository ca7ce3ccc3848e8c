/**
 * The names that people know requested resources by. They help to read a page and nothing more: what cannot be had in good
 * time, or at all, is left out.
 */
import type { AccessRequest, RequestedResource } from "../../shared/access-request.ts";
import type { Logger } from "../../shared/log.ts";
import type { TeleportPort } from "../teleport/port.ts";
import { hasFriendlyNames } from "../teleport/resource-listing.ts";
import type { Clock } from "../time/clock.ts";
import { ExpiringMap } from "../time/expiring-map.ts";
import { within } from "../time/within.ts";

/** The longest that a page waits for names, in ms. */
export const NAMES_WITHIN_MS = 1_500;

/** How long a name is believed, or that there is none, in ms. */
const NAME_LIFE_MS = 5 * 60_000;

/** How long a kind that could not be listed is not asked for again, in ms. */
const KIND_REST_MS = 60_000;

/** Most names kept, and most that are looked up for one request. */
const MAX_NAMES = 20_000;
const MAX_NAMES_PER_REQUEST = 300;

export interface ResourceNamesOptions {
  readonly cluster: string;
  readonly teleport: Pick<TeleportPort, "resourceNames">;
  readonly clock: Clock;
  readonly log: Logger;
}

export class ResourceNames {
  readonly #options: ResourceNamesOptions;
  /** By kind and name; empty for a resource that has no other name. */
  readonly #known: ExpiringMap<string, string>;
  readonly #resting: ExpiringMap<string, true>;
  readonly #saidOf = new Set<string>();

  constructor(options: ResourceNamesOptions) {
    const now = (): number => options.clock.now();
    this.#options = options;
    this.#known = new ExpiringMap({ maxEntries: MAX_NAMES, lifeMs: NAME_LIFE_MS, now });
    this.#resting = new ExpiringMap({ maxEntries: 100, lifeMs: KIND_REST_MS, now });
  }

  /** Whether every name that can be had for a request is known. */
  hasAll(request: AccessRequest): boolean {
    return this.#unknown(request).size === 0;
  }

  /** Finds out the names that a request lacks, for {@link NAMES_WITHIN_MS} at most. Never rejects. */
  async find(request: AccessRequest): Promise<void> {
    const lookUps = [...this.#unknown(request)].map(([kind, names]) => this.#findOf(kind, names));
    await within(this.#options.clock, NAMES_WITHIN_MS, Promise.all(lookUps));
  }

  /** The request with the names that are known. */
  named(request: AccessRequest): AccessRequest {
    if (request.resources.length === 0) return request;
    return { ...request, resources: request.resources.map((resource) => this.#named(resource)) };
  }

  #named(resource: RequestedResource): RequestedResource {
    const friendlyName = this.#isOurs(resource) ? this.#known.get(keyOf(resource.kind, resource.name)) : undefined;
    return friendlyName ? { ...resource, friendlyName } : resource;
  }

  /** The names to look up, by kind. */
  #unknown({ resources }: AccessRequest): Map<string, Set<string>> {
    const unknown = new Map<string, Set<string>>();
    for (const resource of resources.slice(0, MAX_NAMES_PER_REQUEST)) {
      const { kind, name } = resource;
      if (!this.#isOurs(resource) || this.#resting.has(kind) || this.#known.has(keyOf(kind, name))) continue;
      unknown.set(kind, (unknown.get(kind) ?? new Set()).add(name));
    }
    return unknown;
  }

  // Another cluster's resources are not listed by ours.
  #isOurs({ cluster, kind }: RequestedResource): boolean {
    return cluster === this.#options.cluster && hasFriendlyNames(kind);
  }

  async #findOf(kind: string, names: ReadonlySet<string>): Promise<void> {
    try {
      const found = await this.#options.teleport.resourceNames(kind, [...names], NAMES_WITHIN_MS);
      for (const name of names) this.#known.set(keyOf(kind, name), found.get(name) ?? "");
    } catch (error) {
      this.#resting.set(kind, true);
      const problem = error instanceof Error ? error.message : String(error);
      this.#options.log[this.#saidOf.has(kind) ? "debug" : "warn"]("Resources are shown by their ids alone", {
        kind,
        problem,
      });
      this.#saidOf.add(kind);
    }
  }
}

function keyOf(kind: string, name: string): string {
  return `${kind}/${name}`;
}
