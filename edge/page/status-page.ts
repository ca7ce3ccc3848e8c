/** The status page as an answer, or word that it has not changed. */
import { html } from "hono/html";
import type { ClusterStatus } from "../status.ts";
import { pageAnswer, tagOf } from "./document.ts";
import { headlineFor, overview, titleFor } from "./overview.ts";

/** How soon the page is asked for again, in seconds: while something is under way, and otherwise, so that objects sleep. */
const BUSY_SECONDS = 3;
const QUIET_SECONDS = 15;

/** The page of a cluster; `known` is the `If-None-Match` of whoever has one already. */
export async function statusPage(status: ClusterStatus, known: string | undefined): Promise<Response> {
  const main = await overview(status);
  const tag = tagOf(String(main));
  if (known?.includes(tag)) return new Response(null, { status: 304, headers: { ETag: `"${tag}"` } });
  const everySeconds = status.pendingCount + status.waiting.length > 0 ? BUSY_SECONDS : QUIET_SECONDS;
  const body = html`<header><h1>${status.cluster}<small>Teleport access requests, decided in PagerDuty</small></h1>
<form method="post"><button name="leave">Sign out</button></form></header>
<p class="said" role="status">${headlineFor(status)}</p><p class="lost" role="alert">The edge does not answer; this is how things were.</p>
${main}<footer class="faint">Release ${status.release}. This page keeps itself up to date.</footer>`;
  return pageAnswer({ title: titleFor(status), body, live: { tag, everySeconds } }, 200);
}
