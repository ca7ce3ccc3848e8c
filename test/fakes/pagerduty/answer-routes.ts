/**
 * The routes by which programs do what people do with buttons: custom actions, custom fields, workflows.
 * None of them documents a `From`: with an account key or an app, nobody is the agent.
 */
import { pressAction, setFields, startWorkflow } from "./answers.ts";
import {
  type Answer,
  type ApiCall,
  answerWith,
  ok,
  onFoundIncident,
  onIncidentWithoutFrom,
  page,
  type Route,
} from "./api-call.ts";
import { writerFor, writerWithoutFrom } from "./credentials.ts";
import { fieldValuesFor } from "./events.ts";
import { isRecord, listAt, recordAt, textAt, textsAt } from "./json.ts";
import type { Actor, Workflow } from "./records.ts";
import { restReference } from "./references.ts";
import { invalidInput, isRefusal, NOT_FOUND, type Refusal } from "./refusals.ts";
import { fieldView } from "./setup-views.ts";

/** The undocumented call behind the button; a `From` that comes along is believed. */
function customAction(call: ApiCall): Answer | Refusal {
  const writer = call.from === undefined ? undefined : writerFor(call.account, call.caller, call.from);
  if (isRefusal(writer)) return writer;
  return onIncidentWithoutFrom(call, (nobody, incident) => {
    const actor: Actor = writer ?? nobody;
    const id = textAt(recordAt(recordAt(call.body, "custom_action"), "webhook"), "id") ?? "";
    const extension = call.account.extensions.get(id);
    if (extension === undefined) return invalidInput("Webhook not found");
    return answerWith(pressAction(call.account, actor, incident, extension), () => ({
      custom_action: { webhook: { id, type: "webhook_reference" } },
    }));
  });
}

function putFieldValues(call: ApiCall): Answer | Refusal {
  const values: { id?: string | undefined; name?: string | undefined; value: string | null }[] = [];
  for (const item of listAt(call.body, "custom_fields")) {
    const value = isRecord(item) ? item.value : undefined;
    if (typeof value !== "string" && value !== null) return invalidInput("Custom field value is invalid");
    values.push({ id: textAt(item, "id"), name: textAt(item, "name"), value });
  }
  return onIncidentWithoutFrom(call, (actor, incident) =>
    answerWith(setFields(call.account, actor, incident, values), () => ({
      custom_fields: fieldValuesFor(call.account, incident),
    })),
  );
}

function postField(call: ApiCall): Answer | Refusal {
  const field = recordAt(call.body, "field");
  const name = textAt(field, "name");
  if (name === undefined || !/^[a-z][a-z0-9_]{0,49}$/.test(name)) return invalidInput("Name is invalid");
  if (call.account.fieldByName(name) !== undefined) return invalidInput("Name has already been taken");
  const options = listAt(field, "field_options").flatMap((item) => textAt(recordAt(item, "data"), "value") ?? []);
  const fixed = textAt(field, "field_type") === "single_value_fixed";
  const defaultValue = textAt(field, "default_value");
  const added = call.account.addField({
    name,
    ...(fixed && { options }),
    ...(defaultValue !== undefined && { defaultValue }),
  });
  return { status: 201, body: { field: fieldView(added) } };
}

function triggerView(call: ApiCall, workflow: Workflow): object {
  return {
    ...restReference(call.account.references.workflowTrigger(workflow)),
    type: "workflow_trigger",
    trigger_type: "manual",
    trigger_type_name: "Manual",
    is_disabled: false,
    workflow: restReference(call.account.references.workflow(workflow)),
    permissions: { restricted: false, team_id: null },
    services: [],
  };
}

function startInstance(call: ApiCall): Answer | Refusal {
  const workflow = call.account.workflows.get(call.params[0] ?? "");
  const instance = recordAt(call.body, "incident_workflow_instance");
  const incident = call.account.incidents.get(textAt(recordAt(instance, "incident"), "id") ?? "");
  if (workflow === undefined) return NOT_FOUND;
  if (incident === undefined) return invalidInput("Incident not found");
  const id = startWorkflow(call.account, writerWithoutFrom(call.account, call.caller), incident, workflow);
  return ok({ incident_workflow_instance: { id, type: "incident_workflow_instance", incident: { id: incident.id } } });
}

function listTriggers(call: ApiCall): Answer | Refusal {
  const wanted = call.query.get("workflow_id");
  const types = textsAt({ types: call.query.getAll("trigger_type") }, "types");
  const shown = [...call.account.workflows.values()]
    .filter((workflow) => wanted === null || workflow.id === wanted)
    .filter(() => types.length === 0 || types.includes("manual"));
  return page(call.query, "triggers", shown, (workflow) => triggerView(call, workflow));
}

function listWorkflows(call: ApiCall): Answer | Refusal {
  return page(call.query, "incident_workflows", call.account.workflows.values(), (workflow) => ({
    ...restReference(call.account.references.workflow(workflow)),
    type: "incident_workflow",
    name: workflow.name,
    is_enabled: true,
  }));
}

/** See the file's header. */
export const ANSWER_ROUTES: readonly Route[] = [
  { method: "POST", path: "/incidents/{id}/custom_action", scope: "incidents.write", handle: customAction },
  { method: "PUT", path: "/incidents/{id}/custom_fields/values", scope: "incidents.write", handle: putFieldValues },
  {
    method: "GET",
    path: "/incidents/{id}/custom_fields/values",
    scope: "incidents.read",
    handle: (call) =>
      onFoundIncident(call, (incident) => ok({ custom_fields: fieldValuesFor(call.account, incident) })),
  },
  {
    method: "GET",
    path: "/incidents/types/{type}/custom_fields",
    scope: "custom_fields.read",
    handle: (call) => ok({ fields: [...call.account.fields.values()].map(fieldView) }),
  },
  { method: "POST", path: "/incidents/types/{type}/custom_fields", scope: "custom_fields.write", handle: postField },
  { method: "GET", path: "/incident_workflows", scope: "incident_workflows.read", handle: listWorkflows },
  { method: "GET", path: "/incident_workflows/triggers", scope: "incident_workflows.read", handle: listTriggers },
  {
    method: "POST",
    path: "/incident_workflows/{id}/instances",
    scope: "incident_workflows:instances.write",
    handle: startInstance,
  },
];
