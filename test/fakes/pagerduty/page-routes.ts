/**
 * The page's own routes: GET / and the forms' POST /page/incidents/{id}/{note,acknowledge,resolve,action}.
 * A form is answered with a redirect back to the card, whatever came of it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account } from "./account.ts";
import { readBody } from "./http-text.ts";
import { pageFor } from "./page.ts";
import { Person } from "./person.ts";

const FORM_PATH = /^\/page\/incidents\/([A-Za-z0-9]+)\/(note|acknowledge|resolve|action)$/;

/** Whether a path is the page's. */
export function isPagePath(path: string): boolean {
  return path === "/" || path.startsWith("/page/");
}

/** Answers a request for the page or one of its forms. */
export async function handlePage(
  account: Account,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const form = FORM_PATH.exec(url.pathname);
  if (request.method === "POST" && form !== null) {
    const fields = new URLSearchParams((await readBody(request)) ?? "");
    const notice = performForm(account, form[1] ?? "", form[2] ?? "", fields);
    const query = new URLSearchParams({ as: fields.get("user") ?? "", ...(notice !== null && { notice }) });
    response.writeHead(303, { location: `/?${query}#${form[1]}` }).end();
    return;
  }
  if (url.pathname !== "/" || (request.method !== "GET" && request.method !== "HEAD")) {
    response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n");
    return;
  }
  const html = pageFor(account, url.searchParams.get("as"), url.searchParams.get("notice"));
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(html);
}

/** Does what the form says; a sentence when it cannot be done. */
function performForm(account: Account, incidentId: string, action: string, fields: URLSearchParams): string | null {
  try {
    const person = new Person(account, account.actorFor(fields.get("user") ?? ""));
    const content = (fields.get("content") ?? "").replaceAll("\r\n", "\n");
    if (action === "note") person.note(incidentId, content);
    if (action === "acknowledge") person.acknowledge(incidentId);
    if (action === "resolve") person.resolve(incidentId, content.trim() === "" ? undefined : content);
    if (action === "action") person.pressAction(incidentId, fields.get("label") ?? "");
    return null;
  } catch (fault) {
    return fault instanceof Error ? fault.message : "That could not be done.";
  }
}
