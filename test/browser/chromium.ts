/** The browser of the tests: Debian's own Chromium, headless, with an empty profile each time. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Undefined where there is none. */
export const CHROMIUM = [process.env.CHROMIUM_PATH ?? "", ...PLACES].find((path) =>
  existsSync(path),
);

/** Whether the tests are left out: never where a browser was to be installed for them. */
export const HAS_NO_BROWSER =
  CHROMIUM === undefined && !["true", "1"].includes(process.env.CI ?? "");

export function launchChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error("no Chromium: apt-get install chromium");
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}
