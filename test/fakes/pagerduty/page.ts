/**
 * The page at `/`: incidents as cards, each with its notes and one form for the person who is picked.
 * Plain HTML that works without its script, which only keeps it fresh and never touches a form that is in use.
 * Every value is escaped.
 */
import type { Account } from "./account.ts";
import { PAGE_SCRIPT, PAGE_STYLE } from "./page-assets.ts";
import type { Incident, Note } from "./records.ts";

const INCIDENTS_SHOWN = 50;

/** Text as HTML, in element content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The whole page; `picked` is the user whom the forms offer first, else the assignee; `notice` a sentence about the last click. */
export function pageFor(account: Account, picked: string | null, notice: string | null): string {
  const incidents = [...account.incidents.values()].slice(-INCIDENTS_SHOWN).reverse();
  const open = incidents.filter(({ status }) => status !== "resolved").length;
  const cards = incidents.map((incident) => cardFor(account, incident, picked)).join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Incidents (${open} open)</title><style>${PAGE_STYLE}</style></head>
<body><header><h1>Incidents</h1><p id="summary">${open} open · stand-in PagerDuty for <b>${escapeHtml(account.options.subdomain)}</b></p></header>
${notice === null ? "" : `<p class="notice" role="status">${escapeHtml(notice)}</p>`}
<main id="cards">${cards || '<p class="empty">Nobody needs anything. New incidents appear here by themselves.</p>'}</main>
<script>${PAGE_SCRIPT}</script></body></html>`;
}

function cardFor(account: Account, incident: Incident, picked: string | null): string {
  const id = escapeHtml(incident.id);
  return `<article id="${id}" class="${incident.status}" data-revision="${incident.revision}">
<div class="view">${viewFor(account, incident)}</div>
<form method="post" action="/page/incidents/${id}/note" class="controls">${controlsFor(account, incident, picked)}</form>
</article>`;
}

function viewFor(account: Account, incident: Incident): string {
  const service = account.services.get(incident.serviceId)?.name ?? incident.serviceId;
  const assignees = incident.assigneeIds.map((id) => account.users.get(id)?.name ?? id).join(", ");
  const merged = incident.mergedIntoId === null ? "" : ` · merged into ${escapeHtml(incident.mergedIntoId)}`;
  return `<p class="meta"><span class="badge">${incident.status}</span> <span>#${incident.number}</span>
<span>${escapeHtml(service)}</span><time datetime="${new Date(incident.createdAtMs).toISOString()}">${clock(incident.createdAtMs)}</time></p>
<h2>${escapeHtml(incident.title)}</h2>
<p class="who">${assignees === "" ? "Assigned to nobody" : `Assigned to ${escapeHtml(assignees)}`} · ${incident.urgency} urgency${merged}</p>
${incident.details === null ? "" : `<pre>${escapeHtml(incident.details)}</pre>`}
${incident.notes.length === 0 ? "" : `<ol class="notes">${incident.notes.map(noteFor).join("")}</ol>`}`;
}

function noteFor(note: Note): string {
  const author = escapeHtml(note.author?.summary ?? "Automation");
  return `<li><p class="by"><b>${author}</b> <time>${clock(note.createdAtMs)}</time></p><p>${escapeHtml(note.content)}</p></li>`;
}

function clock(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(11, 19)} UTC`;
}

function controlsFor(account: Account, incident: Incident, picked: string | null): string {
  const id = escapeHtml(incident.id);
  const users = [...account.users.values()].map(
    (user) =>
      `<option value="${escapeHtml(user.id)}"${user.id === (picked ?? incident.assigneeIds[0]) ? " selected" : ""}>${escapeHtml(user.name)}</option>`,
  );
  const button = (action: string, label: string, kind: string, value = "") =>
    `<button class="${kind}" formaction="/page/incidents/${id}/${action}" name="label" value="${escapeHtml(value)}" formnovalidate>${escapeHtml(label)}</button>`;
  const actions = [...account.extensions.values()]
    .filter(({ serviceIds }) => serviceIds.includes(incident.serviceId))
    .map(({ name }) => button("action", name, /^deny/i.test(name) ? "deny" : "approve", name));
  const acknowledgeButton = incident.status === "triggered" ? button("acknowledge", "Acknowledge", "plain") : "";
  const resolveButton = incident.status === "resolved" ? "" : button("resolve", "Resolve", "plain");
  return `<label class="as">Acting as <select name="user">${users.join("")}</select></label>
<div class="row">${actions.join("")}${acknowledgeButton}${resolveButton}</div>
<div class="row note"><label class="hidden" for="note-${id}">Note on incident ${id}</label>
<textarea id="note-${id}" name="content" rows="1" placeholder="Add a note, such as /approve for ticket 42" required></textarea>
<button class="plain">Add note</button></div>`;
}
