/**
 * What a route of REST v2 is given and what it gives back, and the paging that all lists share.
 */
import type { Account } from "./account.ts";
import { type Caller, writerFor, writerWithoutFrom } from "./credentials.ts";
import type { Actor, Incident, Subscription } from "./records.ts";
import { invalidInput, isRefusal, NOT_FOUND, type Refusal } from "./refusals.ts";

/** One authenticated call. `params` are the parts of the path that the route leaves open. */
export type ApiCall = {
  readonly account: Account;
  readonly caller: Caller;
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly from: string | undefined;
  /** Sends the test event to a subscription. */
  readonly ping: (subscription: Subscription, userId: string | null) => void;
};

/** A status and a JSON body; no body when undefined. */
export type Answer = { readonly status: number; readonly body?: unknown };

/** One route. `path` has `{…}` for open parts; `scope` is what an OAuth app needs. */
export type Route = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly scope: string | null;
  readonly handle: (call: ApiCall) => Answer | Refusal;
};

/** 200 with this body. */
export function ok(body: unknown): Answer {
  return { status: 200, body };
}

/** Gives a refusal on, or answers with what `view` makes of the value. */
export function answerWith<T>(value: T | Refusal, view: (value: T) => unknown, status = 200): Answer | Refusal {
  return isRefusal(value) ? value : { status, body: view(value) };
}

/** Runs a write under the name that `From` or the key gives, on the incident that the path names. */
export function onIncident(
  call: ApiCall,
  write: (actor: Actor, incident: Incident) => Answer | Refusal,
): Answer | Refusal {
  const actor = writerFor(call.account, call.caller, call.from);
  if (isRefusal(actor)) return actor;
  return onFoundIncident(call, (incident) => write(actor, incident));
}

/** The same for writes that have no `From`. */
export function onIncidentWithoutFrom(
  call: ApiCall,
  write: (actor: Actor, incident: Incident) => Answer | Refusal,
): Answer | Refusal {
  const actor = writerWithoutFrom(call.account, call.caller);
  return onFoundIncident(call, (incident) => write(actor, incident));
}

/** The incident that the path names, by id or by number. */
export function onFoundIncident(call: ApiCall, use: (incident: Incident) => Answer | Refusal): Answer | Refusal {
  const incident = call.account.incidents.get(call.params[0] ?? "");
  return incident === undefined ? NOT_FOUND : use(incident);
}

/** What `include[]` names. */
export function includesOf(query: URLSearchParams): ReadonlySet<string> {
  return new Set(query.getAll("include[]"));
}

/** One page of a list under its key: `limit` 25 unless told, 100 at most; `offset + limit` beyond 10,000 is refused. */
export function page<T>(
  query: URLSearchParams,
  key: string,
  items: Iterable<T>,
  view: (item: T) => unknown,
): Answer | Refusal {
  const limit = Math.min(100, Math.max(1, wholeNumber(query.get("limit"), 25)));
  const offset = wholeNumber(query.get("offset"), 0);
  if (offset + limit > 10_000) return invalidInput("Offset plus limit must not be greater than 10000");
  const list = Array.isArray(items) ? items : [...items];
  const shown = list.slice(offset, offset + limit).map((item: T) => view(item));
  return ok({ [key]: shown, limit, offset, total: null, more: list.length > offset + limit });
}

function wholeNumber(text: string | null, otherwise: number): number {
  const value = Number(text ?? Number.NaN);
  return Number.isInteger(value) && value >= 0 ? value : otherwise;
}

/** Time of a query parameter as epoch milliseconds; undefined without one, NaN when it is none. */
export function timeOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text === null ? undefined : Date.parse(text);
}
