/**
 * The routes under /extensions and /extension_schemas: custom incident actions and their like.
 */
import type { Account } from "./account.ts";
import { type Answer, type ApiCall, ok, page, type Route } from "./api-call.ts";
import { idsAt, recordAt, textAt } from "./json.ts";
import type { Extension } from "./records.ts";
import { invalidInput, isRefusal, NOT_FOUND, type Refusal } from "./refusals.ts";
import { addExtension, CUSTOM_ACTION_SCHEMA_ID, type ExtensionDraft, headersAt, isAddress } from "./setup.ts";
import { extensionView } from "./setup-views.ts";

const SCHEMAS = [
  { id: "PJFWPEP", key: "generic_v2_webhook", label: "Generic V2 Webhook" },
  { id: CUSTOM_ACTION_SCHEMA_ID, key: "custom_webhook", label: "Custom Incident Action" },
];

function extensionFrom(account: Account, body: unknown): ExtensionDraft | Refusal {
  const wanted = recordAt(body, "extension");
  const name = textAt(wanted, "name");
  const url = textAt(wanted, "endpoint_url");
  const schemaId = textAt(recordAt(wanted, "extension_schema"), "id");
  const serviceIds = idsAt(wanted, "extension_objects");
  if (name === undefined || name === "") return invalidInput("Name can't be blank");
  if (!isAddress(url)) return invalidInput("Endpoint url is invalid");
  if (!SCHEMAS.some((schema) => schema.id === schemaId) || schemaId === undefined)
    return invalidInput("Extension schema not found");
  if (serviceIds.length === 0 || serviceIds.some((id) => !account.services.has(id)))
    return invalidInput("Extension objects are invalid");
  return { name, url, schemaId, serviceIds, headers: headersAt(recordAt(wanted, "config"), "headers") };
}

function postExtension({ account, body }: ApiCall): Answer | Refusal {
  const draft = extensionFrom(account, body);
  if (isRefusal(draft)) return draft;
  return { status: 201, body: { extension: extensionView(account, addExtension(account, draft)) } };
}

function putExtension({ account, body }: ApiCall, extension: Extension): Answer | Refusal {
  const draft = extensionFrom(account, body);
  if (isRefusal(draft)) return draft;
  extension.name = draft.name;
  extension.serviceIds = draft.serviceIds;
  extension.endpoint.url = draft.url;
  extension.endpoint.headers = draft.headers ?? [];
  return ok({ extension: extensionView(account, extension) });
}

function onExtension(use: (call: ApiCall, extension: Extension) => Answer | Refusal) {
  return (call: ApiCall): Answer | Refusal => {
    const extension = call.account.extensions.get(call.params[0] ?? "");
    return extension === undefined ? NOT_FOUND : use(call, extension);
  };
}

function listExtensions({ account, query }: ApiCall): Answer | Refusal {
  const part = (query.get("query") ?? "").toLowerCase();
  const serviceId = query.get("extension_object_id");
  const schemaId = query.get("extension_schema_id");
  const shown = [...account.extensions.values()]
    .filter((extension) => extension.name.toLowerCase().includes(part))
    .filter((extension) => serviceId === null || extension.serviceIds.includes(serviceId))
    .filter((extension) => schemaId === null || extension.schemaId === schemaId);
  return page(query, "extensions", shown, (extension) => extensionView(account, extension));
}

/** See the file's header. */
export const EXTENSION_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/extension_schemas",
    scope: "extension_schemas.read",
    handle: (call) =>
      page(call.query, "extension_schemas", SCHEMAS, (schema) => ({ ...schema, type: "extension_schema" })),
  },
  { method: "GET", path: "/extensions", scope: "extensions.read", handle: listExtensions },
  { method: "POST", path: "/extensions", scope: "extensions.write", handle: postExtension },
  {
    method: "GET",
    path: "/extensions/{id}",
    scope: "extensions.read",
    handle: onExtension((call, found) => ok({ extension: extensionView(call.account, found) })),
  },
  { method: "PUT", path: "/extensions/{id}", scope: "extensions.write", handle: onExtension(putExtension) },
  {
    method: "POST",
    path: "/extensions/{id}/enable",
    scope: "extensions.write",
    handle: onExtension((call, found) => {
      found.endpoint.disabledUntilMs = null;
      found.endpoint.consecutiveDrops = 0;
      return ok({ extension: extensionView(call.account, found) });
    }),
  },
  {
    method: "DELETE",
    path: "/extensions/{id}",
    scope: "extensions.write",
    handle: onExtension((call, found) => {
      // What is queued for it goes nowhere any more.
      found.endpoint.disabledUntilMs = Number.POSITIVE_INFINITY;
      call.account.extensions.delete(found.endpoint.id);
      return { status: 204 };
    }),
  },
];
