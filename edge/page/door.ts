/** The form for whoever is outside, the same everywhere. */
import { html } from "hono/html";
import { pageAnswer } from "./document.ts";
import type { Outside } from "./visit.ts";

const WORDS: Readonly<Record<Outside, string | null>> = {
  nobody_yet: null,
  wrong_token: "That is not the right token.",
  other_page: "That form was on another page. Sign in here.",
};

/** The sign-in form as an answer, with word of why it is shown again. */
export function doorPage(why: Outside, status: number): Promise<Response> {
  const words = WORDS[why];
  const body = html`<main class="door"><section><h1>Teleport access requests</h1>
<p class="faint">Sign in with the admin token of your cluster. Where Cloudflare Access stands before this page, come in through it.</p>
${words !== null && html`<p class="bad" role="alert">${words}</p>`}<form method="post">
<label for="token">Admin token</label><input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button class="main">Sign in</button></form></section></main>`;
  return pageAnswer({ title: "Sign in · Teleport access requests", body, live: null }, status);
}
