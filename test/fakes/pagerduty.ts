/**
 * A stand-in PagerDuty: a real HTTP server with REST v2, signed webhooks, custom actions and a page to click on.
 * Independent of the product, so that it can disagree with it. Tests act through people, wait without sleeping, and
 * ask for faults. It keeps everything in memory and must never be reachable from outside the machine.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Account, type AccountOptions } from "./pagerduty/account.ts";
import { Credentials } from "./pagerduty/credentials.ts";
import type { DeliveryAttempt } from "./pagerduty/delivery.ts";
import { Dispatch, type DispatchOptions } from "./pagerduty/dispatch.ts";
import { type FailOptions, Faults, matcherFor } from "./pagerduty/faults.ts";
import { History, listed } from "./pagerduty/history.ts";
import { Listener } from "./pagerduty/listener.ts";
import type { PageErrand } from "./pagerduty/page-errands.ts";
import { handlePage, isPagePath } from "./pagerduty/page-routes.ts";
import { Person } from "./pagerduty/person.ts";
import { RateLimit, type RateLimitOptions } from "./pagerduty/rate-limit.ts";
import type { Actor, Extension, Incident, IncidentStatus, Note, Subscription } from "./pagerduty/records.ts";
import { type Call, Rest } from "./pagerduty/rest.ts";
import { addExtension, addSubscription, type ExtensionDraft, type SubscriptionDraft } from "./pagerduty/setup.ts";
import { Courier, type CourierOptions } from "./pagerduty/webhooks.ts";

const DEFAULT_WAIT_MS = 5000;

/** Everything has a default; see `DEFAULTS` below for each. */
export type FakePagerDutyOptions = Partial<
  AccountOptions &
    DispatchOptions &
    Omit<CourierOptions, "now"> & {
      readonly port: number;
      readonly rateLimit: Partial<RateLimitOptions>;
      /** Refuses requests whose Accept does not name version 2. */
      readonly strictAccept: boolean;
    }
>;

const DEFAULTS = {
  subdomain: "harborlight",
  region: "us" as const,
  limits: { titleCharacters: 1024, detailsCharacters: 65_536, noteCharacters: 25_000, notesPerIncident: 2000 },
  abilities: ["sso", "advanced_reports", "teams", "urgencies", "coordinated_responding", "incident_workflows"],
  resolutionNoteFirst: false,
  trimCharacters: 2000,
  eventIdPerSubscription: false,
  webhookTimeoutMs: 5000,
  actionTimeoutMs: 16_000,
  retryDelayMs: (attempt: number) => Math.min(60_000, 500 * 2 ** attempt),
  giveUpAfterMs: 48 * 3600 * 1000,
  strictAccept: true,
};

/** One level of on-calls: user ids, or entries with bounds. */
export type Level = readonly (string | { userId: string; startMs?: number; endMs?: number; scheduleId?: string })[];

/** The stand-in. `start` makes one, `stop` ends it. */
export class FakePagerDuty {
  readonly account: Account;
  readonly credentials: Credentials;
  readonly courier: Courier;
  readonly rateLimit: RateLimit;
  readonly #faults = new Faults();
  readonly #rest: Rest;
  readonly #dispatch: Dispatch;
  readonly #history: History;
  readonly #errands: PageErrand[] = [];
  readonly #listener: Listener;

  private constructor(options: FakePagerDutyOptions) {
    const { port = 0, now = Date.now, rateLimit = {}, ...rest } = options;
    const settings = { ...DEFAULTS, ...rest, now };
    this.rateLimit = new RateLimit({ perMinute: 960, omitHeaders: false, ...rateLimit });
    this.courier = new Courier(settings, (attempt) => this.#history.deliveries.emit(attempt));
    this.#dispatch = new Dispatch(() => this.account, this.courier, settings);
    this.account = new Account(settings, (occurrence) => {
      this.#dispatch.tell(occurrence);
      this.#history.changes.emit(occurrence.incident);
    });
    this.#history = new History(this.account.incidents);
    this.credentials = new Credentials(this.account);
    this.#rest = new Rest({
      account: this.account,
      credentials: this.credentials,
      rateLimit: this.rateLimit,
      faults: this.#faults,
      strictAccept: settings.strictAccept,
      ping: (subscription, userId) => this.#dispatch.ping(subscription, userId),
    });
    this.#listener = new Listener(port, (request, response) =>
      this.#handle(request, response).catch((fault) => response.destroy(fault)),
    );
  }

  /** Starts on loopback, on a free port unless told which. */
  static async start(options: FakePagerDutyOptions = {}): Promise<FakePagerDuty> {
    const fake = new FakePagerDuty(options);
    await fake.up();
    return fake;
  }

  /** The base address of REST, of POST /oauth/token and of the page. */
  get url(): string {
    return this.#listener.url;
  }

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    await this.#listener.up();
  }

  /** Cuts every connection and refuses new ones; deliveries go on. */
  async down(): Promise<void> {
    await this.#listener.down();
  }

  /** Ends it: no more answers, deliveries or retries. */
  async stop(): Promise<void> {
    this.#faults.clear();
    this.courier.stop();
    await this.down();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://stand-in");
    if (isPagePath(url.pathname))
      await handlePage({ account: this.account, errands: this.#errands }, request, response, url);
    else await this.#rest.handle(request, response, url);
  }

  addUser(user: { id?: string; name: string; email: string }) {
    return this.account.addUser(user);
  }

  addService(service: Parameters<Account["addService"]>[0]) {
    return this.account.addService(service);
  }

  /** Adds a policy; `levels[0]` is on call on level 1, and so on. */
  addEscalationPolicy(policy: { id?: string; name: string; levels?: readonly Level[] }) {
    const added = this.account.addPolicy(policy);
    this.setOnCall(added.id, policy.levels ?? []);
    return added;
  }

  /** Replaces who is on call for a policy, level by level. */
  setOnCall(policyId: string, levels: readonly Level[]): void {
    const onCalls = levels.flatMap((level, index) =>
      level.map((entry) => {
        const { userId, startMs, endMs, scheduleId } = typeof entry === "string" ? { userId: entry } : { ...entry };
        return {
          userId,
          level: index + 1,
          scheduleId: scheduleId ?? null,
          startMs: startMs ?? null,
          endMs: endMs ?? null,
        };
      }),
    );
    this.account.setOnCalls(policyId, onCalls);
  }

  addSubscription(draft: SubscriptionDraft): Subscription {
    return addSubscription(this.account, draft);
  }

  /** Adds a custom incident action: `name` is the button's label. */
  addAction(draft: ExtensionDraft): Extension {
    return addExtension(this.account, draft);
  }

  /** Lets whoever looks at the page do something besides, which is no business of PagerDuty's. */
  addErrand(errand: PageErrand): void {
    this.#errands.push(errand);
  }

  /** Acts as a person on the website. */
  as(userId: string): Person {
    return new Person(this.account, this.account.actorFor(userId));
  }

  /** Acts as an Events API integration of a service. */
  asIntegration(serviceId: string, integrationId = "PINT8VQ"): Person {
    const agent = this.account.references.integration(serviceId, integrationId);
    return new Person(this.account, { agent, userId: null, channel: "api" });
  }

  /** Acts as any agent; null is automation. */
  asAgent(agent: Actor["agent"]): Person {
    return new Person(this.account, { agent, userId: null, channel: "api" });
  }

  /** Sends the test event to a subscription. */
  ping(subscriptionId: string, userId: string | null = null): void {
    const subscription = this.account.subscriptions.get(subscriptionId);
    if (subscription === undefined) throw new Error(`No subscription ${subscriptionId}.`);
    this.#dispatch.ping(subscription, userId);
  }

  /** Delivers the very bytes of an earlier delivery once more, under the same `X-Webhook-Id`. */
  redeliver(earlier: DeliveryAttempt): void {
    const { subscriptions, extensions } = this.account;
    const receiver = subscriptions.get(earlier.endpointId) ?? extensions.get(earlier.endpointId);
    if (receiver === undefined) throw new Error(`No endpoint ${earlier.endpointId}.`);
    this.courier.send(receiver.endpoint, earlier, earlier.deliveryId);
  }

  incident(id: string): Incident {
    const found = this.account.incidents.get(id);
    if (found === undefined) throw new Error(`The stand-in PagerDuty knows no incident ${id}.`);
    return found;
  }

  /** All incidents, oldest first. */
  get incidents(): readonly Incident[] {
    return [...this.account.incidents.values()];
  }

  /** REST calls, oldest first; the last 10,000 at least. */
  get calls(): readonly Call[] {
    return this.#rest.calls.items;
  }

  /** Attempts at deliveries, oldest first; the last 10,000 at least. */
  get deliveries(): readonly DeliveryAttempt[] {
    return this.#history.deliveries.items;
  }

  /** How many calls a route has had since the start, such as `POST /incidents/{id}/notes`. */
  callCount(route: string): number {
    return this.#rest.counts.get(route) ?? 0;
  }

  /** An incident that fits, now or later. */
  waitForIncident(check: (incident: Incident) => boolean, timeoutMs = DEFAULT_WAIT_MS): Promise<Incident> {
    return this.#history.waitForIncident(check, timeoutMs);
  }

  /** Tells of every change of an incident from now on, once the incident shows it. */
  follow(tell: (incident: Incident) => void): void {
    this.#history.changes.follow(tell);
  }

  /** A note on an incident that fits, now or later. */
  waitForNote(incidentId: string, check: (note: Note) => boolean, timeoutMs = DEFAULT_WAIT_MS): Promise<Note> {
    return this.#history.waitForNote(incidentId, check, timeoutMs);
  }

  /** An incident, once it has this status. */
  waitForStatus(incidentId: string, status: IncidentStatus, timeoutMs = DEFAULT_WAIT_MS): Promise<Incident> {
    return this.#history.waitForStatus(incidentId, status, timeoutMs);
  }

  /** An attempt at a delivery that fits, of those made or to come; `result` is the status the endpoint answered. */
  waitForDelivery(check: (attempt: DeliveryAttempt) => boolean, timeoutMs = DEFAULT_WAIT_MS): Promise<DeliveryAttempt> {
    return this.#history.waitForDelivery(check, timeoutMs);
  }

  /** A REST call that fits, of those made or to come; it resolves as the call arrives, before its effect. */
  waitForCall(check: (call: Call) => boolean, timeoutMs = DEFAULT_WAIT_MS): Promise<Call> {
    return this.#rest.calls.wait(this.calls, check, timeoutMs, "The awaited call", () =>
      listed(this.calls.map(({ method, path, status }) => `${method} ${path} (${status ?? "unanswered"})`)),
    );
  }

  /** How many of the kept calls match a pattern such as `PUT /incidents/*`. */
  countCalls(pattern: string): number {
    const matches = matcherFor(pattern);
    return this.calls.filter(({ method, path }) => matches(`${method} ${path}`)).length;
  }

  /** The next matching calls fail; see `Faults.failNext`. */
  failNext(pattern: string, status: number | "cut", body?: unknown, options: FailOptions = {}): void {
    this.#faults.failNext(pattern, status, body, options);
  }

  /** Matching calls get no answer until `release`. */
  hang(pattern: string, options: { readonly afterEffect?: boolean } = {}): void {
    this.#faults.hang(pattern, options);
  }

  /** Lets go of what hangs under a pattern, or of everything. */
  release(pattern?: string): void {
    this.#faults.release(pattern);
  }

  /** Ends every fault. */
  clearFaults(): void {
    this.#faults.clear();
  }
}
