/** The last days as a table whose cells are bars: what was decided, and how long it took. It is its own text. Pure. */
import { html } from "hono/html";
import type { Day } from "../status/days.ts";
import type { Html } from "./document.ts";
import { spanText } from "./words.ts";

/** A bar's whole width, in its own units, and its height. */
const WIDTH = 100;
const HEIGHT = 8;

/** The longest span that a latency's bar can show, in ms: a day. Its scale is logarithmic from a millisecond. */
const LONGEST_MS = 86_400_000;

export function daysTable(days: readonly Day[]): Html {
  const most = Math.max(1, ...days.map(({ approved, denied, other }) => approved + denied + other));
  return html`<table><caption>Decisions of the last ${days.length} days, by UTC, and the median of how long they took</caption>
<thead><tr><th scope="col">Day<th scope="col">Decided<th scope="col"><abbr title="From being asked for to being answered: the time that people take">Answered in</abbr><th scope="col"><abbr title="From a click’s arrival to Teleport’s word that it has taken effect">Click took</abbr></tr></thead>
<tbody>${days.map((day) => dayRow(day, most))}</tbody></table>`;
}

function dayRow({ startsMs, approved, denied, other, medianAnswerMs, medianClickMs }: Day, most: number): Html {
  const day = new Date(startsMs).toISOString().slice(0, 10);
  const parts = [
    { kind: "approved", count: approved },
    { kind: "denied", count: denied },
    { kind: "other", count: other },
  ].filter(({ count }) => count > 0);
  const bar = stack(parts.map(({ kind, count }) => ({ kind, width: (count / most) * WIDTH })));
  const words = parts.map(({ kind, count }) => `${count} ${kind}`).join(", ");
  return html`<tr><th scope="row"><time datetime="${day}">${day.slice(5)}</time><td>${parts.length > 0 ? html`${bar}${words}` : "–"}${[
    medianAnswerMs,
    medianClickMs,
  ].map(
    (ms) => html`<td>${ms === null ? "–" : html`${stack([{ kind: "span", width: logWidth(ms) }])}${spanText(ms)}`}`,
  )}</tr>`;
}

function stack(parts: readonly { readonly kind: string; readonly width: number }[]): Html {
  let x = 0;
  const bars = parts.map(({ kind, width }) => {
    const bar = html`<rect class="${kind}" x="${x.toFixed(1)}" width="${width.toFixed(1)}" height="${HEIGHT}"/>`;
    x += width;
    return bar;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${bars}</svg>`;
}

function logWidth(ms: number): number {
  return (Math.log(Math.max(2, ms)) / Math.log(LONGEST_MS)) * WIDTH;
}
