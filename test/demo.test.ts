/** The tour, `npm run demo -- --stay`, as somebody takes it: by the forms of the page, and by the terminal. */
import { afterEach, expect, it } from "vitest";
import { Program } from "./stage/program.ts";
import { CLUSTER, PEOPLE } from "./stage/stage.ts";

const WITHIN_MS = 90_000;

let demo: Program | undefined;

afterEach(() => demo?.kill());

it(
  "the tour lets people ask, decide, be refused and kill the relay, tells what happens, and ends cleanly",
  async () => {
    const running = Program.start("the demo", "test/demo.ts", ["--stay"]);
    demo = running;
    await running.line(/^Keys: /);
    const addressIn = async (pattern: RegExp) => /http\S+/.exec(await running.line(pattern))?.[0] ?? "";
    const pagerDuty = await addressIn(/^ +PagerDuty's stand-in/);
    const statusPage = await addressIn(/^ +the status page/);
    expect(statusPage).toMatch(new RegExp(`/clusters/${CLUSTER}$`));
    expect((await fetch(statusPage)).headers.get("content-type")).toContain("text/html");

    const post = (path: string, fields: Record<string, string>) =>
      fetch(`${pagerDuty}page/${path}`, { method: "POST", body: new URLSearchParams(fields) });
    const ask = async (roles: string, reason: string) => {
      const from = running.lines.length;
      await post("errands/ask", { asking: PEOPLE.alice.email, roles, reason });
      return /incident (\w+)/.exec(await running.line(/PagerDuty opens incident/, from))?.[1] ?? "";
    };
    const note = (incidentId: string, user: string, content: string) =>
      post(`incidents/${incidentId}/note`, { user, content });

    const first = await ask("dba", "to see it work");
    await note(first, PEOPLE.alice.id, "/approve");
    await running.line(new RegExp(`${first}: .*nobody may approve their own access request`));
    await note(first, PEOPLE.bob.id, "/approve");
    await running.line(new RegExp(`${first}: resolved`));

    const forbidden = await ask("admin", "to see it refused");
    await post(`incidents/${forbidden}/action`, { user: PEOPLE.bob.id, label: "Approve Request" });
    await running.line(new RegExp(`${forbidden}: .*may not be approved from PagerDuty`));

    const last = await ask("auditor", "to see it kept");
    await post("errands/relay", { to: "kill" });
    expect(await (await fetch(pagerDuty)).text()).toContain("Start the relay again");
    await note(last, PEOPLE.bob.id, "/approve");
    await post("errands/relay", { to: "start" });
    await running.line(new RegExp(`${last}: resolved`));

    running.signal("SIGINT");
    expect(await running.ended).toBe(0);
  },
  WITHIN_MS,
);
