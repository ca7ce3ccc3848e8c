/**
 * The traits of Teleport users, read when somebody asks and believed for a while. Traits are optional: without the
 * permission, or without the user, there are none. Whether Teleport could not be asked is never taken for that.
 */
import type { Logger } from "../../shared/log.ts";
import { TeleportError } from "../teleport/error.ts";
import type { TeleportPort, Traits } from "../teleport/port.ts";
import { ExpiringMap } from "../time/expiring-map.ts";

/** How long what was read is believed, in ms. */
export const TRAITS_LIFE_MS = 5 * 60_000;

/** Most users whose traits are kept. */
const MAX_USERS = 10_000;

/** The traits that hold e-mail addresses. */
const EMAIL_TRAITS: readonly string[] = ["email", "emails"];

/** Faults that say that there is nothing to be had: no permission, and releases before 5, which cannot be asked. */
const NONE = new Set(["permission_denied", "unimplemented"]);

export interface UserTraitsOptions {
  readonly teleport: Pick<TeleportPort, "userTraits">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

export class UserTraits {
  readonly #options: UserTraitsOptions;
  readonly #known: ExpiringMap<string, Traits>;
  readonly #reading = new Map<string, Promise<Traits>>();
  #isForbiddenSaid = false;

  constructor(options: UserTraitsOptions) {
    this.#options = options;
    this.#known = new ExpiringMap({ maxEntries: MAX_USERS, lifeMs: TRAITS_LIFE_MS, now: options.now });
  }

  /** A user's traits if they were read lately. */
  known(user: string): Traits | undefined {
    return this.#known.get(user);
  }

  /** A user's traits; none when there are none to be had. Rejects with `TeleportError` when Teleport could not be asked. */
  async read(user: string): Promise<Traits> {
    const known = this.#known.get(user) ?? this.#reading.get(user);
    if (known !== undefined) return known;
    const reading = this.#readNow(user).finally(() => this.#reading.delete(user));
    this.#reading.set(user, reading);
    return reading;
  }

  /** A user's e-mail addresses by their traits, each once. Rejects as {@link read} does. */
  async emailsOf(user: string): Promise<readonly string[]> {
    const traits = Object.entries(await this.read(user));
    const values = traits.flatMap(([name, texts]) => (EMAIL_TRAITS.includes(name.toLowerCase()) ? texts : []));
    return [...new Set(values.map((text) => text.trim()).filter(isEmailAddress))];
  }

  async #readNow(user: string): Promise<Traits> {
    const traits = (await this.#orNone(this.#options.teleport.userTraits(user))) ?? {};
    this.#known.set(user, traits);
    return traits;
  }

  async #orNone(call: Promise<Traits | undefined>): Promise<Traits | undefined> {
    try {
      return await call;
    } catch (error) {
      if (!(error instanceof TeleportError) || !NONE.has(error.code)) throw error;
      if (!this.#isForbiddenSaid) {
        this.#options.log.warn("User traits are not used: we may not read users", { problem: error.message });
      }
      this.#isForbiddenSaid = true;
      return undefined;
    }
  }
}

function isEmailAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text);
}
