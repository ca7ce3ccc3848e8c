/**
 * `node test/browser/pictures.ts [DIR]` makes the pictures of the documents: both pages of the demo, with what the demo's
 * people have done on them, in headless Chromium. Without DIR they go where the documents show them, docs/pictures/.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { JOURNEYS, play } from "../demo/journeys.ts";
import { setScene } from "../demo/scene.ts";
import { furnish } from "../demo/tour.ts";
import { ADMIN_TOKEN, PEOPLE, type Stage } from "../stage/stage.ts";
import { launchChromium } from "./chromium.ts";
import { type Pixels, smallPng } from "./small-png.ts";

const PICTURES = fileURLToPath(new URL("../../docs/pictures", import.meta.url));

interface Picture {
  readonly name: string;
  readonly page: "pagerduty" | "status";
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: "light" | "dark";
}

const SHOTS = [
  { name: "pagerduty", page: "pagerduty", viewport: { width: 1120, height: 900 } },
  { name: "status", page: "status", viewport: { width: 1120, height: 900 } },
  { name: "status-phone", page: "status", viewport: { width: 390, height: 844 } },
] as const;

/** Each by day and by night. */
const ALL: readonly Picture[] = SHOTS.flatMap((shot) =>
  (["light", "dark"] as const).map((colorScheme) => ({ ...shot, name: `${shot.name}-${colorScheme}`, colorScheme })),
);

/** What the pages are to show: both journeys, a refused click, and somebody who waits. */
async function act(stage: Stage): Promise<void> {
  for (const journey of JOURNEYS) await play(stage, journey);
  const { teleport, pagerDuty, relay } = stage;
  const asked = teleport.createRequest({
    user: PEOPLE.alice.email,
    roles: ["dba"],
    reason: "replica lag on orders-db",
  });
  const requestId = asked.metadata?.name ?? "";
  const incident = await pagerDuty.waitForIncident(({ incidentKey }) => incidentKey?.endsWith(requestId) === true);
  await relay.line(new RegExp(`Incident bound.*${incident.id}`));
  pagerDuty.as(PEOPLE.alice.id).note(incident.id, "/approve it is urgent");
  await pagerDuty.waitForNote(incident.id, ({ content }) => content.startsWith("Not approved"));
}

async function take(browser: Browser, { name, page: which, viewport, colorScheme }: Picture, to: Addresses) {
  const context = await browser.newContext({ viewport, colorScheme, locale: "en-GB", timezoneId: "UTC" });
  const page = await context.newPage();
  await page.goto(to[which]);
  if (which === "status") {
    await page.getByLabel("Admin token").fill(ADMIN_TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Pending requests" }).waitFor();
  }
  const pixels = await pixelsOf(page, await page.screenshot());
  await writeFile(join(to.folder, `${name}.png`), smallPng(pixels));
  await context.close();
}

/** A browser reads its own picture, in a page that allows it. */
async function pixelsOf(page: Page, png: Buffer): Promise<Pixels> {
  await page.goto("about:blank");
  const [width, height, rgba] = await page.evaluate(
    async (source) => {
      const bitmap = await createImageBitmap(await (await fetch(source)).blob());
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      canvas?.drawImage(bitmap, 0, 0);
      const data = canvas?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? new Uint8ClampedArray();
      let binary = "";
      for (const byte of data) binary += String.fromCharCode(byte);
      return [bitmap.width, bitmap.height, btoa(binary)] as const;
    },
    `data:image/png;base64,${png.toString("base64")}`,
  );
  return { width, height, rgba: Buffer.from(rgba, "base64") };
}

interface Addresses {
  readonly pagerduty: string;
  readonly status: string;
  readonly folder: string;
}

const folder = resolve(process.argv[2] ?? PICTURES);
await mkdir(folder, { recursive: true });
const [stage, browser] = await Promise.all([setScene(), launchChromium()]);
try {
  await act(stage);
  const { statusPage } = furnish(stage);
  const to = { pagerduty: stage.pagerDuty.url, status: statusPage, folder };
  for (const picture of ALL) await take(browser, picture, to);
} finally {
  await Promise.all([browser.close(), stage.strike()]);
}
