/**
 * Whether a requester is on call right now for a service that the request itself names. It asks and never decides: the relay
 * judges what it is told, and what cannot be found out is no.
 */

import type { AccessRequest } from "../../shared/access-request.ts";
import { isOnCallWithin, ON_CALL_ANNOTATION } from "../../shared/auto-approval.ts";
import { MAX_AUTO_APPROVAL_SERVICES } from "../../shared/protocol.ts";
import type { PagerDuty } from "../pagerduty.ts";
import type { OnCallOffer } from "../record.ts";
import { foldedName } from "../routing.ts";
import type { Service, User } from "./answers.ts";
import { Memory } from "./memory.ts";

/** Longest name that is looked for, in characters: PagerDuty takes none that is longer. */
const MAX_NAME_CHARACTERS = 255;

/** How long what PagerDuty said of a person or a service is good for, in ms. */
const REMEMBER_MS = 5 * 60_000;

/** Whether there is anything to ask: a name that is an e-mail address, and services. */
export function mayBeOnCall({ user, annotations }: AccessRequest): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(user) && (annotations[ON_CALL_ANNOTATION] ?? []).length > 0;
}

export class OnCall {
  readonly #pagerDuty: PagerDuty;
  readonly #now: () => number;
  readonly #people: Memory<User | null>;
  readonly #services: Memory<Service | null>;

  constructor(pagerDuty: PagerDuty, now: () => number) {
    const lasting = { now, forMs: () => REMEMBER_MS };
    this.#pagerDuty = pagerDuty;
    this.#now = now;
    this.#people = new Memory(lasting);
    this.#services = new Memory(lasting);
  }

  /** For which of its services the requester is on call at a level that counts; null when for none. Throws a `PagerDutyError`. */
  async offerFor(request: AccessRequest, onCallLevels: number): Promise<OnCallOffer | null> {
    if (!mayBeOnCall(request)) return null;
    const named = (request.annotations[ON_CALL_ANNOTATION] ?? []).filter((name) => name.length <= MAX_NAME_CHARACTERS);
    const names = [...new Set(named)].slice(0, MAX_AUTO_APPROVAL_SERVICES);
    const [person, found] = await Promise.all([
      this.#people.recall(request.user, async () => (await this.#pagerDuty.userByEmail(request.user)) ?? null),
      Promise.all(names.map((name) => this.#service(name))),
    ]);
    if (person === null) return null;
    const atMs = this.#now();
    const services = await this.#onCallFor(person, found, atMs);
    const counting = services.filter(({ levels }) => isOnCallWithin(levels, onCallLevels));
    return counting.length === 0 ? null : { atMs, person: { ...person }, services: counting };
  }

  #service(name: string): Promise<Service | null> {
    const wanted = foldedName(name.trim());
    return this.#services.recall(wanted, async () => {
      const matching = await this.#pagerDuty.services(name);
      return matching.find((service) => foldedName(service.name.trim()) === wanted) ?? null;
    });
  }

  // Several services often have one policy.
  async #onCallFor(
    { id: userId }: User,
    found: readonly (Service | null)[],
    atMs: number,
  ): Promise<OnCallOffer["services"]> {
    const services = found.flatMap((service) => service ?? []);
    const policies = [...new Set(services.flatMap(({ escalationPolicyId }) => escalationPolicyId ?? []))];
    const levels = new Map(
      await Promise.all(
        policies.map(
          async (escalationPolicyId) =>
            [escalationPolicyId, await this.#pagerDuty.onCallLevels({ userId, escalationPolicyId, atMs })] as const,
        ),
      ),
    );
    return services.map(({ id, name, escalationPolicyId }) => ({
      id,
      name,
      levels: levels.get(escalationPolicyId ?? "") ?? [],
    }));
  }
}
