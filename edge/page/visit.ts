/**
 * Visits to the status page: signing in and out, and who may see it. Whoever has shown nothing sees the same form at every
 * address, so that no cluster's name can be found out by trying.
 */

import type { ClusterConfig } from "../config/cluster-config.ts";
import { readAtMost } from "../routes/body.ts";
import { shows } from "../routes/gate.ts";
import { type Access, ASSERTION_HEADER } from "./access.ts";
import { endedCookie, isSignedIn, pagePath, sessionCookie } from "./session.ts";

/** Largest form that is read, in bytes: a token, and what a browser writes around it. */
const MAX_FORM_BYTES = 8 * 1024;

/** Where Cloudflare Access takes people who want to leave. */
const ACCESS_LOGOUT = "/cdn-cgi/access/logout";

/** Why somebody stays outside, as far as they may know. */
export type Outside = "nobody_yet" | "wrong_token" | "other_page";

/** Where and when a visit is made. */
export interface Visit {
  readonly request: Request;
  /** Our own origin. */
  readonly origin: string;
  readonly nowMs: number;
}

/** What comes of a visit: an answer to what was sent, the cluster whose page may be seen, or nothing but the form. */
export type Visited =
  | { readonly kind: "answered"; readonly answer: Response }
  | { readonly kind: "admitted"; readonly cluster: string }
  | { readonly kind: "outside"; readonly why: Outside };

/** What comes of a visit to the pages of these clusters. An address that stands for no cluster has none of them. */
export async function visitPage(visit: Visit, configs: readonly ClusterConfig[], access: Access): Promise<Visited> {
  const isForm = visit.request.method === "POST";
  if (isForm && !isOwnForm(visit)) return { kind: "outside", why: "other_page" };
  const form = isForm ? await readForm(visit.request) : undefined;
  if (form?.has("token")) return signIn(form.get("token"), configs, visit.nowMs);
  for (const config of configs) {
    if (!(await isAdmitted(visit, config, access))) continue;
    return form === undefined ? { kind: "admitted", cluster: config.cluster } : answered(signOut(config));
  }
  return { kind: "outside", why: "nobody_yet" };
}

/** The way to another page of ours. */
export function redirect(path: string, cookie?: string): Response {
  const headers: Record<string, string> = { Location: path, ...(cookie !== undefined && { "Set-Cookie": cookie }) };
  return new Response(null, { status: 303, headers });
}

// Every cluster's token is compared, whichever it is, and one where there is no cluster: the time taken tells nothing.
function signIn(token: string | null, configs: readonly ClusterConfig[], nowMs: number): Visited {
  if (configs.length === 0) shows(token, null);
  const [fitting] = configs.filter(({ adminToken, access }) => shows(token, adminToken) && access === null);
  if (!fitting?.adminToken) return { kind: "outside", why: "wrong_token" };
  return answered(redirect(pagePath(fitting.cluster), sessionCookie(fitting.cluster, fitting.adminToken, nowMs)));
}

function answered(answer: Response): Visited {
  return { kind: "answered", answer };
}

function signOut({ cluster, access }: ClusterConfig): Response {
  return redirect(access === null ? pagePath(cluster) : ACCESS_LOGOUT, endedCookie(cluster));
}

async function isAdmitted({ request, nowMs }: Visit, config: ClusterConfig, access: Access): Promise<boolean> {
  const { headers } = request;
  if (config.access !== null) return access.admits(headers.get(ASSERTION_HEADER), config.access);
  return isSignedIn(config, headers.get("Cookie"), nowMs);
}

// Browsers say where a form comes from; what says nothing is no browser, and no page has tricked it. As our pages ask that
// nobody be told of them, the `Origin` of their own forms is `null` (https://fetch.spec.whatwg.org/#origin-header).
function isOwnForm({ request, origin }: Visit): boolean {
  const site = request.headers.get("Sec-Fetch-Site");
  const said = request.headers.get("Origin");
  return site === null ? said === null || said === origin : site === "same-origin";
}

async function readForm({ body }: Request): Promise<URLSearchParams> {
  return new URLSearchParams(new TextDecoder().decode(await readAtMost(body, MAX_FORM_BYTES)));
}
