/** 21 May behind a sidecar, a browser, and pages on it that are closed after each test. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { launchChromium } from "./chromium.ts";
import { type OpenedPage, openPage, type PageWish } from "./page-in-browser.ts";
import { OPERATOR_KEY, ReplayedDay } from "./replayed-day.ts";

export interface DayInBrowser {
  readonly day: ReplayedDay;
  readonly browser: Browser;
  /** Default: with the operator's key. */
  open(wish?: PageWish): Promise<OpenedPage>;
}

/** For the tests of one `describe`; there from its first test on, once `prepare` has resolved. */
export function dayInBrowser(prepare: (day: ReplayedDay) => Promise<void>): DayInBrowser {
  let day: ReplayedDay;
  let browser: Browser;
  const pages: Page[] = [];

  beforeAll(async () => {
    [day, browser] = await Promise.all([ReplayedDay.open(), launchChromium()]);
    await prepare(day);
  });

  afterEach(async () => {
    for (const page of pages.splice(0)) {
      // What a route of the test's is still fetching fails when the page is gone.
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await page.close();
    }
  });

  afterAll(async () => {
    await browser?.close();
    await day?.close();
  });

  return {
    get day() {
      return day;
    },
    get browser() {
      return browser;
    },
    open: async (wish = { key: OPERATOR_KEY }) => {
      const opened = await openPage(browser, day.url, wish);
      pages.push(opened.page);
      return opened;
    },
  };
}
