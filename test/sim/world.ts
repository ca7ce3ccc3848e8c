/** One seed's whole world, put together: the machines, the networks between them, and what is written down of it. */
import type { Env } from "../../edge/config.ts";
import type { Verifiers } from "../../relay/decider/evidence.ts";
import { createLogger, type Logger } from "../../shared/log.ts";
import { Dice } from "../chaos/dice.ts";
import type { ClickHistory, Mistype, Refused, Span } from "../checker/history.ts";
import { EdgeMachine, ORIGIN } from "./edge-machine.ts";
import { Journal } from "./journal.ts";
import { SimulatedPagerDuty } from "./pagerduty.ts";
import { BOT, CLUSTER, type Plan, planFor, SERVICES, START_MS } from "./plan.ts";
import { RelayMachine } from "./relay-machine.ts";
import { Rest } from "./rest.ts";
import { Scheduler } from "./scheduler.ts";
import type { Storage } from "./storage.ts";
import { tampererFor } from "./tamper.ts";
import { SimulatedTeleport } from "./teleport.ts";
import { Weather } from "./weather.ts";
import { Courier } from "./webhooks.ts";

export const GATE_TOKEN = "the-gate-token-of-the-simulation";
export const ACTION_TOKENS = { approve: "the-approve-token-01", deny: "the-deny-token-00001" } as const;
/** PagerDuty's secrets: the first, and the one that it is rotated to. */
export const SECRETS = ["the-first-webhook-secret", "the-second-webhook-secret"] as const;

/** A click before it is known when a delivery of it was accepted. */
export type Click = { -readonly [Key in keyof ClickHistory]: ClickHistory[Key] };

export interface World {
  readonly dice: Dice;
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly journal: Journal;
  readonly weather: Weather;
  readonly teleport: SimulatedTeleport;
  readonly pagerDuty: SimulatedPagerDuty;
  readonly rest: Rest;
  readonly courier: Courier;
  readonly edge: EdgeMachine;
  readonly relays: readonly RelayMachine[];
  readonly clicks: Click[];
  readonly mistypes: Mistype[];
  readonly refused: readonly Refused[];
  /** When the edge's storage was put back: what it had taken since the copy was made is lost. */
  readonly losses: Span[];
  /** Which secrets are known where; rotation changes it. */
  readonly known: { edge: readonly string[]; relay: readonly string[] };
}

const SILENT: Logger = createLogger({ severity: "error", format: "text", now: () => 0, write: () => {} });
const MUTE: Logger = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };

/** The world of a seed, in which nothing has happened yet. */
export function createWorld(seed: number, storage: Storage, write: ((line: string) => void) | null): World {
  storage.clear();
  const dice = new Dice(seed);
  const plan = planFor(dice.split());
  const scheduler = new Scheduler(START_MS);
  const journal = new Journal(scheduler, write);
  const weather = new Weather(dice.split(), scheduler, plan.climate);
  const teleport = new SimulatedTeleport(scheduler, journal);
  const pagerDuty = new SimulatedPagerDuty(scheduler, journal);
  const { callsPerMinute } = plan;
  const failure = plan.climate.pagerDutyFails;
  const rest = new Rest({ pagerDuty, weather, scheduler, dice: dice.split(), failure, callsPerMinute });
  const known = { edge: [SECRETS[0]] as readonly string[], relay: [SECRETS[0]] as readonly string[] };
  const logOf = (who: string): Logger => (write === null ? MUTE : loggerFor(journal, who));
  const edge = new EdgeMachine({
    ...{ plan, scheduler, journal, dice: dice.split(), storage, rest, log: logOf("edge") },
    env: () => envFor(plan, known.edge),
  });
  const clicks: Click[] = [];
  const refused: Refused[] = [];
  const courier = new Courier({
    ...{ scheduler, weather, dice: dice.split(), journal },
    gateToken: plan.arrangement === "secrets alone" ? null : GATE_TOKEN,
    post: (...posted) => edge.post(...posted),
    repeats: plan.climate.webhooksRepeat,
    eventIdPerSubscription: plan.eventIdPerSubscription,
    accepted: (eventId) => {
      for (const click of clicks) if (click.id === eventId) click.acceptedMs ??= scheduler.nowMs;
    },
    refused: (eventId, status) => void refused.push({ eventId, atMs: scheduler.nowMs, status }),
  });
  courier.subscriptions = [{ id: "PSUB001", secret: SECRETS[0], isEnabled: true, dropped: 0 }];
  pagerDuty.happened = (event) => courier.deliver(event);
  pagerDuty.enable = (id) => courier.enable(id);
  pagerDuty.subscriptions = () => courier.subscriptions.map(subscriptionView);
  for (const { policyId } of SERVICES) pagerDuty.onCall.set(policyId, []);
  const verifiers = (): Verifiers => ({
    decisions: plan.decisions,
    webhookSecrets: known.relay,
    actionTokens: plan.decisions.channels.includes("action") ? ACTION_TOKENS : null,
  });
  const tamper = plan.edgeLies ? tampererFor(dice.split(), journal, weather) : null;
  const names = plan.twoRelays ? (["east", "west"] as const) : (["east"] as const);
  const relays = names.map(
    (name) =>
      new RelayMachine({
        ...{ name, plan, scheduler, journal, weather, dice: dice.split(), teleport, edge, verifiers, tamper },
        log: logOf(name),
      }),
  );
  const parts = { plan, scheduler, journal, weather, teleport, pagerDuty, rest, courier, edge, relays };
  return { dice, ...parts, clicks, mistypes: [], refused, losses: [], known };
}

function loggerFor(journal: Journal, who: string): Logger {
  const at =
    (severity: string) =>
    (message: string, fields: object = {}) =>
      journal.tell(who, `  ${severity} ${message} ${Object.keys(fields).length === 0 ? "" : JSON.stringify(fields)}`);
  return { ...SILENT, error: at("ERROR"), warn: at("WARN"), info: at("INFO"), debug: at("debug"), trace: at("trace") };
}

const CLUSTERS = {
  [CLUSTER]: {
    relay_public_keys: ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
    service_id: SERVICES[0].id,
    user_email: BOT.email,
  },
};

const envs = new Map<string, Omit<Env, "CLUSTER">>();

// The edge reads an environment once; so that it need not for each world, each is made once.
function envFor({ arrangement }: Plan, webhookSecrets: readonly string[]): Omit<Env, "CLUSTER"> {
  const key = [arrangement, ...webhookSecrets].join();
  const known = envs.get(key);
  if (known !== undefined) return known;
  const secrets = {
    api_key: "a-key-of-the-simulation",
    action_tokens: ACTION_TOKENS,
    ...(arrangement !== "gate alone" && { webhook_secrets: webhookSecrets }),
    ...(arrangement !== "secrets alone" && { gate_token: GATE_TOKEN }),
  };
  const env = { CLUSTERS, CLUSTER_SECRETS: JSON.stringify({ [CLUSTER]: secrets }), PUBLIC_URL: ORIGIN };
  envs.set(key, env);
  return env;
}

function subscriptionView({ id, isEnabled }: Courier["subscriptions"][number]): object {
  return {
    id,
    active: true,
    delivery_method: { url: `${ORIGIN}/v1/${CLUSTER}/webhook`, temporarily_disabled: !isEnabled },
    events: ["incident.annotated", "incident.resolved", "incident.workflow.started"],
    filter: { type: "account_reference" },
  };
}
