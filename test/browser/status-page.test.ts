import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, boundIncidentFor, incidentFor, stateReached } from "../journeys/journey.ts";
import { ADMIN_TOKEN, CLUSTER, PEOPLE, Stage } from "../stage/stage.ts";
import { complaintsOf, hasChromium, launchChromium } from "./chromium.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const PHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 900 };

describe.skipIf(!hasChromium)("the status page in Chromium (skipped where there is no /usr/bin/chromium)", () => {
  let stage: Stage;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    [stage, browser] = await Promise.all([Stage.set(), launchChromium()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([browser?.close(), stage?.strike()]);
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: DESK });
    page = await context.newPage();
    complaints = complaintsOf(page);
  });
  afterEach(() => context.close());

  const address = () => `${stage.edgeUrl}/clusters/${CLUSTER}`;

  async function signIn(): Promise<void> {
    await page.goto(address());
    await page.getByLabel("Admin token").fill(ADMIN_TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: CLUSTER }).waitFor();
    // That nobody had signed in yet.
    complaints.length = 0;
  }

  // As when somebody comes back to the page; else it takes its time while nothing is under way.
  const lookNow = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

  const requestOf = (requestId: string) => page.locator(`[id="r-${requestId}"]`);

  it("is reached from the front door, with the token alone", async () => {
    await page.goto(stage.edgeUrl);
    await page.getByLabel("Admin token").fill(ADMIN_TOKEN);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: CLUSTER }).waitFor();
    expect(page.url()).toBe(address());
  });

  it("stays closed to a wrong token, and says so", async () => {
    await page.goto(address());
    await page.getByLabel("Admin token").fill(`${ADMIN_TOKEN}x`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("not the right token").waitFor();
    expect(await page.content()).not.toContain(CLUSTER);
  });

  it("keeps its session in a cookie that is not the token, for itself alone, until somebody signs out", async () => {
    await signIn();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Strict", path: `/clusters/${CLUSTER}` });
    expect(cookie?.value).not.toContain(ADMIN_TOKEN);
    await page.reload();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Admin token").waitFor();
    expect(await context.cookies()).toEqual([]);
  });

  it("shows a request's way as it goes, by itself, from the ask to the incident's end", async () => {
    await signIn();
    const requestId = ask(stage, ["dba"], "the <b>migration</b> hangs");
    const request = requestOf(requestId);
    await incidentFor(stage, requestId);
    await lookNow();
    await request.getByText("Awaiting decision").first().waitFor();
    expect(await request.locator("q").textContent()).toBe("the <b>migration</b> hangs");

    const incident = await boundIncidentFor(stage, requestId);
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve go ahead");
    await stateReached(stage, requestId, "APPROVED");
    await request.locator(".way").getByText("Resolved").waitFor();
    const hops = await request.locator(".way b").allTextContents();
    expect(hops).toEqual(["Asked", "Seen", "Paged", "Bound", "Clicked", "Approved", "Resolved"]);
    expect(await request.locator(".way i").count()).toBe(hops.length - 1);
    expect(complaints).toEqual([]);
  });

  it("leaves open what was opened, and the focus where it was", async () => {
    await signIn();
    const first = ask(stage);
    await incidentFor(stage, first);
    await lookNow();
    const summary = requestOf(first).locator("summary");
    await summary.waitFor();
    await summary.focus();
    await page.keyboard.press("Enter");
    expect(await requestOf(first).getAttribute("open")).toBeNull();
    const second = ask(stage);
    await requestOf(second).waitFor();
    expect(await requestOf(first).getAttribute("open")).toBeNull();
    expect(await summary.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  });

  it("says when the edge does not answer, and goes on once it does", async () => {
    await signIn();
    const lost = page.getByText("The edge does not answer");
    await page.route("**/*", (route) => route.abort());
    await lost.waitFor();
    await page.unroute("**/*");
    await lost.waitFor({ state: "hidden" });
  });

  it.each([
    ["the form", { status: 401, contentType: "text/html", body: "<h1>Sign in again</h1>" }],
    ["Cloudflare Access", { status: 302, headers: { location: "https://team.cloudflareaccess.com/login" } }],
  ])("leads to %s by itself when its session is over", async (_, answer) => {
    await signIn();
    await page.route("https://team.cloudflareaccess.com/**", (route) =>
      route.fulfill({ contentType: "text/html", body: "<h1>Sign in again</h1>" }),
    );
    await page.route(address(), (route) => route.fulfill(answer));
    await lookNow();
    await page.getByRole("heading", { name: "Sign in again" }).waitFor();
  });

  it("asks for nothing while nobody can see it, and at once when somebody can again", async () => {
    await signIn();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const turn = (hidden: boolean) =>
      page.evaluate((isHidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    await turn(true);
    expect(asked).toEqual([]);
    await Promise.all([page.waitForRequest(address()), turn(false)]);
  });

  it("can be used by keyboard alone", async () => {
    const requestId = ask(stage);
    await page.goto(address());
    // A browser may give the field its focus a moment after the page has loaded.
    await page.locator("input:focus").waitFor();
    await page.keyboard.type(ADMIN_TOKEN);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await requestOf(requestId).waitFor();
    const reached = new Set<string>();
    for (let step = 0; step < 20; step++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement?.tagName ?? ""));
    }
    expect([...reached]).toEqual(expect.arrayContaining(["BUTTON", "SUMMARY", "A"]));
  });

  it("works without a script: it brings itself anew", async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const unscripted = await plain.newPage();
    await unscripted.goto(address());
    await unscripted.getByLabel("Admin token").fill(ADMIN_TOKEN);
    await unscripted.getByRole("button", { name: "Sign in" }).click();
    await unscripted.getByRole("heading", { name: "Pending requests" }).waitFor();
    expect(await unscripted.locator("meta[http-equiv=refresh]").count()).toBe(1);
    await plain.close();
  });

  it.each([
    ["light", DESK],
    ["dark", DESK],
    ["light", PHONE],
    ["dark", PHONE],
  ] as const)("has nothing that keeps people out, %s, %j", async (colorScheme, viewport) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.goto(address());
    expect(await violationsIn(page)).toEqual([]);
    const requestId = ask(stage);
    await boundIncidentFor(stage, requestId);
    await signIn();
    await requestOf(requestId).waitFor();
    expect(await violationsIn(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
    expect(complaints).toEqual([]);
  });
});

/** What axe finds wrong. It is evaluated past the page's policy, which would not let it in. */
async function violationsIn(page: Page): Promise<unknown[]> {
  await page.evaluate(await readFile(AXE, "utf8"));
  const results = await page.evaluate((): Promise<AxeResults> => Reflect.get(window, "axe").run(document));
  return results.violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }));
}
