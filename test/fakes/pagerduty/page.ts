/**
 * The page at `/`: incidents as cards, each with its notes and one form for the person who is picked. What is resolved is
 * folded. Plain HTML that works without its script, which only keeps it fresh and never touches a form that is in use.
 * Every value is escaped.
 */
import type { Account } from "./account.ts";
import { PAGE_SCRIPT, PAGE_STYLE } from "./page-assets.ts";
import { errandsFor, type PageErrand } from "./page-errands.ts";
import type { Incident, Note } from "./records.ts";

const INCIDENTS_SHOWN = 50;

/** What there is to show and to do. */
export interface PageMatter {
  readonly account: Account;
  readonly errands: readonly PageErrand[];
}

/** How somebody comes to the page. */
export interface PageVisit {
  /** The user whom the forms offer first; null: the assignee. */
  readonly picked: string | null;
  /** A sentence about the last click, if there is one. */
  readonly notice: string | null;
}

/** Text as HTML, in element content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The whole page. */
export function pageFor({ account, errands }: PageMatter, { picked, notice }: PageVisit): string {
  const incidents = [...account.incidents.values()].slice(-INCIDENTS_SHOWN).reverse();
  const open = incidents.filter(({ status }) => status !== "resolved").length;
  const cards = incidents.map((incident) => cardFor(account, incident, picked)).join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<title>Incidents (${open} open)</title><style>${PAGE_STYLE}</style></head>
<body><header><h1>Incidents</h1><p id="summary"><b>${open} open</b> · a stand-in for PagerDuty</p></header>
${notice === null ? "" : `<p class="notice" role="status">${escapeHtml(notice)}</p>`}
<div class="sides">${errandsFor(errands)}
<main id="cards">${cards || '<p class="empty">Nobody needs anything. New incidents appear here by themselves.</p>'}</main></div>
<script>${PAGE_SCRIPT}</script></body></html>`;
}

function cardFor(account: Account, incident: Incident, picked: string | null): string {
  const id = escapeHtml(incident.id);
  return `<article id="${id}" class="${incident.status}" data-revision="${incident.revision}">
<details${incident.status === "resolved" ? "" : " open"}><summary>${summaryFor(account, incident)}</summary>
<div class="view">${viewFor(account, incident)}</div>
<form method="post" action="/page/incidents/${id}/note" class="controls">${controlsFor(account, incident, picked)}</form>
</details></article>`;
}

function summaryFor(account: Account, { status, number, serviceId, createdAtMs, title }: Incident): string {
  const service = account.services.get(serviceId)?.name ?? serviceId;
  return `<span class="meta"><span class="badge">${status}</span> <span>#${number}</span> <span>${escapeHtml(service)}</span>
<time datetime="${new Date(createdAtMs).toISOString()}">${clock(createdAtMs)}</time></span>
<h2>${escapeHtml(title)}</h2>`;
}

function viewFor(account: Account, incident: Incident): string {
  const assignees = incident.assigneeIds.map((id) => account.users.get(id)?.name ?? id).join(", ");
  const merged = incident.mergedIntoId === null ? "" : ` · merged into ${escapeHtml(incident.mergedIntoId)}`;
  return `<p class="who">${assignees === "" ? "Assigned to nobody" : `Assigned to ${escapeHtml(assignees)}`} · ${incident.urgency} urgency${merged}</p>
${incident.details === null ? "" : `<pre>${escapeHtml(incident.details)}</pre>`}
${incident.notes.length === 0 ? "" : `<ol class="notes">${incident.notes.map(noteFor).join("")}</ol>`}`;
}

function noteFor({ author, createdAtMs, content }: Note): string {
  const name = escapeHtml(author?.summary ?? "Automation");
  const isCommand = content.startsWith("/");
  return `<li><p class="by"><b>${name}</b> <time>${clock(createdAtMs)}</time></p><p${isCommand ? ' class="command"' : ""}>${escapeHtml(content)}</p></li>`;
}

function clock(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(11, 19)} UTC`;
}

function controlsFor(account: Account, incident: Incident, picked: string | null): string {
  const id = escapeHtml(incident.id);
  const button = (action: string, label: string, kind: string, value = "") =>
    `<button class="${kind}" formaction="/page/incidents/${id}/${action}" name="label" value="${escapeHtml(value)}" formnovalidate>${escapeHtml(label)}</button>`;
  const actions = [...account.extensions.values()]
    .filter(({ serviceIds }) => serviceIds.includes(incident.serviceId))
    .map(({ name }) => button("action", name, /^deny/i.test(name) ? "deny" : "approve", name));
  const states = [
    ...(incident.status === "triggered" ? [button("acknowledge", "Acknowledge", "plain")] : []),
    incident.status === "resolved" ? button("reopen", "Reopen", "plain") : button("resolve", "Resolve", "plain"),
  ];
  return `<label class="as">Acting as <select name="user">${peopleFor(account, incident, picked)}</select></label>
<div class="row">${[...actions, ...states].join("")}</div>
<div class="row note"><label class="hidden" for="note-${id}">Note on incident ${id}</label>
<textarea id="note-${id}" name="content" rows="1" placeholder="A note, such as: /approve for ticket 42" required></textarea>
<button class="plain">Add note</button></div>`;
}

function peopleFor(account: Account, { policyId, assigneeIds }: Incident, picked: string | null): string {
  const levels = new Map(account.onCalls.get(policyId)?.map(({ userId, level }) => [userId, level]));
  const options = [...account.users.values()].map(({ id, name }) => {
    const isPicked = id === (picked || assigneeIds[0]);
    const duty = levels.has(id) ? `, on call on level ${levels.get(id)}` : "";
    return `<option value="${escapeHtml(id)}"${isPicked ? " selected" : ""}>${escapeHtml(name)}${duty}</option>`;
  });
  return options.join("");
}
