/**
 * Who a PagerDuty user is: looked up once, remembered for a while, and never guessed. Bounded, in memory.
 */

import type { PagerDuty } from "../pagerduty.ts";
import type { User } from "./answers.ts";
import { isRefused } from "./error.ts";
import { Memory } from "./memory.ts";

/** How long an answer is good for, in ms: a change of somebody's e-mail address is rare, and matters within minutes. */
export const REMEMBER_PEOPLE_MS = 10 * 60_000;

/** Most people remembered. */
export const MAX_PEOPLE = 1000;

export class People {
  readonly #pagerDuty: PagerDuty;
  readonly #botEmail: string;
  readonly #users: Memory<User>;
  readonly #botIds: Memory<string | null>;
  #botProblem: string | null = null;

  constructor(pagerDuty: PagerDuty, botEmail: string, now: () => number) {
    this.#pagerDuty = pagerDuty;
    this.#botEmail = botEmail;
    const lasting = { now, forMs: () => REMEMBER_PEOPLE_MS, size: MAX_PEOPLE };
    this.#users = new Memory(lasting);
    this.#botIds = new Memory(lasting);
  }

  /** A user, when remembered. */
  known(userId: string): User | undefined {
    return this.#users.known(userId);
  }

  /** A user, asked of PagerDuty when not remembered. Throws a `PagerDutyError`. */
  user(userId: string): Promise<User> {
    return this.#users.recall(userId, () => this.#pagerDuty.user(userId));
  }

  /** The id of the user that our own writes act as, when remembered; null when PagerDuty names no such user. */
  get knownBotId(): string | null | undefined {
    return this.#botIds.known(this.#botEmail);
  }

  /**
   * As {@link knownBotId}, asked of PagerDuty when not remembered; null also when PagerDuty does not let us ask. Throws a
   * `PagerDutyError` when asking again can help.
   */
  botId(): Promise<string | null> {
    return this.#botIds.recall(this.#botEmail, () => this.#lookUpBot());
  }

  /** Why the last look-up gave no {@link botId}; null when it gave one, or there was none yet. */
  get botProblem(): string | null {
    return this.#botProblem;
  }

  // Decisions must not wait for ever for a directory that is closed to us: our own notes are known by their ids too.
  async #lookUpBot(): Promise<string | null> {
    const email = this.#botEmail;
    try {
      const bot = await this.#pagerDuty.userByEmail(email);
      this.#botProblem = null;
      if (bot !== undefined) return bot.id;
      this.#botProblem = `PagerDuty has no user with the e-mail address ${email} (user_email)`;
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.#botProblem = `PagerDuty does not let us look up ${email} (user_email): ${error.message}`;
    }
    return null;
  }
}
