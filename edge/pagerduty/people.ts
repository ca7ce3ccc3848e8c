/**
 * Who a PagerDuty user is: looked up once, remembered for a while, and never guessed. Bounded, in memory.
 */

import type { PagerDuty } from "../pagerduty.ts";
import type { User } from "./answers.ts";
import { isRefused } from "./error.ts";

/** How long an answer is good for, in ms: a change of somebody's e-mail address is rare, and matters within minutes. */
export const REMEMBER_PEOPLE_MS = 10 * 60_000;

/** Most people remembered. */
export const MAX_PEOPLE = 1000;

export class People {
  readonly #pagerDuty: PagerDuty;
  readonly #botEmail: string;
  readonly #now: () => number;
  readonly #users = new Map<string, { user: User; untilMs: number }>();
  #bot: { id: string | null; problem: string | null; untilMs: number } | undefined;

  constructor(pagerDuty: PagerDuty, botEmail: string, now: () => number) {
    this.#pagerDuty = pagerDuty;
    this.#botEmail = botEmail;
    this.#now = now;
  }

  /** A user, when remembered. */
  known(userId: string): User | undefined {
    const entry = this.#users.get(userId);
    return entry !== undefined && entry.untilMs > this.#now() ? entry.user : undefined;
  }

  /** A user, asked of PagerDuty when not remembered. Throws a `PagerDutyError`. */
  async user(userId: string): Promise<User> {
    const known = this.known(userId);
    if (known !== undefined) return known;
    const user = await this.#pagerDuty.user(userId);
    if (this.#users.size >= MAX_PEOPLE) this.#forgetOldest();
    this.#users.delete(userId);
    this.#users.set(userId, { user, untilMs: this.#now() + REMEMBER_PEOPLE_MS });
    return user;
  }

  /** The id of the user that our own writes act as, when remembered; null when PagerDuty names no such user. */
  get knownBotId(): string | null | undefined {
    return this.#bot !== undefined && this.#bot.untilMs > this.#now() ? this.#bot.id : undefined;
  }

  /**
   * As {@link knownBotId}, asked of PagerDuty when not remembered; null also when PagerDuty does not let us ask. Throws a
   * `PagerDutyError` when asking again can help.
   */
  async botId(): Promise<string | null> {
    const known = this.knownBotId;
    if (known !== undefined) return known;
    const { id, problem } = await this.#lookUpBot();
    this.#bot = { id, problem, untilMs: this.#now() + REMEMBER_PEOPLE_MS };
    return id;
  }

  /** Why the last look-up gave no {@link botId}; null when it gave one, or there was none yet. */
  get botProblem(): string | null {
    return this.#bot?.problem ?? null;
  }

  // Decisions must not wait for ever for a directory that is closed to us: our own notes are known by their ids too.
  async #lookUpBot(): Promise<{ id: string | null; problem: string | null }> {
    const email = this.#botEmail;
    try {
      const bot = await this.#pagerDuty.userByEmail(email);
      if (bot !== undefined) return { id: bot.id, problem: null };
      return { id: null, problem: `PagerDuty has no user with the e-mail address ${email} (user_email)` };
    } catch (error) {
      if (!isRefused(error)) throw error;
      return { id: null, problem: `PagerDuty does not let us look up ${email} (user_email): ${error.message}` };
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#users.keys();
    if (oldest !== undefined) this.#users.delete(oldest);
  }
}
