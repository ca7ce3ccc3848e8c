import { createHash } from "node:crypto";
import { html } from "hono/html";
import { describe, expect, it } from "vitest";
import { pageAnswer, tagOf } from "../../../edge/page/document.ts";

const live = { tag: "0123456789abcdef", everySeconds: 3 };
const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const inside = (page: string, element: string) =>
  new RegExp(`<${element}>(.*)</${element}>`, "s").exec(page)?.[1] ?? "";

describe("a page", () => {
  it("allows its own style and script by their hashes, and nothing else", async () => {
    const answer = await pageAnswer({ title: "t", body: html`<main></main>`, live }, 200);
    const policy = answer.headers.get("Content-Security-Policy");
    const page = await answer.text();
    expect(policy).toContain(`style-src ${hashOf(inside(page, "style"))};`);
    expect(policy).toContain(`script-src ${hashOf(inside(page, "script"))};`);
    expect(page).not.toMatch(/ style=| on\w+=/);
  });

  it("has a script only if it is to stay up to date, and brings itself anew where scripts do not run", async () => {
    const page = await (await pageAnswer({ title: "t", body: html``, live }, 200)).text();
    expect(page).toContain('<noscript><meta http-equiv="refresh"');
    const still = await (await pageAnswer({ title: "t", body: html``, live: null }, 401)).text();
    expect(still).not.toMatch(/<script|refresh|data-tag/);
  });

  it("escapes its title", async () => {
    const page = await pageAnswer({ title: "</title><script>", body: html``, live: null }, 200);
    expect(await page.text()).toContain("<title>&lt;/title&gt;&lt;script&gt;</title>");
  });

  it("is known by a tag of what it shows", () => {
    expect([tagOf("a"), tagOf("a"), tagOf("b")].map((tag, _, [first]) => tag === first)).toEqual([true, true, false]);
  });
});
