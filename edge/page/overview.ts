/** The page of a cluster: what needs somebody, then the requests, then what it all stands on. Pure. */
import { html } from "hono/html";
import type { ClusterStatus } from "../status.ts";
import { daysTable } from "./chart.ts";
import type { Html } from "./document.ts";
import { stageCounts, tiles } from "./glance.ts";
import { requestItem } from "./timeline.ts";
import { ago, label } from "./words.ts";

/** Most pending requests that are all open from the start. */
const MAX_OPENED = 5;

/** The page's title: whether something is wrong, and how much is open. */
export function titleFor({ cluster, notices, pendingCount }: ClusterStatus): string {
  return `${notices.length > 0 ? "⚠ " : ""}${pendingCount} pending · ${cluster}`;
}

/** What a screen reader is told when it changes. */
export function headlineFor(status: ClusterStatus): string {
  return [`${status.pendingCount} pending`, stageCounts(status), ...status.notices.map(({ what }) => what)].join(". ");
}

/** Everything that changes. */
export function overview(status: ClusterStatus): Html {
  const { requests, pendingCount, finished, refusals, days, waiting, faults } = status;
  const more = pendingCount - requests.length;
  const opens = pendingCount <= MAX_OPENED;
  const pending = requests.map((request) => requestItem(request, opens));
  if (more > 0) pending.push(html`<li class="faint">and ${more} more`);
  const done = finished.map((request) => requestItem(request, false));
  const relays = status.relays.toSorted((one, other) => one.role.localeCompare(other.role)).map(relayItem);
  const events = faults.map(({ atMs, what }) => html`<li>${what} <small>${ago(atMs)}</small>`);
  return html`<main>${verdict(status)}
<section class="wide" aria-label="At a glance"><dl class="tiles">${tiles(status)}</dl></section>
<div class="wide stack">${section("Pending requests", pendingCount, pending, "Nobody waits for anything.")}
${section("Finished requests", done.length, done, "None yet.")}</div>
<section><h2>Decisions by day</h2>${daysTable(days)}</section>
<div class="stack">${section("Relays", relays.length, relays, "None is connected.")}
${section("Refused", refusals.length, refusals.map(refusalItem), "Nothing was refused.")}
${section("Waiting for PagerDuty", waiting.length, waiting.map(taskItem), "Nothing waits.")}
${section("Events", events.length, events, "Nothing out of the ordinary.")}</div></main>`;
}

function verdict({ notices }: ClusterStatus): Html {
  const [worst] = notices;
  if (worst === undefined) return html`<section class="wide verdict good">All is well</section>`;
  const title = worst.level === "failing" ? "Something does not work" : "Something needs you";
  return html`<section class="wide verdict ${worst.level}">${title}<ul class="list">${notices.map(
    ({ what, atMs }) => html`<li>${what} ${atMs !== null && ago(atMs)}`,
  )}</ul></section>`;
}

function section(title: string, count: number, items: readonly Html[], otherwise: string): Html {
  if (count === 0) return html`<section><h2>${title}</h2><p class="faint">${otherwise}</p></section>`;
  return html`<section><h2>${title} <small>${count}</small></h2><ul class="list">${items}</ul></section>`;
}

function relayItem(relay: ClusterStatus["relays"][number]): Html {
  const { role, release, teleportVersion, connectedMs, watching, certificateExpiresMs, relayKey, problem } = relay;
  return html`<li><span class="pill ${role}">${role}</span> <b>${release}</b>
at Teleport ${teleportVersion ?? "of a release not known"}, ${watching === false ? html`<b class="bad">not watching</b>` : watching ? "watching" : "watch not known"},
connected ${ago(connectedMs)}${certificateExpiresMs !== null && html`, certificate ends ${ago(certificateExpiresMs)}`}
<p class="faint">key <code>${relayKey}</code></p>${problem !== null && html`<p class="bad">${problem}</p>`}`;
}

function refusalItem({ atMs, requestId, who, verdict, refusal, text }: ClusterStatus["refusals"][number]): Html {
  return html`<li><code>${refusal}</code> ${verdict} by ${who} <small>${ago(atMs)}</small>
<p class="faint">${text} ${linkTo(requestId)}`;
}

function taskItem({ requestId, task, attempts, dueMs, sinceMs }: ClusterStatus["waiting"][number]): Html {
  return html`<li><b>${label(task)}</b> since ${ago(sinceMs)}${
    attempts > 0 && html`, ${attempts} failed, again ${ago(dueMs)}`
  } <p class="faint">${linkTo(requestId)}`;
}

function linkTo(requestId: string): Html {
  return html`<a href="#r-${requestId}">${requestId}</a>`;
}
