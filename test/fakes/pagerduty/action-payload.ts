/**
 * A pressed custom incident action → the V2 payload that its extension's address receives.
 * Pure. Nothing in it is signed; the label and the address are all that tells one button from another.
 */
import { randomUUID } from "node:crypto";
import type { Account } from "./account.ts";
import type { Extension, Incident, LogEntry, Service } from "./records.ts";
import { isoSeconds, restReference } from "./references.ts";
import { incidentView, logEntryView, serviceView } from "./views.ts";

/** `{"messages":[{event:"incident.custom",log_entries,webhook,incident,id,created_on}]}`. */
export function actionPayloadFor(account: Account, incident: Incident, extension: Extension, entry: LogEntry): object {
  return {
    messages: [
      {
        event: "incident.custom",
        log_entries: [logEntryFor(account, entry)],
        webhook: webhookFor(account, incident, extension),
        incident: incidentFor(account, incident),
        id: randomUUID(),
        created_on: isoSeconds(entry.atMs),
      },
    ],
  };
}

/** The log entry; without an agent the key is missing altogether. */
function logEntryFor(account: Account, entry: LogEntry): object {
  const { agent, channel, service, incident, teams, contexts, event_details, ...rest } = Object.fromEntries(
    Object.entries(logEntryView(account, entry, new Set())),
  );
  const who = agent === null ? {} : { agent };
  return { ...rest, html_url: null, ...who, channel, service, incident, teams, contexts, event_details };
}

function webhookFor(account: Account, incident: Incident, extension: Extension): object {
  const { endpoint, name } = extension;
  const service = account.services.get(incident.serviceId);
  const outbound = account.references.to(
    "outbound_integration",
    "outbound_integrations",
    "PCUSTACT",
    "Custom Incident Action",
  );
  const self = account.references.to("webhook", "webhooks", endpoint.id, name);
  return {
    endpoint_url: endpoint.url,
    name,
    description: null,
    webhook_object: service === undefined ? null : restReference(account.references.service(service)),
    config: {},
    outbound_integration: { ...restReference(outbound), html_url: null },
    accounts_addon: null,
    ...restReference({ ...self, type: "webhook", html_url: null }),
  };
}

/** V2 names a few things that REST does not, and leaves out what came later. */
function incidentFor(account: Account, incident: Incident): object {
  const service = account.services.get(incident.serviceId);
  const { updated_at, priority, resolve_reason, conference_bridge, incident_type, ...common } = Object.fromEntries(
    Object.entries(incidentView(account, incident, new Set())),
  );
  return {
    ...common,
    service: service === undefined ? null : serviceFor(account, service, incident),
    privilege: null,
    impacted_services: service === undefined ? [] : [restReference(account.references.service(service))],
    basic_alert_grouping: null,
    alert_grouping: null,
    metadata: {},
    external_references: [],
    importance: null,
    incidents_responders: [],
    responder_requests: [],
    subscriber_requests: [],
    alerts: [],
  };
}

function serviceFor(account: Account, service: Service, incident: Incident): object {
  return {
    ...serviceView(account, service),
    status: "critical",
    last_incident_timestamp: isoSeconds(incident.createdAtMs),
    scheduled_actions: [],
    support_hours: null,
    addons: [],
    privilege: null,
    metadata: {},
  };
}
