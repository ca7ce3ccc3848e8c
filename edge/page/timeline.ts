/** One request on the page: how it stands, and its way from ask to outcome with the time that each hop took. Pure. */
import { html } from "hono/html";
import type { Hop } from "../status/timeline.ts";
import type { RequestStatus } from "../status.ts";
import type { Html } from "./document.ts";
import { ago, clock, label, spanText } from "./words.ts";

/** A request that can be opened to see its way; `opens` when it is open from the start. */
export function requestItem(request: RequestStatus, opens: boolean): Html {
  const { id, user, roles, resources, stage, end, timeline } = request;
  const [first, last] = [timeline[0], timeline.at(-1)];
  const isOver = stage === end?.end;
  const took = first && last && isOver && html`took ${spanText(last.atMs - first.atMs)} · `;
  const next = html`<li class="next"><b>${label(stage)}</b>${last && html`<small>since ${ago(last.atMs)}</small>`}`;
  return html`<li><details id="r-${id}"${opens && html` open`}><summary>
<span class="pill ${stage}">${label(stage)}</span> <b>${user}</b> <span class="grow">${[...roles, ...resources].join(", ")}</span>
<small>${took}${first && clock(first.atMs)}</small></summary>${facts(request)}
<ol class="way">${timeline.map((hop, index) => hopItem(hop, timeline[index - 1], request))}${!isOver && next}</ol></details>`;
}

function facts(request: RequestStatus): Html {
  const { id, reason, digest, requestExpiresMs: endsMs, end, incidents, unrouted, autoApprovalRefusal } = request;
  const isDeaf = incidents.some(({ covered, state }) => covered === false && state === "open");
  return html`<p>Request <code>${id}</code>, digest <code>${digest.slice(0, 8)}</code>${
    end === null && endsMs !== null && html`, ends ${clock(endsMs)} if nobody decides`
  }${reason && html`<p>Asked for because: <q>${reason}</q>`}${end?.why && html`<p>Answered because: <q>${end.why}</q>`}
${unrouted.length > 0 && html`<p>PagerDuty is asked for ${unrouted.join(", ")}`}
${isDeaf && html`<p class="bad">Answers that are given on its incident do not arrive.`}
${autoApprovalRefusal && html`<p>Not approved for being on call: <code>${autoApprovalRefusal}</code>`}`;
}

function hopItem(hop: Hop, before: Hop | undefined, { incidents }: RequestStatus): Html {
  const { kind, atMs, who, verdict, incidentId } = hop;
  const url = incidents.find((incident) => incident.incidentId === incidentId)?.url ?? "";
  return html`<li class="${kind}"><b>${label(kind)}</b> ${before && html`<i>+${spanText(atMs - before.atMs)}</i>`}
${kind === "paged" && html`<small>${linked(url, incidentId ?? "")}</small>`}
<small>${kind === "clicked" && `${verdict} by `}${kind !== "asked" && who}</small><small>${clock(atMs)}</small>`;
}

// An address that PagerDuty gave; nothing else than the web is followed.
function linked(url: string, text: string): Html {
  return html`${/^https?:\/\//.test(url) ? html`<a href="${url}" rel="noreferrer">${text}</a>` : text}`;
}
