/**
 * Calls to PagerDuty's REST API v2 on behalf of `setup`: headers, time limits, paging, bounded answers. Each ends in a
 * parsed answer or a {@link PagerDutyFault} whose message a person can act on. Nothing is tried twice here.
 */
import * as z from "zod";
import { parseJsonBytes } from "../../../shared/bytes.ts";
import type { Environment } from "../../http-proxy.ts";
import { callHttp, type HttpAnswer, reasonOf } from "../http-call.ts";
import { PagerDutyFault, plainText } from "./fault.ts";

/** Query parameters in order; names may come several times. */
export type Query = readonly (readonly [name: string, value: string])[];

export interface ConnectionOptions {
  readonly apiUrl: string;
  readonly apiKey: string;
  /** Aborts reads. A write is never cut off: what it makes must be known afterwards. */
  readonly signal: AbortSignal;
  /** HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  /** How long a call may take, in ms; 10 s when left out. */
  readonly timeoutMs?: number;
}

interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
}

/** Largest answer that is read, in bytes: a page of a hundred subscriptions is far smaller. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** PagerDuty's largest page, and the end of what paging by offset reaches. */
const PAGE_SIZE = 100;
const MAX_OFFSET = 10_000 - PAGE_SIZE;

export class PagerDutyConnection {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** A read whose answer is parsed. */
  read<Answer>(path: string, query: Query, schema: z.ZodType<Answer>): Promise<Answer> {
    return this.#call({ method: "GET", path, query }, schema);
  }

  /** A write; `body` is left out where PagerDuty takes none. */
  write<Answer>(method: "POST" | "PUT" | "DELETE", path: string, schema: z.ZodType<Answer>, body?: unknown) {
    return this.#call({ method, path, body }, schema);
  }

  /** Every item of a list, page after page. */
  async pages<Item>(path: string, query: Query, name: string, item: z.ZodType<Item>): Promise<Item[]> {
    const page = z
      .record(z.string(), z.unknown())
      .transform((answer) => ({ items: answer[name], more: answer.more === true }))
      .pipe(z.object({ items: z.array(item), more: z.boolean() }));
    const items: Item[] = [];
    for (let offset = 0; offset <= MAX_OFFSET; offset += PAGE_SIZE) {
      const window: Query = [
        ["limit", String(PAGE_SIZE)],
        ["offset", String(offset)],
      ];
      const answer = await this.read(path, [...query, ...window], page);
      items.push(...answer.items);
      if (!answer.more) return items;
    }
    throw new PagerDutyFault(`PagerDuty has more than 10,000 entries under ${path}, more than it lets anybody read.`);
  }

  async #call<Answer>(call: Call, schema: z.ZodType<Answer>): Promise<Answer> {
    const answer = await this.#exchange(call);
    const { status, body } = answer;
    if (status < 200 || status > 299) throw faultFor(call, answer);
    const parsed = schema.safeParse(body === undefined || body.length === 0 ? undefined : parseJsonBytes(body));
    if (parsed.success) return parsed.data;
    throw new PagerDutyFault(`PagerDuty's answer to ${nameOf(call)} is not one that it documents.`, status);
  }

  async #exchange(call: Call): Promise<HttpAnswer> {
    const { apiUrl, signal, env, timeoutMs = 10_000 } = this.#options;
    const { method, path, query = [], body } = call;
    const timeout = AbortSignal.timeout(timeoutMs);
    const search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
    try {
      return await callHttp(`${apiUrl}${path}${search === "" ? "" : `?${search}`}`, {
        method,
        headers: this.#headers(),
        ...(body !== undefined && { body: JSON.stringify(body) }),
        env,
        signal: method === "GET" ? AbortSignal.any([timeout, signal]) : timeout,
        maxBytes: MAX_ANSWER_BYTES,
      });
    } catch (error) {
      const what = `PagerDuty (${new URL(apiUrl).host}) ${silence(error, timeout, timeoutMs)}`;
      const redo = method === "GET" ? "" : `, so ${nameOf(call)} may or may not have been carried out`;
      throw new PagerDutyFault(`${what}${redo}: run this again, nothing is made twice.`);
    }
  }

  #headers(): Record<string, string> {
    return {
      authorization: `Token token=${this.#options.apiKey}`,
      accept: "application/vnd.pagerduty+json;version=2",
      // Also where nothing is sent: without it PagerDuty's errors mislead.
      "content-type": "application/json",
    };
  }
}

function silence(error: unknown, timeout: AbortSignal, timeoutMs: number): string {
  if (timeout.aborted) return `did not answer within ${timeoutMs / 1000} s`;
  return `could not be reached (${reasonOf(error)})`;
}

const errorSchema = z.object({
  error: z.object({ message: z.string().catch(""), errors: z.array(z.string()).catch([]) }),
});

function faultFor(call: Call, { status, headers, body }: HttpAnswer): PagerDutyFault {
  const error = errorSchema.safeParse(parseJsonBytes(body ?? new Uint8Array())).data?.error;
  const detail = plainText([error?.message ?? "", ...(error?.errors ?? [])].filter(Boolean).join("; "));
  const said = detail === "" ? "" : ` PagerDuty says: ${detail}.`;
  return new PagerDutyFault(`${sentenceFor(call, status, headers)}${said}`, status, detail);
}

function sentenceFor(call: Call, status: number, headers: HttpAnswer["headers"]): string {
  switch (status) {
    case 401:
      return "PagerDuty does not know PAGERDUTY_API_KEY (401): check the key, and PAGERDUTY_REGION=eu for an account in the EU.";
    case 402:
      return `This PagerDuty account's plan has not what ${nameOf(call)} needs (402).`;
    case 403:
      return `PagerDuty does not let PAGERDUTY_API_KEY do ${nameOf(call)} (403): use a key that may write, of a manager, admin or the account's owner.`;
    case 404:
      return `PagerDuty knows nothing at ${nameOf(call)} (404).`;
    case 429: {
      const seconds = String(headers["ratelimit-reset"]);
      return `PagerDuty's rate limit is used up (429): run this again in ${/^\d{1,5}$/.test(seconds) ? seconds : 60} s.`;
    }
    default:
      if (status < 400) return `PagerDuty answered ${nameOf(call)} with a redirect (${status}), which is not followed.`;
      if (status < 500) return `PagerDuty refused ${nameOf(call)} (${status}).`;
      return `PagerDuty has trouble of its own at ${nameOf(call)} (${status}): run this again later, nothing is made twice.`;
  }
}

function nameOf({ method, path }: Call): string {
  return `${method} ${path}`;
}
