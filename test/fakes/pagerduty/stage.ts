/**
 * What the tests of the stand-in stand on: one account with three people, a receiver of webhooks, a clock.
 */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { FakePagerDuty, type FakePagerDutyOptions } from "../pagerduty.ts";
import type { Subscription } from "./records.ts";

/** The address of the bot that writes by default. */
export const BOT = "teleport-bot@harborlight.example";
/** The account's service, with Alicia on call on level 1 and Omar on level 2. */
export const SERVICE = "PSVC77A";
/** The folder of recorded deliveries. */
export const FIXTURES = new URL("../../fixtures/", import.meta.url);
const KEY = "account-key";
const START_MS = Date.UTC(2026, 2, 11, 9, 14, 2, 381);

/** A fixture's event with every leaf replaced by its kind: what must be equal when the values are not. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]);
}

/** A fixture, parsed. */
export function fixture(name: string) {
  return JSON.parse(readFileSync(new URL(name, FIXTURES), "utf8"));
}

/** One delivery as it came in. */
export type Received = { headers: Record<string, string | string[] | undefined>; body: string };

/** A receiver on loopback that answers as it is told, 202 when it is told nothing. */
export class Receiver {
  readonly received: Received[] = [];
  answers: (number | "never")[] = [];
  readonly #server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    this.received.push({ headers: request.headers, body });
    const answer = this.answers.shift() ?? 202;
    if (answer !== "never") response.writeHead(answer).end();
  });
  url = "";

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (typeof address === "object" && address !== null) this.url = `http://127.0.0.1:${address.port}/hook`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get types(): string[] {
    return this.received.map(({ body }) => JSON.parse(body).event?.event_type ?? "incident.custom");
  }
}

/** Headers to add, or to leave out when null, and the key to use. */
export type Overrides = { headers?: Record<string, string | null>; key?: string };

/** The body of POST /incidents. */
export function draft(key = "teleport-access-request/one", more: object = {}) {
  const service = { id: SERVICE, type: "service_reference" };
  const body = { type: "incident_body", details: "who wants what" };
  return { incident: { type: "incident", title: "Access request", service, incident_key: key, body, ...more } };
}

/** One stand-in with its receiver; made anew for each test. */
export class Stage {
  readonly fake: FakePagerDuty;
  readonly receiver: Receiver;
  readonly #clock: { nowMs: number };

  private constructor(fake: FakePagerDuty, receiver: Receiver, clock: { nowMs: number }) {
    this.fake = fake;
    this.receiver = receiver;
    this.#clock = clock;
  }

  /** Starts everything; `more` are options of the stand-in. */
  static async start(more: FakePagerDutyOptions = {}): Promise<Stage> {
    const clock = { nowMs: START_MS };
    const options = { now: () => clock.nowMs, retryDelayMs: () => 1, ...more };
    const fake = await FakePagerDuty.start(options);
    fake.addUser({ id: "PB0TX91", name: "Teleport Bridge", email: BOT });
    fake.addUser({ id: "PK7Q2LA", name: "Alicia Marsh", email: "alicia@harborlight.example" });
    fake.addUser({ id: "PM4RZ0C", name: "Omar Fields", email: "omar@harborlight.example" });
    fake.account.addTeam({ id: "PTM90QX", name: "Platform Security" });
    fake.addEscalationPolicy({ id: "PEP31KD", name: "Access Approvers", levels: [["PK7Q2LA"], ["PM4RZ0C"]] });
    fake.addService({ id: SERVICE, name: "Teleport Access Approvals", policyId: "PEP31KD", teamIds: ["PTM90QX"] });
    fake.credentials.addAccountKey(KEY);
    return new Stage(fake, await new Receiver().start(), clock);
  }

  async stop(): Promise<void> {
    await this.fake.stop();
    await this.receiver.stop();
  }

  /** The stand-in's clock. */
  get nowMs(): number {
    return this.#clock.nowMs;
  }

  set nowMs(value: number) {
    this.#clock.nowMs = value;
  }

  /** Subscribes the receiver to event types of the service. */
  subscribe(...events: string[]): Subscription {
    const filter = { type: "service_reference", id: SERVICE };
    return this.fake.addSubscription({ url: this.receiver.url, events, filter, secrets: ["s3cret-s3cret-s3cret"] });
  }

  /** Calls REST as the bot. */
  async call(method: string, path: string, body?: unknown, { headers = {}, key = KEY }: Overrides = {}) {
    const all: Record<string, string | null> = {
      authorization: `Token token=${key}`,
      accept: "application/vnd.pagerduty+json;version=2",
      "content-type": "application/json",
      from: BOT,
      ...headers,
    };
    const sent = new Headers();
    for (const [name, value] of Object.entries(all)) if (value !== null) sent.set(name, value);
    const init = { method, headers: sent, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(this.fake.url + path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** Opens an incident; its id. */
  async open(key?: string): Promise<string> {
    return (await this.call("POST", "/incidents", draft(key))).body.incident.id;
  }
}
