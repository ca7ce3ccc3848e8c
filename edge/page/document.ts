/**
 * A page as an answer: its frame, its one style sheet and script, and the headers that let it load nothing else. What it
 * shows is given to it as HTML in which every value is escaped.
 */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { live } from "./browser/live.ts";
import { STYLE } from "./style.ts";

/** HTML in which every value is escaped; a promise only if a value was one. */
export type Html = ReturnType<typeof html>;

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
export async function pageAnswer(
  { title, body, live }: { title: string; body: Html; live: Live | null },
  status: number,
): Promise<Response> {
  const isLive = live !== null;
  const page = await html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>${raw(STYLE)}</style>
${isLive ? html`<noscript><meta http-equiv="refresh" content="15"></noscript>` : null}</head>
<body${isLive ? html` data-tag="${live.tag}" data-every="${live.everySeconds}"` : null}>${body}${
    isLive ? html`<script>${raw(SCRIPT)}</script>` : null
  }</body></html>`;
  const headers: Record<string, string> = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    ...(isLive && { ETag: `"${live.tag}"` }),
  };
  return new Response(String(page), { status, headers });
}

function hashOf(text: string): string {
  return `sha256-${btoa(String.fromCharCode(...createHash("sha256").update(text).digest()))}`;
}
