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

  it("offers errands, escaped by whoever brings them, and tells what came of one", async () => {
    const asked: (string | null)[] = [];
    stage.fake.addErrand({
      id: "ask",
      title: "Ask for a role",
      controls: () => `<button name="role" value="dba">Ask</button>`,
      perform: async (fields) => {
        asked.push(fields.get("role"));
        return "Asked & <waiting>";
      },
    });
    expect(await (await fetch(stage.fake.url)).text()).toContain("Ask for a role");
    const body = new URLSearchParams({ role: "dba" });
    const after = await fetch(`${stage.fake.url}/page/errands/ask`, { method: "POST", body });
    expect(asked).toEqual(["dba"]);
    expect(await after.text()).toContain("Asked &#38; &#60;waiting&#62;");
    expect((await fetch(`${stage.fake.url}/page/errands/other`, { method: "POST", body })).status).toBe(404);
  });

  it("folds what is resolved, and opens it again", async () => {
    const id = await stage.open();
    const press = (action: string) =>
      fetch(`${stage.fake.url}/page/incidents/${id}/${action}`, {
        method: "POST",
        body: new URLSearchParams({ user: "PM4RZ0C", content: "" }),
      });
    expect(await (await press("resolve")).text()).toContain("<details><summary>");
    expect(await (await press("reopen")).text()).toContain("<details open><summary>");
    expect(stage.fake.incident(id).status).toBe("triggered");
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
