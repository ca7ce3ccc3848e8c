/**
 * REST v2 over node:http: body, fault, credential, rate limit, headers, route, answer, in that order.
 * Keeps the log of calls. Knows nothing of what the routes do.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account } from "./account.ts";
import type { Answer, ApiCall } from "./api-call.ts";
import { type Caller, type Credentials, permit } from "./credentials.ts";
import type { Fault, Faults } from "./faults.ts";
import { readBody, sendJson } from "./http-text.ts";
import { parseJson } from "./json.ts";
import type { RateLimit } from "./rate-limit.ts";
import { errorBodyFor, isRefusal, NOT_FOUND, NOT_JSON, RATE_LIMITED, type Refusal, refuse } from "./refusals.ts";
import { routeFor } from "./router.ts";
import { Signal } from "./signal.ts";

const CALLS_KEPT = 10_000;
const WRONG_VERSION = refuse(406, 2001, "Accept must name application/vnd.pagerduty+json;version=2");

/** One request as it arrived; `status` and `fault` follow when it is over. */
export type Call = {
  readonly sequence: number;
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  /** `POST /incidents/{id}/notes`, or the path itself where no route fits. */
  readonly route: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: IncomingMessage["headers"];
  readonly callerKind: Caller["kind"] | null;
  /** The user it acts as, by its key or its `From`. */
  readonly userId: string | null;
  status: number | null;
  fault: Fault["kind"] | null;
};

/** What REST stands on. */
export type RestParts = {
  readonly account: Account;
  readonly credentials: Credentials;
  readonly rateLimit: RateLimit;
  readonly faults: Faults;
  readonly strictAccept: boolean;
  readonly ping: ApiCall["ping"];
};

/** The REST API with its log of calls. */
export class Rest {
  readonly calls = new Signal<Call>(CALLS_KEPT);
  readonly counts = new Map<string, number>();
  readonly #parts: RestParts;
  #sequence = 0;

  constructor(parts: RestParts) {
    this.#parts = parts;
  }

  /** Handles one request to its end. */
  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const text = await readBody(request);
    if (text === undefined) {
      response.destroy();
      return;
    }
    const call = this.#record(request, url, text);
    const fault = this.#parts.faults.take(call.method, call.path);
    call.fault = fault?.kind ?? null;
    if (fault === undefined) this.#finish(call, response, this.#perform(call, request, text));
    else await this.#suffer(fault, call, request, response, text);
  }

  #record(request: IncomingMessage, url: URL, text: string): Call {
    const { account, credentials } = this.#parts;
    const method = request.method ?? "GET";
    const template = routeFor(method, url.pathname)?.route.path ?? url.pathname;
    const caller = credentials.identify(request.headers.authorization);
    const known = isRefusal(caller) ? undefined : caller;
    const from = account.userByEmail(request.headers.from?.trim() ?? "")?.id ?? null;
    this.#sequence += 1;
    const call: Call = {
      sequence: this.#sequence,
      atMs: account.now,
      method,
      path: url.pathname,
      route: `${method} ${template}`,
      query: url.searchParams,
      body: text === "" ? undefined : parseJson(text),
      headers: request.headers,
      callerKind: known?.kind ?? null,
      userId: known?.userId ?? from,
      status: null,
      fault: null,
    };
    this.counts.set(call.route, (this.counts.get(call.route) ?? 0) + 1);
    this.calls.emit(call);
    return call;
  }

  async #suffer(
    fault: Fault,
    call: Call,
    request: IncomingMessage,
    response: ServerResponse,
    text: string,
  ): Promise<void> {
    switch (fault.kind) {
      case "answer":
        call.status = fault.status;
        sendJson(response, fault, fault.headers);
        return;
      case "cut":
        if (fault.afterEffect) call.status = this.#perform(call, request, text).answer.status;
        request.socket.destroy();
        return;
      case "hang": {
        const early = fault.afterEffect ? this.#perform(call, request, text) : undefined;
        await fault.until;
        this.#finish(call, response, early ?? this.#perform(call, request, text));
      }
    }
  }

  #finish(call: Call, response: ServerResponse, done: Performed): void {
    call.status = done.answer.status;
    sendJson(response, done.answer, done.headers);
  }

  /** Does what the request asks, unless something on the way refuses it. */
  #perform(call: Call, request: IncomingMessage, text: string): Performed {
    const { account, credentials, rateLimit } = this.#parts;
    if (call.route === "POST /oauth/token")
      return { answer: credentials.grant(new URLSearchParams(text)), headers: {} };
    const caller = credentials.identify(request.headers.authorization);
    if (isRefusal(caller)) return refused(caller);
    const rate = rateLimit.take(caller.bucket, account.now);
    if (!rate.allowed) return refused(RATE_LIMITED, rate.headers);
    const outcome = this.#checkHeaders(call, request, text) ?? this.#route(call, caller, request);
    if (isRefusal(outcome)) return refused(outcome, rate.headers);
    return { answer: outcome, headers: rate.headers };
  }

  #checkHeaders(call: Call, request: IncomingMessage, text: string): Refusal | undefined {
    const accept = (request.headers.accept ?? "").replaceAll(" ", "");
    if (this.#parts.strictAccept && !accept.includes("application/vnd.pagerduty+json;version=2")) return WRONG_VERSION;
    if (call.method === "GET" || text === "") return undefined;
    const isJson = /^application\/json\b/i.test(request.headers["content-type"] ?? "");
    return isJson && call.body !== undefined ? undefined : NOT_JSON;
  }

  #route(call: Call, caller: Caller, request: IncomingMessage): Answer | Refusal {
    const match = routeFor(call.method, call.path);
    if (match === undefined) return NOT_FOUND;
    const { account, ping } = this.#parts;
    const { query, body } = call;
    const forbidden = permit(caller, call.method, match.route.scope);
    if (forbidden !== undefined) return forbidden;
    return match.route.handle({
      account,
      caller,
      params: match.params,
      query,
      body,
      from: request.headers.from,
      ping,
    });
  }
}

type Performed = { readonly answer: Answer; readonly headers: Readonly<Record<string, string>> };

function refused(refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Performed {
  return { answer: { status: refusal.status, body: errorBodyFor(refusal) }, headers };
}
