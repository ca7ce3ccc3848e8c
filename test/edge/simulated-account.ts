/**
 * An account of PagerDuty's whose answers take their time on whatever clock the test has: incidents, notes, resolving, users,
 * and a rate limit in windows of a minute. It can refuse, fail and hang for as long as a test says.
 */
import { RateLimit } from "../fakes/pagerduty/rate-limit.ts";
import { BOB, BOT, POLICY, SERVICE } from "./samples.ts";

/** What the account does with a call instead of answering it. */
export type Weather = "fine" | "refusing" | "failing" | "hanging" | "hanging after the effect";

interface SimulatedIncident {
  readonly id: string;
  readonly key: string;
  readonly details: string;
  status: "triggered" | "resolved";
  readonly openedMs: number;
  readonly notes: { id: string; content: string }[];
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const LATENCY_MS = 150;
const NOT_FOUND: Answer = { status: 404, body: { error: { message: "Not Found", code: 2100 } } };
const RATE_LIMITED: Answer = { status: 429, body: { error: { message: "Rate Limit Exceeded", code: 2020 } } };
const BROKEN: Answer = { status: 503, body: {} };

export class SimulatedAccount {
  readonly incidents = new Map<string, SimulatedIncident>();
  readonly calls: { readonly atMs: number; readonly call: string; readonly status: number | null }[] = [];
  readonly rateLimit: RateLimit;
  weather: Weather = "fine";
  readonly #now: () => number;
  /** Node forgets a request's signal with the request, and then nobody hears of the abort. */
  readonly #hanging = new Set<Request>();

  constructor(now: () => number, { omitHeaders = false }: { omitHeaders?: boolean } = {}) {
    this.#now = now;
    this.rateLimit = new RateLimit({ perMinute: 960, omitHeaders });
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const { weather } = this;
    const url = new URL(request.url);
    const call = `${request.method} ${url.pathname}`;
    const body = request.body === null ? undefined : await request.json();
    const rate = this.rateLimit.take("key", this.#now());
    const answer = this.#answer(call, url, body, weather, rate.allowed);
    this.calls.push({ atMs: this.#now(), call, status: answer?.status ?? null });
    await new Promise<void>((resolve, reject) => {
      if (answer === undefined) this.#hang(request, reject);
      else setTimeout(resolve, LATENCY_MS);
    });
    const { status, body: told } = answer ?? BROKEN;
    return Response.json(told, { status, headers: weather === "refusing" ? {} : rate.headers });
  };

  /** How many calls came in the fullest minute. */
  get fullestMinute(): number {
    const times = this.calls.map(({ atMs }) => atMs);
    let first = 0;
    return times.reduce((most, atMs, index) => {
      while ((times[first] ?? atMs) <= atMs - 60_000) first++;
      return Math.max(most, index - first + 1);
    }, 0);
  }

  #hang(request: Request, reject: (reason: unknown) => void): void {
    this.#hanging.add(request);
    const abort = (): void => {
      this.#hanging.delete(request);
      reject(request.signal.reason);
    };
    request.signal.addEventListener("abort", abort, { once: true });
  }

  #answer(call: string, url: URL, body: unknown, weather: Weather, allowed: boolean): Answer | undefined {
    if (weather === "refusing" || !allowed) return RATE_LIMITED;
    if (weather === "failing") return BROKEN;
    if (weather === "hanging") return undefined;
    const answer = this.#route(call, url, body);
    return weather === "hanging after the effect" ? undefined : answer;
  }

  #route(call: string, url: URL, body: unknown): Answer {
    const [, id = ""] = /^\w+ \/incidents\/(\w+)/.exec(call) ?? [];
    const incident = this.incidents.get(id);
    if (call === "POST /incidents") return this.#open(body);
    if (call === "GET /incidents") return this.#find(url.searchParams.get("incident_key"));
    if (call === "GET /users") return ok({ users: [BOT].map((user) => ({ ...user })), more: false });
    if (call === `GET /users/${BOB.id}`) return ok({ user: BOB });
    if (call === `GET /services/${SERVICE}`) return ok({ service: { id: SERVICE, name: "Access" } });
    if (incident === undefined) return NOT_FOUND;
    if (call.startsWith("PUT ")) incident.status = "resolved";
    if (call.startsWith("POST ")) return this.#note(incident, body);
    return call.endsWith("/notes") ? ok({ notes: incident.notes }) : ok({ incident: viewOf(incident) });
  }

  #open(body: unknown): Answer {
    const { incident_key: key = "", body: { details = "" } = {} } =
      (body as { incident?: { incident_key?: string; body?: { details?: string } } }).incident ?? {};
    if ([...this.incidents.values()].some((open) => open.key === key && open.status !== "resolved")) {
      const errors = ["Open incident with matching dedup key already exists on this service"];
      return { status: 400, body: { error: { message: "Arguments Caused Error", code: 2002, errors } } };
    }
    const id = `Q${this.incidents.size}`;
    const incident: SimulatedIncident = { id, key, details, status: "triggered", openedMs: this.#now(), notes: [] };
    this.incidents.set(id, incident);
    return { status: 201, body: { incident: viewOf(incident) } };
  }

  #find(key: string | null): Answer {
    const found = [...this.incidents.values()].filter((incident) => incident.key === key);
    return ok({ incidents: found.map(viewOf), more: false });
  }

  #note(incident: SimulatedIncident, body: unknown): Answer {
    const note = { id: `N${incident.id}${incident.notes.length}`, content: String(contentOf(body)) };
    incident.notes.push(note);
    return ok({ note });
  }
}

function contentOf(body: unknown): unknown {
  return (body as { note?: { content?: unknown } }).note?.content;
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function viewOf({ id, key, status, details }: SimulatedIncident): object {
  return {
    id,
    incident_key: key,
    status,
    title: "",
    service: { id: SERVICE },
    escalation_policy: { id: POLICY },
    body: { details },
  };
}
