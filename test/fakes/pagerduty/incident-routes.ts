/**
 * The routes under /incidents that read, open and change incidents, and /log_entries.
 */
import { annotate } from "./answers.ts";
import {
  type Answer,
  type ApiCall,
  answerWith,
  includesOf,
  ok,
  onFoundIncident,
  onIncident,
  page,
  type Route,
  timeOf,
} from "./api-call.ts";
import { writerFor } from "./credentials.ts";
import { change, draftFrom } from "./incident-input.ts";
import { findIncidents } from "./incident-search.ts";
import { merge, snooze } from "./incidents.ts";
import { idsAt, listAt, numberAt, recordAt, textAt } from "./json.ts";
import { openIncident } from "./opening.ts";
import type { Incident } from "./records.ts";
import { isRefusal, NOT_FOUND, type Refusal } from "./refusals.ts";
import { incidentView, logEntryView, noteView } from "./views.ts";

function postIncident(call: ApiCall): Answer | Refusal {
  const { account } = call;
  const actor = writerFor(account, call.caller, call.from);
  if (isRefusal(actor)) return actor;
  const draft = draftFrom(call.body);
  if (isRefusal(draft)) return draft;
  const includes = new Set(["body"]);
  return answerWith(
    openIncident(account, actor, draft),
    (incident) => ({ incident: incidentView(account, incident, includes) }),
    201,
  );
}

function putIncidents(call: ApiCall): Answer | Refusal {
  const { account } = call;
  const actor = writerFor(account, call.caller, call.from);
  if (isRefusal(actor)) return actor;
  const changed: Incident[] = [];
  for (const wanted of listAt(call.body, "incidents")) {
    const incident = account.incidents.get(textAt(wanted, "id") ?? "");
    const done = incident === undefined ? NOT_FOUND : change(account, actor, incident, wanted);
    if (isRefusal(done)) return done;
    changed.push(done);
  }
  return ok({ incidents: changed.map((incident) => incidentView(account, incident, new Set())) });
}

function oneIncident(call: ApiCall, done: Incident | Refusal, status = 200): Answer | Refusal {
  return answerWith(
    done,
    (incident) => ({ incident: incidentView(call.account, incident, includesOf(call.query)) }),
    status,
  );
}

function getLogEntry(call: ApiCall): Answer | Refusal {
  const entry = call.account.logEntries.get(call.params[0] ?? "");
  if (entry === undefined) return NOT_FOUND;
  return ok({ log_entry: logEntryView(call.account, entry, includesOf(call.query)) });
}

const read = "incidents.read";
const write = "incidents.write";

/** See the file's header. */
export const INCIDENT_ROUTES: readonly Route[] = [
  { method: "POST", path: "/incidents", scope: write, handle: postIncident },
  { method: "PUT", path: "/incidents", scope: write, handle: putIncidents },
  {
    method: "GET",
    path: "/incidents",
    scope: read,
    handle: (call) => {
      const found = findIncidents(call.account, call.query);
      if (isRefusal(found)) return found;
      const includes = includesOf(call.query);
      return page(call.query, "incidents", found, (incident) => incidentView(call.account, incident, includes));
    },
  },
  {
    method: "GET",
    path: "/incidents/{id}",
    scope: read,
    handle: (call) => onFoundIncident(call, (incident) => oneIncident(call, incident)),
  },
  {
    method: "PUT",
    path: "/incidents/{id}",
    scope: write,
    handle: (call) =>
      onIncident(call, (actor, incident) =>
        oneIncident(call, change(call.account, actor, incident, recordAt(call.body, "incident"))),
      ),
  },
  {
    method: "PUT",
    path: "/incidents/{id}/merge",
    scope: write,
    handle: (call) =>
      onIncident(call, (actor, target) =>
        oneIncident(call, merge(call.account, actor, target, idsAt(call.body, "source_incidents"))),
      ),
  },
  {
    method: "POST",
    path: "/incidents/{id}/snooze",
    scope: write,
    handle: (call) =>
      onIncident(call, (actor, incident) =>
        oneIncident(call, snooze(call.account, actor, incident, numberAt(call.body, "duration") ?? 0), 201),
      ),
  },
  {
    method: "GET",
    path: "/incidents/{id}/notes",
    scope: read,
    handle: (call) => onFoundIncident(call, (incident) => ok({ notes: incident.notes.map(noteView) })),
  },
  {
    method: "POST",
    path: "/incidents/{id}/notes",
    scope: write,
    handle: (call) =>
      onIncident(call, (actor, incident) => {
        const content = textAt(recordAt(call.body, "note"), "content") ?? "";
        return answerWith(annotate(call.account, actor, incident, content), (note) => ({ note: noteView(note) }));
      }),
  },
  {
    method: "GET",
    path: "/incidents/{id}/log_entries",
    scope: read,
    handle: (call) =>
      onFoundIncident(call, (incident) => {
        const includes = includesOf(call.query);
        const sinceMs = timeOf(call.query, "since") ?? Number.NEGATIVE_INFINITY;
        const untilMs = timeOf(call.query, "until") ?? Number.POSITIVE_INFINITY;
        const newestFirst = incident.logEntries.filter(({ atMs }) => sinceMs <= atMs && atMs <= untilMs).reverse();
        return page(call.query, "log_entries", newestFirst, (entry) => logEntryView(call.account, entry, includes));
      }),
  },
  { method: "GET", path: "/log_entries/{id}", scope: read, handle: getLogEntry },
];
