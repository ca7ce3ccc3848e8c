/** The stand-in PagerDuty as a process of its own, which writes down when each incident was asked for. */

import { parseIncidentKey } from "../../../shared/incident-key.ts";
import { FakePagerDuty } from "../../fakes/pagerduty.ts";
import { API_KEY, GATE_TOKEN, PEOPLE, SERVICE, WEBHOOK_SECRET } from "../../stage/stage.ts";
import { monotonicMs } from "../monotonic.ts";
import { perform } from "./actor.ts";

/** Calls a minute where the limit is to be in nobody's way. */
const UNLIMITED = 999_999;

let pagerDuty: FakePagerDuty;
const postedMs = new Map<string, number>();

/** What it can be asked. */
const deeds = {
  /** Begins; where it serves. */
  async start(): Promise<string> {
    pagerDuty = await FakePagerDuty.start({ rateLimit: { perMinute: UNLIMITED } });
    for (const person of Object.values(PEOPLE)) pagerDuty.addUser(person);
    pagerDuty.addEscalationPolicy({ id: "PPOLICY", name: "Access", levels: [[PEOPLE.bob.id]] });
    pagerDuty.addService({ id: SERVICE, name: "Teleport access", policyId: "PPOLICY" });
    pagerDuty.credentials.addAccountKey(API_KEY);
    hear();
    return pagerDuty.url;
  },

  /** Opens an incident under each key, as our own key would have; their ids. */
  async open(keys: readonly string[]): Promise<string[]> {
    const bot = pagerDuty.as(PEOPLE.bot.id);
    return keys.map((incidentKey) => bot.open({ title: "Access request", serviceId: SERVICE, incidentKey }).id);
  },

  /** Has the edge told of what happens to incidents, as PagerDuty tells it. */
  async subscribe(webhookUrl: string): Promise<void> {
    pagerDuty.addSubscription({
      url: webhookUrl,
      events: ["incident.annotated", "incident.resolved"],
      filter: { type: "service_reference", id: SERVICE },
      headers: [{ name: "X-Gate-Token", value: GATE_TOKEN }],
      secrets: [WEBHOOK_SECRET],
    });
  },

  /** When each request's incident was asked for, by request, since this was asked last. */
  async posted(): Promise<ReadonlyMap<string, number>> {
    const told = new Map(postedMs);
    postedMs.clear();
    return told;
  },

  /** How many incidents were asked for since {@link posted} was asked last. */
  async postedCount(): Promise<number> {
    return postedMs.size;
  },

  /** The ids of the incidents of a request. */
  async incidentsOf(requestId: string): Promise<string[]> {
    return pagerDuty.incidents.flatMap(({ id, incidentKey }) => (incidentKey?.endsWith(requestId) ? [id] : []));
  },

  /** How many incidents are resolved. */
  async resolvedCount(): Promise<number> {
    return pagerDuty.incidents.filter(({ status }) => status === "resolved").length;
  },
};

export type PagerDutyDeeds = typeof deeds;

/** Writes down when each incident is asked for, as the call arrives. */
function hear(): void {
  const isNever = (call: { method: string; path: string; body: unknown }): boolean => {
    if (call.method === "POST" && call.path === "/incidents") postedMs.set(requestIn(call.body), monotonicMs());
    // So that the next is looked at too.
    return false;
  };
  void pagerDuty.waitForCall(isNever, 2 ** 31 - 1);
}

function requestIn(body: unknown): string {
  const [, key = ""] = /"incident_key":"([^"]*)"/.exec(JSON.stringify(body)) ?? [];
  return parseIncidentKey(key)?.requestId ?? "";
}

perform(deeds);
