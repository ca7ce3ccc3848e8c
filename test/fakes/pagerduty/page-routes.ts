/**
 * The page's own routes: GET / and the forms' POST /page/incidents/{id}/{what} and /page/errands/{id}.
 * A form is answered with a redirect back to where it was, whatever came of it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account } from "./account.ts";
import { readBody } from "./http-text.ts";
import { type PageMatter, pageFor } from "./page.ts";
import { Person } from "./person.ts";

const FORM_PATH = /^\/page\/incidents\/([A-Za-z0-9]+)\/(note|acknowledge|resolve|reopen|action)$/;
const ERRAND_PATH = /^\/page\/errands\/(\w+)$/;

/** Whether a path is the page's. */
export function isPagePath(path: string): boolean {
  return path === "/" || path.startsWith("/page/");
}

/** Answers a request for the page or one of its forms. */
export async function handlePage(
  matter: PageMatter,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const form = FORM_PATH.exec(url.pathname);
  const errand = matter.errands.find(({ id }) => id === ERRAND_PATH.exec(url.pathname)?.[1]);
  if (request.method === "POST" && (form !== null || errand !== undefined)) {
    const fields = new URLSearchParams((await readBody(request)) ?? "");
    const notice = await whatCameOf(async () =>
      form === null ? errand?.perform(fields) : performForm(matter.account, form[1] ?? "", form[2] ?? "", fields),
    );
    const query = new URLSearchParams({ as: fields.get("user") ?? "", ...(notice !== null && { notice }) });
    response.writeHead(303, { location: `/?${query}${form === null ? "" : `#${form[1]}`}` }).end();
    return;
  }
  if (url.pathname !== "/" || (request.method !== "GET" && request.method !== "HEAD")) {
    response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n");
    return;
  }
  const html = pageFor(matter, { picked: url.searchParams.get("as"), notice: url.searchParams.get("notice") });
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(html);
}

/** Does what the form says, which then shows on the page; throws when it cannot be done. */
function performForm(account: Account, incidentId: string, action: string, fields: URLSearchParams): null {
  const person = new Person(account, account.actorFor(fields.get("user") ?? ""));
  const content = (fields.get("content") ?? "").replaceAll("\r\n", "\n");
  if (action === "note") person.note(incidentId, content);
  if (action === "acknowledge") person.acknowledge(incidentId);
  if (action === "resolve") person.resolve(incidentId, content.trim() === "" ? undefined : content);
  if (action === "reopen") person.reopen(incidentId);
  if (action === "action") person.pressAction(incidentId, fields.get("label") ?? "");
  return null;
}

/** A sentence for the page about what was done, or could not be. */
async function whatCameOf(perform: () => Promise<string | null | undefined>): Promise<string | null> {
  try {
    return (await perform()) ?? null;
  } catch (fault) {
    return fault instanceof Error ? fault.message : "That could not be done.";
  }
}
