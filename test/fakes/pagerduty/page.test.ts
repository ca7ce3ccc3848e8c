/**
 * The page: escaping, forms, buttons.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { draft, SERVICE, Stage } from "./stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.start();
});

afterEach(() => stage.stop());

describe("the page", () => {
  it("escapes every value, and offers the buttons only when there are any", async () => {
    const title = `<script>alert("1")</script>`;
    const { body } = await stage.call("POST", "/incidents", draft("k", { title }));
    stage.fake.as("PK7Q2LA").note(body.incident.id, "<b>bold</b>");
    const before = await (await fetch(stage.fake.url)).text();
    expect(before).not.toContain("<script>alert");
    expect(before).not.toContain("<b>bold");
    expect(before).not.toContain("Approve Request");
    stage.fake.addAction({ name: "Approve Request", url: stage.receiver.url, serviceIds: [SERVICE] });
    expect(await (await fetch(stage.fake.url)).text()).toContain("Approve Request");
  });

  it("adds notes as the picked person and presses buttons", async () => {
    stage.fake.addAction({ name: "Deny Request", url: stage.receiver.url, serviceIds: [SERVICE] });
    const id = await stage.open();
    const post = (action: string, fields: Record<string, string>) =>
      fetch(`${stage.fake.url}/page/incidents/${id}/${action}`, {
        method: "POST",
        body: new URLSearchParams(fields),
        redirect: "manual",
      });
    expect((await post("note", { user: "PM4RZ0C", content: "/approve" })).status).toBe(303);
    await post("action", { user: "PM4RZ0C", label: "Deny Request" });
    expect(stage.fake.incident(id).notes).toMatchObject([{ content: "/approve", author: { id: "PM4RZ0C" } }]);
    expect(stage.fake.incident(id).logEntries.at(-1)?.summary).toBe("Omar Fields ran Deny Request");
    await post("resolve", { user: "PM4RZ0C", content: "" });
    const twice = await post("resolve", { user: "PM4RZ0C", content: "" });
    expect(twice.headers.get("location")).toContain("notice=");
  });
});
