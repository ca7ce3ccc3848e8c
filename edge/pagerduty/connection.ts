/**
 * One account's connection to PagerDuty: addresses, headers, credentials, time limits, paging, and answers read within
 * bounds. Every call ends in a parsed answer or a {@link PagerDutyError}; the way out is always the `fetch` given.
 */
import * as z from "zod/mini";
import { parseJsonBytes } from "../../shared/bytes.ts";
import type { PagerDutyAccount, Region } from "../config/cluster-config.ts";
import { answerTo, type Message, type Way } from "./call.ts";
import { Credential } from "./credential.ts";
import { faultForAnswer, faultForHaste, faultForSilence, PagerDutyError, type PagerDutyErrorCode } from "./error.ts";
import {
  type Budget,
  FRESH_PACE,
  type Pace,
  paceAfterAnswer,
  paceAfterCall,
  paceAfterRefusal,
  roomFromMs,
  roomIn,
} from "./pace.ts";

/** Query parameters in order; names may come several times. */
export type Query = readonly (readonly [name: string, value: string])[];

/** How calls end. */
export type CallOutcome = "ok" | PagerDutyErrorCode;

export interface ConnectionOptions extends Way {
  readonly account: PagerDutyAccount;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told how each call that was made has ended. */
  readonly called?: (outcome: CallOutcome) => void;
}

interface Call {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly query: Query;
  /** Sent as JSON; absent for reads. */
  readonly body?: unknown;
  readonly maxBytes: number;
}

const BASE_URL: Readonly<Record<Region, string>> = {
  us: "https://api.pagerduty.com",
  eu: "https://api.eu.pagerduty.com",
};

/** Largest answer that is read, in bytes: a page of a hundred incidents with their bodies and first log entries fits. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** Largest log entry that can be evidence, in bytes: what fits into a frame beside everything else. */
export const MAX_LOG_ENTRY_BYTES = 256 * 1024;

const TOO_MANY_REQUESTS = 429;

/** What every answer is, and every list in one. */
const answerSchema = z.looseObject({});
const listSchema = z.array(z.unknown());

/** PagerDuty's largest page, and the end of what paging by offset reaches. */
const PAGE_SIZE = 100;
const MAX_OFFSET = 10_000 - PAGE_SIZE;

export class Connection {
  readonly #account: PagerDutyAccount;
  readonly #baseUrl: string;
  readonly #now: () => number;
  readonly #way: Way;
  readonly #credential: Credential;
  readonly #called: (outcome: CallOutcome) => void;
  #budget: Budget | null = null;
  #pace: Pace = FRESH_PACE;

  constructor({ account, now, fetch, after, timeoutMs, called = () => {} }: ConnectionOptions) {
    this.#account = account;
    this.#baseUrl = account.apiUrl ?? BASE_URL[account.region];
    this.#now = now;
    // A platform's own `fetch` refuses to be called as somebody's method.
    this.#way = { fetch: (request) => fetch(request), after, timeoutMs };
    this.#credential = new Credential(account, now, this.#way);
    this.#called = called;
  }

  get budget(): Budget | null {
    return this.#budget;
  }

  /** How fast the account may be called. */
  get pace(): Pace {
    return this.#pace;
  }

  /** A read of the one thing that the answer holds under a name. */
  async read<Answer>(path: string, name: string, schema: z.ZodMiniType<Answer>, query: Query = []): Promise<Answer> {
    return this.#named({ method: "GET", path, query, maxBytes: MAX_ANSWER_BYTES }, name, schema);
  }

  /** A read whose answer's bytes matter as they are. */
  async readBytes(path: string, query: Query, maxBytes: number): Promise<Uint8Array> {
    return this.#send({ method: "GET", path, query, maxBytes });
  }

  /** A write, under the name of the account's `From`, whose answer says nothing new. */
  async write(method: "POST" | "PUT", path: string, body?: unknown): Promise<void> {
    await this.#send({ method, path, query: [], body, maxBytes: MAX_ANSWER_BYTES });
  }

  /** As {@link write}; what it answers with is under a name. */
  async create<Answer>(path: string, body: unknown, name: string, schema: z.ZodMiniType<Answer>): Promise<Answer> {
    return this.#named({ method: "POST", path, query: [], body, maxBytes: MAX_ANSWER_BYTES }, name, schema);
  }

  /** Every item of a list, page after page as far as PagerDuty's paging by offset reaches. */
  async pages<Item>(path: string, query: Query, name: string, item: z.ZodMiniType<Item>): Promise<Item[]> {
    const items: Item[] = [];
    for (let offset = 0; offset <= MAX_OFFSET; offset += PAGE_SIZE) {
      const window = [["limit", String(PAGE_SIZE)] as const, ["offset", String(offset)] as const];
      const call: Call = { method: "GET", path, query: [...query, ...window], maxBytes: MAX_ANSWER_BYTES };
      const answer = await this.#answer(call);
      for (const given of this.#parse(call, answer[name], listSchema)) items.push(this.#parse(call, given, item));
      if (answer.more !== true) break;
    }
    return items;
  }

  async #named<Answer>(call: Call, name: string, schema: z.ZodMiniType<Answer>): Promise<Answer> {
    return this.#parse(call, (await this.#answer(call))[name], schema);
  }

  async #answer(call: Call): Promise<Record<string, unknown>> {
    return this.#parse(call, parseJsonBytes(await this.#send(call)), answerSchema);
  }

  #parse<Read>(call: Call, given: unknown, schema: z.ZodMiniType<Read>): Read {
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    throw new PagerDutyError(nameOf(call), faultForSilence("unreadable", isWrite(call)), parsed.error);
  }

  // A token may end early, or be revoked and granted anew: once a call, a fresh one is tried.
  async #send(call: Call): Promise<Uint8Array> {
    const authorization = await this.#credential.authorization();
    try {
      return await this.#sendOnce(call, authorization);
    } catch (error) {
      const refused = error instanceof PagerDutyError && error.code === "unauthorized";
      if (!refused || !this.#credential.forget(authorization)) throw error;
      return this.#sendOnce(call, await this.#credential.authorization());
    }
  }

  async #sendOnce(call: Call, authorization: string): Promise<Uint8Array> {
    this.#keepPace(call);
    try {
      const body = await this.#bodyOf(call, authorization);
      this.#called("ok");
      return body;
    } catch (error) {
      if (error instanceof PagerDutyError) this.#called(error.code);
      throw error;
    }
  }

  async #bodyOf(call: Call, authorization: string): Promise<Uint8Array> {
    const calling = { name: nameOf(call), write: isWrite(call), maxBytes: call.maxBytes };
    const { response, body } = await answerTo(this.#messageFor(call, authorization), calling, this.#way);
    const retryAfterMs = this.#heed(response);
    if (!response.ok) {
      const secret = authorization.replace(/^(Token token=|Bearer )/, "");
      const asked = { write: isWrite(call), retryAfterMs, secret };
      const fault = faultForAnswer(response.status, body ?? new Uint8Array(), asked);
      throw new PagerDutyError(nameOf(call), fault);
    }
    if (body === undefined) {
      // It would be as large the next time.
      throw new PagerDutyError(nameOf(call), { ...faultForSilence("unreadable", isWrite(call)), retryable: false });
    }
    return body;
  }

  #messageFor({ method, path, query, body }: Call, authorization: string): Message {
    const search = query.length === 0 ? "" : `?${new URLSearchParams(query.map(([name, value]) => [name, value]))}`;
    const headers: Record<string, string> = {
      Authorization: authorization,
      Accept: "application/vnd.pagerduty+json;version=2",
      // Also on reads: without it PagerDuty's errors mislead.
      "Content-Type": "application/json",
    };
    if (method !== "GET") headers.From = this.#account.userEmail;
    const url = `${this.#baseUrl}${path}${search}`;
    return { url, method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  }

  // Whoever calls: what PagerDuty would refuse is not even asked.
  #keepPace(call: Call): void {
    const nowMs = this.#now();
    if (roomIn(this.#pace, nowMs) === 0) {
      throw new PagerDutyError(nameOf(call), faultForHaste(roomFromMs(this.#pace, 0, nowMs) - nowMs));
    }
    this.#pace = paceAfterCall(this.#pace, nowMs);
  }

  // Returns how long PagerDuty says its count still runs, in ms.
  #heed({ headers, status }: Response): number | null {
    const nowMs = this.#now();
    const limit = wholeNumber(headers.get("ratelimit-limit"));
    const remaining = wholeNumber(headers.get("ratelimit-remaining"));
    const resetSeconds = wholeNumber(headers.get("ratelimit-reset"));
    const resetMs = resetSeconds === null ? null : nowMs + resetSeconds * 1000;
    const budget = limit === null || remaining === null || resetMs === null ? null : { limit, remaining, resetMs };
    if (budget !== null) this.#budget = budget;
    const isRefused = status === TOO_MANY_REQUESTS;
    const spent = isRefused && resetMs !== null ? { limit: this.#pace.limit, remaining: 0, resetMs } : null;
    const step = isRefused ? paceAfterRefusal : paceAfterAnswer;
    this.#pace = step(this.#pace, budget ?? spent, nowMs);
    return resetMs === null ? null : resetMs - nowMs;
  }
}

function isWrite(call: Call): boolean {
  return call.method !== "GET";
}

// Ids are no secrets, and they say which call it was.
function nameOf({ method, path }: Call): string {
  return `${method} ${path}`;
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,6}$/.test(text.trim()) ? Number(text) : null;
}
