/**
 * Whether answers from a service reach us: PagerDuty's webhook subscriptions, listed and remembered for a while. Paging
 * never depends on it: where PagerDuty does not say, nothing is claimed.
 */
import { type Coverage, coverageOf } from "../check/coverage.ts";
import type { PagerDuty } from "../pagerduty.ts";
import type { Service, Subscription } from "./answers.ts";
import { PagerDutyError } from "./error.ts";
import { Memory } from "./memory.ts";

/** How long a list of subscriptions is good for, in ms; and that it could not be read. */
export const REMEMBER_SUBSCRIPTIONS_MS = 3 * 60_000;
export const REMEMBER_UNREADABLE_MS = 60_000;

/** How long it is good for to claim that a service is not covered, in ms: somebody may have mended that just now. */
export const REMEMBER_UNCOVERED_MS = 1_000;

type Listing =
  | { readonly kind: "listed"; readonly atMs: number; readonly subscriptions: readonly Subscription[] }
  | { readonly kind: "unreadable"; readonly problem: string };

export interface SubscriptionsOptions {
  readonly pagerDuty: Pick<PagerDuty, "subscriptions">;
  /** A service by its id; null when PagerDuty does not show it. */
  readonly service: (serviceId: string) => Promise<Service | null>;
  /** Where our webhook is; null while that is not known. */
  readonly webhookUrl: () => string | null;
  /** The event types that answers come by. */
  readonly events: () => readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
}

/** A service whose answers do not arrive, and why. */
export interface Uncovered {
  readonly serviceId: string;
  readonly problem: string;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #listing: Memory<Listing>;
  readonly #uncovered = new Map<string, string>();
  #last: Listing | undefined;
  #problem: string | null = null;

  constructor(options: SubscriptionsOptions) {
    const forMs = ({ kind }: Listing) => (kind === "listed" ? REMEMBER_SUBSCRIPTIONS_MS : REMEMBER_UNREADABLE_MS);
    this.#options = options;
    this.#listing = new Memory({ now: options.now, forMs });
  }

  /** Services that were found to be uncovered when last looked at. */
  get uncovered(): Uncovered[] {
    return [...this.#uncovered].map(([serviceId, problem]) => ({ serviceId, problem }));
  }

  /** When they were last listed, ms since the epoch; null: never in this life. */
  get listedMs(): number | null {
    return this.#last?.kind === "listed" ? this.#last.atMs : null;
  }

  /** Why the subscriptions could not be listed; null when they could, or were not asked for. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Somebody has just listed them. */
  listed(subscriptions: readonly Subscription[]): void {
    this.#problem = null;
    this.#last = this.#listing.remember("", { kind: "listed", atMs: this.#options.now(), subscriptions });
  }

  /** Whether answers from a service arrive; null when that cannot be told. Never rejects for what PagerDuty does. */
  async covers(serviceId: string): Promise<boolean | null> {
    const remembered = await this.#coverage(serviceId);
    const coverage = remembered?.kind === "uncovered" ? await this.#coverageNow(serviceId) : remembered;
    if (coverage === null) return null;
    const before = this.#uncovered.get(serviceId);
    if (coverage.kind === "covered") this.#uncovered.delete(serviceId);
    else if (coverage.problem !== before) {
      this.#uncovered.set(serviceId, coverage.problem);
      this.#options.fault(`answers from service ${serviceId} will not arrive: ${coverage.problem}`);
    }
    return coverage.kind === "covered";
  }

  #coverageNow(serviceId: string): Promise<Coverage | null> {
    const listing = this.#listing.known("");
    const isOld = listing?.kind === "listed" && listing.atMs <= this.#options.now() - REMEMBER_UNCOVERED_MS;
    if (isOld) this.#listing.forget("");
    return this.#coverage(serviceId);
  }

  async #coverage(serviceId: string): Promise<Coverage | null> {
    const { webhookUrl, events } = this.#options;
    const wanted = { url: webhookUrl(), events: events() };
    if (wanted.url === null || wanted.events.length === 0) return null;
    const [listing, service] = await Promise.all([this.#list(), this.#service(serviceId)]);
    if (listing.kind === "unreadable") return null;
    const seen = service ?? { id: serviceId, teamIds: [] };
    const coverage = coverageOf(seen, listing.subscriptions, { url: wanted.url, events: wanted.events });
    // Of which teams a service is that is not shown nobody knows.
    return service === null && coverage.kind === "uncovered" ? null : coverage;
  }

  async #list(): Promise<Listing> {
    const listing = await this.#listing.recall("", async (): Promise<Listing> => {
      try {
        const subscriptions = await this.#options.pagerDuty.subscriptions();
        this.#last = { kind: "listed", atMs: this.#options.now(), subscriptions };
        return this.#last;
      } catch (error) {
        if (!(error instanceof PagerDutyError)) throw error;
        // What was known a moment ago is better than nothing while PagerDuty is busy.
        if (error.retryable && this.#last !== undefined) return this.#last;
        return { kind: "unreadable", problem: error.message };
      }
    });
    this.#problem = listing.kind === "unreadable" ? listing.problem : null;
    return listing;
  }

  async #service(serviceId: string): Promise<Service | null> {
    try {
      return await this.#options.service(serviceId);
    } catch (error) {
      if (error instanceof PagerDutyError) return null;
      throw error;
    }
  }
}
