/**
 * Calls to PagerDuty's REST API v2 on behalf of `setup`: headers, time limits, paging, bounded answers. Each ends in a
 * parsed answer or a {@link PagerDutyFault} whose message a person can act on. Nothing is tried twice here.
 */
import * as z from "zod";
import { parseJsonBytes } from "../../../shared/bytes.ts";
import { readAtMost } from "./bounded-body.ts";
import { PagerDutyFault, plainText } from "./fault.ts";

/** Query parameters in order; names may come several times. */
export type Query = readonly (readonly [name: string, value: string])[];

export interface ConnectionOptions {
  readonly apiUrl: string;
  readonly apiKey: string;
  /** Aborts reads. A write is never cut off: what it makes must be known afterwards. */
  readonly signal: AbortSignal;
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
    const { response, body } = await this.#exchange(call);
    if (!response.ok) throw faultFor(call, response, body);
    const parsed = schema.safeParse(body === undefined || body.length === 0 ? undefined : parseJsonBytes(body));
    if (parsed.success) return parsed.data;
    throw new PagerDutyFault(`PagerDuty's answer to ${nameOf(call)} is not one that it documents.`, response.status);
  }

  async #exchange(call: Call): Promise<{ response: Response; body: Uint8Array | undefined }> {
    const { signal, timeoutMs = 10_000 } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(this.#requestFor(call), {
        signal: call.method === "GET" ? AbortSignal.any([timeout, signal]) : timeout,
      });
      return { response, body: await readAtMost(response, MAX_ANSWER_BYTES) };
    } catch (error) {
      const what = `PagerDuty (${new URL(this.#options.apiUrl).host}) ${silence(error, timeout, timeoutMs)}`;
      const redo = call.method === "GET" ? "" : `, so ${nameOf(call)} may or may not have been carried out`;
      throw new PagerDutyFault(`${what}${redo}: run this again, nothing is made twice.`);
    }
  }

  #requestFor({ method, path, query = [], body }: Call): Request {
    const search =
      query.length === 0
        ? ""
        : `?${new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]))}`;
    return new Request(`${this.#options.apiUrl}${path}${search}`, {
      method,
      headers: {
        Authorization: `Token token=${this.#options.apiKey}`,
        Accept: "application/vnd.pagerduty+json;version=2",
        // Also where nothing is sent: without it PagerDuty's errors mislead.
        "Content-Type": "application/json",
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: "manual",
    });
  }
}

function silence(error: unknown, timeout: AbortSignal, timeoutMs: number): string {
  if (timeout.aborted) return `did not answer within ${timeoutMs / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return `could not be reached${code}`;
}

const errorSchema = z.object({
  error: z.object({ message: z.string().catch(""), errors: z.array(z.string()).catch([]) }),
});

function faultFor(call: Call, { status, headers }: Response, body: Uint8Array = new Uint8Array()): PagerDutyFault {
  const error = errorSchema.safeParse(parseJsonBytes(body)).data?.error;
  const detail = plainText([error?.message ?? "", ...(error?.errors ?? [])].filter(Boolean).join("; "));
  const said = detail === "" ? "" : ` PagerDuty says: ${detail}.`;
  return new PagerDutyFault(`${sentenceFor(call, status, headers)}${said}`, status, detail);
}

function sentenceFor(call: Call, status: number, headers: Headers): string {
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
      const seconds = headers.get("ratelimit-reset");
      return `PagerDuty's rate limit is used up (429): run this again in ${/^\d{1,5}$/.test(seconds ?? "") ? seconds : 60} s.`;
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
