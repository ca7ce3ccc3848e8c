/**
 * An account described in JSON → a stand-in that holds it, for running the stand-in as a process of its own.
 * What is missing gets a default: one bot, one person on call, one policy, one service, one account key.
 */
import { FakePagerDuty, type FakePagerDutyOptions, type Level } from "../pagerduty.ts";
import { isRecord, listAt, numberAt, recordAt, textAt, textsAt } from "./json.ts";

/** What the process prints once it listens. */
export type WorldReport = {
  readonly url: string;
  readonly accountKeys: readonly string[];
  readonly users: readonly { id: string; name: string; email: string }[];
  readonly services: readonly { id: string; name: string }[];
  readonly subscriptions: readonly { id: string; secrets: readonly string[] }[];
  readonly actions: readonly { id: string; name: string }[];
};

const DEFAULT_WORLD = {
  users: [
    { id: "PB0TX91", name: "Teleport Bridge", email: "teleport-bot@harborlight.example" },
    { id: "PK7Q2LA", name: "Alicia Marsh", email: "alicia.marsh@harborlight.example" },
  ],
  policies: [{ id: "PEP31KD", name: "Access Approvers", levels: [["PK7Q2LA"]] }],
  services: [{ id: "PSVC77A", name: "Teleport Access Approvals", policyId: "PEP31KD" }],
  accountKeys: ["stand-in-account-key"],
};

/** Starts a stand-in from a description. Throws a sentence naming what cannot be read. */
export async function startWorld(description: unknown): Promise<{ fake: FakePagerDuty; report: WorldReport }> {
  if (!isRecord(description)) throw new Error("The description of the account is not a JSON object.");
  const world = { ...DEFAULT_WORLD, ...description };
  const fake = await FakePagerDuty.start(optionsFrom(world));
  for (const user of listAt(world, "users"))
    fake.addUser({ ...idOf(user), name: need(user, "name"), email: need(user, "email") });
  for (const policy of listAt(world, "policies"))
    fake.addEscalationPolicy({ ...idOf(policy), name: need(policy, "name"), levels: levelsOf(policy) });
  for (const service of listAt(world, "services"))
    fake.addService({ ...idOf(service), name: need(service, "name"), policyId: need(service, "policyId") });
  for (const key of textsAt(world, "accountKeys")) fake.credentials.addAccountKey(key);
  for (const key of listAt(world, "userKeys")) fake.credentials.addUserKey(need(key, "userId"), need(key, "key"));
  for (const subscription of listAt(world, "subscriptions")) addSubscription(fake, subscription);
  for (const action of listAt(world, "actions")) {
    const draft = { ...idOf(action), name: need(action, "name"), url: need(action, "url") };
    fake.addAction({ ...draft, serviceIds: textsAt(action, "serviceIds"), headers: headersOf(action) });
  }
  for (const workflow of listAt(world, "workflows")) {
    const triggerId = textAt(workflow, "triggerId");
    fake.account.addWorkflow({ name: need(workflow, "name"), ...(triggerId !== undefined && { triggerId }) });
  }
  for (const field of listAt(world, "fields"))
    fake.account.addField({ name: need(field, "name"), options: textsAt(field, "options") });
  fake.courier.duplicates = numberAt(world, "duplicates") ?? 0;
  return { fake, report: reportFor(fake, textsAt(world, "accountKeys")) };
}

function need(value: unknown, key: string): string {
  const text = textAt(value, key);
  if (text === undefined) throw new Error(`The description lacks ${key} in ${JSON.stringify(value)}.`);
  return text;
}

function idOf(value: unknown): { id?: string } {
  const id = textAt(value, "id");
  return id === undefined ? {} : { id };
}

function levelsOf(policy: unknown): Level[] {
  return listAt(policy, "levels").map((level) => textsAt({ level }, "level"));
}

function headersOf(value: unknown): { name: string; value: string }[] {
  return Object.entries(recordAt(value, "headers") ?? {}).map(([name, text]) => ({ name, value: String(text) }));
}

function addSubscription(fake: FakePagerDuty, wanted: unknown): void {
  const serviceId = textAt(wanted, "serviceId") ?? null;
  const type = serviceId === null ? "account_reference" : "service_reference";
  const draft = { ...idOf(wanted), url: need(wanted, "url"), events: textsAt(wanted, "events") };
  const secrets = textsAt(wanted, "secrets");
  const signed = secrets.length > 0 ? { secrets } : {};
  fake.addSubscription({ ...draft, ...signed, filter: { type, id: serviceId }, headers: headersOf(wanted) });
}

function optionsFrom(world: unknown): FakePagerDutyOptions {
  const port = numberAt(world, "port");
  const subdomain = textAt(world, "subdomain");
  const delayMs = numberAt(world, "retryDelayMs");
  const trimCharacters = numberAt(world, "trimCharacters");
  const perMinute = isRecord(world) && world.requestsPerMinute === null ? null : numberAt(world, "requestsPerMinute");
  return {
    ...(port !== undefined && { port }),
    ...(subdomain !== undefined && { subdomain }),
    ...(textAt(world, "region") === "eu" && { region: "eu" as const }),
    ...(delayMs !== undefined && { retryDelayMs: () => delayMs }),
    ...(trimCharacters !== undefined && { trimCharacters }),
    ...(perMinute !== undefined && { rateLimit: { perMinute } }),
  };
}

function reportFor(fake: FakePagerDuty, accountKeys: readonly string[]): WorldReport {
  const { users, services, subscriptions, extensions } = fake.account;
  return {
    url: fake.url,
    accountKeys,
    users: [...users.values()],
    services: [...services.values()].map(({ id, name }) => ({ id, name })),
    subscriptions: [...subscriptions.values()].map(({ endpoint: { id, secrets } }) => ({ id, secrets })),
    actions: [...extensions.values()].map(({ name, endpoint: { id } }) => ({ id, name })),
  };
}
