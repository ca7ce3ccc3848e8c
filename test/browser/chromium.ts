/** A real headless Chromium for tests of pages, where the machine has one. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const PATH = "/usr/bin/chromium";

/** Whether there is a browser to test in: Debian's package `chromium`. */
export const hasChromium = existsSync(PATH);

// It is to do what the test asks, and nothing of its own accord.
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: PATH, args: ARGUMENTS });
}

/** What a page complained about: errors on its console, violations of its policy, exceptions. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}
