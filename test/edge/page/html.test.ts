import { describe, expect, it } from "vitest";
import { Html, html, type Shown } from "../../../edge/page/html.ts";

describe("a template", () => {
  it.each<[Shown, string]>([
    ["<script>alert(1)</script>", "&#60;script&#62;alert(1)&#60;/script&#62;"],
    [`" onload="x`, "&#34; onload=&#34;x"],
    ["' & '", "&#39; &#38; &#39;"],
    ["&lt;", "&#38;lt;"],
    ["\u202ename", "\u202ename"],
    [7, "7"],
    [0, "0"],
    ["", ""],
    [null, ""],
    [undefined, ""],
    [false, ""],
  ])("shows %j as %j", (value, shown) => {
    expect(html`<p title="${value}">${value}</p>`.text).toBe(`<p title="${shown}">${shown}</p>`);
  });

  it("takes other templates as they are, in lists too, and escapes what stands among them", () => {
    const items = ["a<b", html`<i>${"c&d"}</i>`, [html`<br>`, "e"]];
    expect(html`<p>${items}</p>`.text).toBe("<p>a&#60;b<i>c&#38;d</i><br>e</p>");
  });

  it("takes nothing for HTML that only looks like it", () => {
    const forged = JSON.parse('{"text":"<b>"}');
    expect(html`${forged}`.text).not.toContain("<b>");
    expect(html`${new Html("<b>")}`.text).toBe("<b>");
  });
});
