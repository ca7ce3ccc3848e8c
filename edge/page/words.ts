/** What the page calls things: spans, moments, codes. Pure. */
import { html } from "hono/html";
import type { Html } from "./document.ts";

/** Units of time in ms, from the longest. */
const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** A span of time in its two largest units, such as `4 min 10 s`. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}\u00a0ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}\u00a0s`;
  const from = UNITS.findIndex(([, unitMs]) => ms >= unitMs);
  const parts = UNITS.slice(from, from + 2).map(([unit, unitMs], index) => {
    const of = index === 0 ? ms : ms % (UNITS[from]?.[1] ?? 1);
    return [Math.floor(of / unitMs), unit] as const;
  });
  return parts.flatMap(([count, unit]) => (count > 0 ? [`${count}\u00a0${unit}`] : [])).join(" ");
}

/** A moment, by UTC; the page's script says it by the reader's own clock. */
export function clock(atMs: number): Html {
  return timeElement(atMs, "clock");
}

/** A moment as {@link clock}; the page's script says how long ago it is, or how soon. */
export function ago(atMs: number): Html {
  return timeElement(atMs, "ago");
}

function timeElement(atMs: number, style: "clock" | "ago"): Html {
  const iso = new Date(atMs).toISOString();
  return html`<time datetime="${iso}" data-as="${style}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}

/** A code as people read it: `being_paged` is `Being paged`. */
export function label(code: string): string {
  return `${code.slice(0, 1).toUpperCase()}${code.slice(1).replaceAll("_", " ")}`;
}
