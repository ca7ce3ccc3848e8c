/**
 * References to resources, with the addresses PagerDuty would give them.
 * Webhooks v3 and REST order the keys differently, and name incidents differently; both orders are made here.
 */
import type {
  EscalationPolicy,
  Extension,
  Incident,
  LogEntry,
  Priority,
  Reference,
  Service,
  Team,
  User,
  Workflow,
} from "./records.ts";

/** A reference in the key order of REST and of V2 payloads. */
export type RestReference = {
  readonly id: string;
  readonly type: string;
  readonly summary: string | null;
  readonly self: string | null;
  readonly html_url: string | null;
};

/** Reorders a reference for REST; a null stays null. */
export function restReference(reference: Reference): RestReference;
export function restReference(reference: Reference | null): RestReference | null;
export function restReference(reference: Reference | null): RestReference | null {
  if (reference === null) return null;
  const { id, type, summary, self, html_url } = reference;
  return { id, type, summary, self, html_url };
}

/** Makes references for one account: `api` and `web` are origins without a slash at the end. */
export class References {
  readonly api: string;
  readonly web: string;

  constructor(api: string, web: string) {
    this.api = api;
    this.web = web;
  }

  /** Any resource whose two addresses have the same path. */
  to(type: string, path: string, id: string, summary: string | null): Reference {
    return {
      html_url: `${this.web}/${path}/${id}`,
      id,
      self: `${this.api}/${path}/${id}`,
      summary,
      type: `${type}_reference`,
    };
  }

  user(user: User): Reference {
    return this.to("user", "users", user.id, user.name);
  }

  service(service: Service): Reference {
    return this.to("service", "services", service.id, service.name);
  }

  policy(policy: EscalationPolicy): Reference {
    return this.to("escalation_policy", "escalation_policies", policy.id, policy.name);
  }

  team(team: Team): Reference {
    return this.to("team", "teams", team.id, team.name);
  }

  priority(priority: Priority): Reference {
    return { ...this.to("priority", "priorities", priority.id, priority.name), html_url: null };
  }

  /** An incident as webhooks v3 name it: by its title. */
  incident(incident: Incident): Reference {
    return this.to("incident", "incidents", incident.id, incident.title);
  }

  /** An incident as REST and V2 name it: by number and title. */
  numberedIncident(incident: Incident): RestReference {
    return restReference({ ...this.incident(incident), summary: `[#${incident.number}] ${incident.title}` });
  }

  logEntry(entry: LogEntry): Reference {
    return {
      html_url: `${this.web}/incidents/${entry.incidentId}/log_entries/${entry.id}`,
      id: entry.id,
      self: `${this.api}/log_entries/${entry.id}`,
      summary: entry.summary,
      type: `${entry.type}_reference`,
    };
  }

  extension(extension: Extension): Reference {
    return { ...this.to("extension", "extensions", extension.endpoint.id, extension.name), html_url: null };
  }

  workflow(workflow: Workflow): Reference {
    return {
      ...this.to("incident_workflow", "incident_workflows", workflow.id, workflow.name),
      html_url: `${this.web}/incident-workflows/workflows/${workflow.id}`,
    };
  }

  workflowTrigger(workflow: Workflow): Reference {
    const path = "incident_workflows/triggers";
    return { ...this.to("workflow_trigger", path, workflow.triggerId, workflow.triggerName), html_url: null };
  }

  /** An integration of a service, as the agent of what comes through the Events API. */
  integration(serviceId: string, integrationId: string): Reference {
    const path = `services/${serviceId}/integrations`;
    return this.to("inbound_integration", path, integrationId, "Events API V2");
  }
}

/** Epoch milliseconds → `2026-03-11T09:14:02Z`, as REST and most of v3 write times. */
export function isoSeconds(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
