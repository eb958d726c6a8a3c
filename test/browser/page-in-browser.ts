/** The operator page as a person has it: opened with a key, and watched for what it may not do. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

export interface OpenedPage {
  readonly page: Page;
  /** Of every request that the page has made. */
  readonly asked: readonly string[];
  /** Errors of the page, and of its policy. */
  readonly faults: string[];
}

export interface PageWish {
  readonly key?: string;
  readonly width?: number;
  readonly colorScheme?: BrowserContextOptions["colorScheme"];
}

/** As long as the tests wait for anything, on a machine that may be busy. */
const PATIENCE_MS = 60_000;
const HEIGHTS: Readonly<Record<number, number>> = { 390: 844, 1280: 900 };

export async function openPage(
  browser: Browser,
  url: string,
  { key, width = 1280, colorScheme = "light" }: PageWish = {},
): Promise<OpenedPage> {
  const viewport = { width, height: HEIGHTS[width] ?? 900 };
  const page = await browser.newPage({ viewport, colorScheme: colorScheme ?? null });
  page.setDefaultTimeout(PATIENCE_MS);
  const asked: string[] = [];
  const faults: string[] = [];
  page.on("request", (request) => void asked.push(request.url()));
  page.on("pageerror", (error) => void faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await page.goto(url);
  if (key !== undefined) await signIn(page, key);
  return { page, asked, faults };
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("Key").fill(key);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Claims/ }).waitFor();
  await page.locator(".lane canvas").first().waitFor();
}
