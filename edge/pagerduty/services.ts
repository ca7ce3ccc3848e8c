/**
 * The account's services as PagerDuty lists them: which one a name or an id means, and what hangs on it. Asked once,
 * remembered for a while. It never guesses: what PagerDuty does not have or does not show is nobody's.
 */
import { userText } from "../../shared/listing.ts";
import type { PagerDuty } from "../pagerduty.ts";
import { type Destination, destinationsFor, foldedName, type Routing, route, targetsWithinLimit } from "../routing.ts";
import type { Service } from "./answers.ts";
import { isRefused } from "./error.ts";
import { Memory } from "./memory.ts";

/** How long what PagerDuty said of a service is good for, in ms; and that it has none, which is soon mended. */
export const REMEMBER_SERVICES_MS = 5 * 60_000;
export const REMEMBER_NO_SERVICE_MS = 30_000;

/** Longest name that is looked for, in characters: PagerDuty takes none that is longer. */
const MAX_NAME_CHARACTERS = 255;

/** What may be an id, and so is looked for as one first. */
const ID = /^[A-Z0-9][A-Z0-9_-]{3,63}$/;

export interface ServicesOptions {
  readonly pagerDuty: PagerDuty;
  /** The cluster's own service. */
  readonly serviceId: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
}

export class Services {
  readonly #options: ServicesOptions;
  readonly #byId: Memory<Service | null>;
  readonly #byName: Memory<Service | null>;
  readonly #all: Memory<readonly Service[]>;

  constructor(options: ServicesOptions) {
    const { now } = options;
    const forMs = (service: Service | null) => (service === null ? REMEMBER_NO_SERVICE_MS : REMEMBER_SERVICES_MS);
    this.#options = options;
    this.#byId = new Memory({ now, forMs });
    this.#byName = new Memory({ now, forMs });
    this.#all = new Memory({ now, forMs: () => REMEMBER_NO_SERVICE_MS });
  }

  /** Where these names and ids lead, as far as that can be told without asking PagerDuty. */
  routing(targets: readonly string[]): Routing {
    return route(targets, this.#options.serviceId, (target) => this.#known(target));
  }

  /** Where these names and ids lead. Throws a `PagerDutyError` when asking again can help. */
  async destinations(targets: readonly string[]): Promise<readonly Destination[]> {
    const { serviceId } = this.#options;
    const asked = targetsWithinLimit(targets).map(async (target) => [target, await this.#find(target)] as const);
    const ids = new Map(await Promise.all(asked));
    return destinationsFor(targets, serviceId, (target) => ids.get(target) ?? null);
  }

  /** A service by its id; null when PagerDuty has none or does not show it. Throws as {@link destinations} does. */
  service(serviceId: string): Promise<Service | null> {
    return this.#byId.recall(serviceId, () => orNull(() => this.#options.pagerDuty.service(serviceId)));
  }

  /** A service's escalation policy, who is on call for it; null when PagerDuty names none. Throws likewise. */
  async escalationPolicyId(serviceId: string): Promise<string | null> {
    return (await this.service(serviceId))?.escalationPolicyId ?? null;
  }

  #known(target: string): string | null | undefined {
    if (target === this.#options.serviceId) return target;
    if (target.length > MAX_NAME_CHARACTERS) return null;
    const byId = ID.test(target) ? this.#byId.known(target) : null;
    return byId === null ? idOf(this.#byName.known(foldedName(target))) : idOf(byId);
  }

  async #find(target: string): Promise<string | null> {
    const known = this.#known(target);
    if (known !== undefined) return known;
    const byId = ID.test(target) ? await this.service(target) : null;
    const found = byId ?? (await this.#byName.recall(foldedName(target), () => this.#named(target)));
    return found?.id ?? null;
  }

  // A query finds it with one call; only the whole list can say that there is none, whatever a query understands.
  async #named(target: string): Promise<Service | null> {
    const { pagerDuty, fault } = this.#options;
    const wanted = foldedName(target);
    const isWanted = ({ name }: Service): boolean => foldedName(name.trim()) === wanted;
    const found = await orNull(async () => {
      const matching = (await pagerDuty.services(target)).find(isWanted);
      return matching ?? (await this.#all.recall("", () => pagerDuty.services(null))).find(isWanted) ?? null;
    });
    if (found !== null) this.#byId.remember(found.id, found);
    else fault(`no service "${userText(target)}" was found in PagerDuty: requests for it are paged on service_id`);
    return found;
  }
}

function idOf(service: Service | null | undefined): string | null | undefined {
  return service === null ? null : service?.id;
}

async function orNull<Value>(ask: () => Promise<Value>): Promise<Value | null> {
  try {
    return await ask();
  } catch (error) {
    if (isRefused(error)) return null;
    throw error;
  }
}
