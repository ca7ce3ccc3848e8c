/**
 * A page as an answer: its frame, its one style sheet and script, and the headers that let it load nothing else. What it
 * shows is given to it as HTML in which every value is escaped.
 */
import { createHash } from "node:crypto";
import { live } from "./browser/live.ts";
import { Html, html } from "./html.ts";
import { STYLE } from "./style.ts";

const SCRIPT = `(${live})()`;

/** What a browser may do with the page (https://www.w3.org/TR/CSP3/): its own style and script, and asking us again. */
const POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(STYLE)}'`,
  `script-src '${hashOf(SCRIPT)}'`,
  "img-src data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** How a page stays up to date. */
export interface Live {
  /** What of it a browser has, if it has any: the same tag, the same page. */
  readonly tag: string;
  /** How soon it is asked for again, in seconds. */
  readonly everySeconds: number;
}

/** The tag of a page's changing part. */
export function tagOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** A page of HTML; `live` is null for one that stands as it is. */
export function pageAnswer(
  { title, body, live }: { title: string; body: Html; live: Live | null },
  status: number,
): Response {
  const isLive = live !== null;
  const page = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>${new Html(STYLE)}</style>
${isLive ? html`<noscript><meta http-equiv="refresh" content="15"></noscript>` : ""}</head>
<body${isLive ? html` data-tag="${live.tag}" data-every="${live.everySeconds}"` : ""}>${body}${
    isLive ? html`<script>${new Html(SCRIPT)}</script>` : ""
  }</body></html>`;
  const headers: Record<string, string> = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    ...(isLive && { ETag: `"${live.tag}"` }),
  };
  return new Response(page.text, { status, headers });
}

function hashOf(text: string): string {
  return `sha256-${btoa(String.fromCharCode(...createHash("sha256").update(text).digest()))}`;
}
