// The stand-in cluster's users and what each may do: verbs by resource, as a Teleport role grants them.

import { accessDenied, notFound, type Refusal } from "./refusal.ts";
import type { Caller } from "./transport.ts";
import { NOP } from "./transport.ts";
import type { Behaviour } from "./versions.ts";

/** Verbs by resource, such as `{ access_request: ["list", "read", "update"] }`. */
export type Grants = Readonly<Record<string, readonly string[]>>;

/** A user to add. */
export interface UserInit {
  /** Default: DEFAULT_GRANTS. */
  readonly grants?: Grants;
  readonly traits?: Readonly<Record<string, readonly string[]>>;
  /** May submit reviews, as a role with `review_requests` lets them; counts with the Enterprise feature only. */
  readonly reviews?: boolean;
  /** May submit reviews for every user, as `review_requests.submit_for_users: ['*']` lets them. */
  readonly submitsForUsers?: boolean;
}

interface User {
  readonly grants: Grants;
  readonly traits: Readonly<Record<string, readonly string[]>>;
  readonly reviews: boolean;
  readonly submitsForUsers: boolean;
  revoked: boolean;
}

/** What a plugin that sets states, reads traits, rules and resource names is given. */
export const DEFAULT_GRANTS: Grants = {
  access_request: ["list", "read", "update"],
  access_plugin_data: ["list", "read", "update"],
  access_monitoring_rule: ["list", "read"],
  user: ["read"],
  node: ["list", "read"],
  app_server: ["list", "read"],
  db_server: ["list", "read"],
  kube_server: ["list", "read"],
  user_group: ["list", "read"],
};

/** All users by name. */
export class Users {
  readonly #users = new Map<string, User>();
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  /** Adds or replaces a user. */
  add(name: string, init: UserInit = {}): void {
    this.#users.set(name, {
      grants: init.grants ?? DEFAULT_GRANTS,
      traits: init.traits ?? {},
      reviews: init.reviews ?? false,
      submitsForUsers: init.submitsForUsers ?? false,
      revoked: false,
    });
  }

  has(name: string): boolean {
    return this.#users.has(name);
  }

  /** Removes a user; its certificates still pass the handshake. */
  delete(name: string): void {
    this.#users.delete(name);
  }

  /** Takes every right from a user, or gives them back. Throws for a name that was never added. */
  setRevoked(name: string, revoked: boolean): void {
    const user = this.#users.get(name);
    if (user === undefined) {
      throw new Error(`the stand-in has no user "${name}"`);
    }
    user.revoked = revoked;
  }

  /** Whether the cluster knows the caller at all. Nop may ping and no more. */
  admit(caller: Caller, rpc: string): Refusal | undefined {
    if (this.#users.has(caller.user) || (caller === NOP && rpc === "ping")) {
      return undefined;
    }
    return this.#behaviour.unknownUser(caller.user);
  }

  can(caller: Caller, resource: string, ...verbs: readonly string[]): boolean {
    const user = this.#users.get(caller.user);
    const granted = user === undefined || user.revoked ? [] : (user.grants[resource] ?? []);
    return verbs.every((verb) => granted.includes(verb));
  }

  /** The refusal for the first of `verbs` that the caller lacks on `resource`. */
  check(caller: Caller, resource: string, ...verbs: readonly string[]): Refusal | undefined {
    const missing = verbs.find((verb) => !this.can(caller, resource, verb));
    return missing === undefined
      ? undefined
      : accessDenied(`access denied to perform action "${missing}" on "${resource}"`);
  }

  canSubmitForUsers(caller: Caller): boolean {
    const user = this.#users.get(caller.user);
    return user?.submitsForUsers === true && !user.revoked;
  }

  canReview(caller: Pick<Caller, "user">): boolean {
    const user = this.#users.get(caller.user);
    return user?.reviews === true && !user.revoked;
  }

  traitsOf(name: string): Readonly<Record<string, readonly string[]>> | Refusal {
    return this.#users.get(name)?.traits ?? notFound(`user "${name}" not found`);
  }
}
