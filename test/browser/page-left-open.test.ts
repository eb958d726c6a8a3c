import type { Page, Route } from "playwright-core";
import { describe, expect, test } from "vitest";
import { HAS_NO_BROWSER } from "./chromium.ts";
import { dayInBrowser } from "./day-in-browser.ts";
import { signIn } from "./page-in-browser.ts";
import { OPERATOR_KEY } from "./replayed-day.ts";

/** The page asks every two seconds, on a machine that may be busy. */
const SOON = { timeout: 60_000 };
const DAY_MS = 24 * 60 * 60 * 1_000;
const PAGES = "**/latch/v1/**";

describe.skipIf(HAS_NO_BROWSER)("the operator page that is left open", () => {
  const on = dayInBrowser((day) => day.playUntil("09:42:30"));

  const open = async (key = OPERATOR_KEY): Promise<Page> => (await on.open({ key })).page;

  const word = (page: Page) => page.locator(".word").innerText();

  test("says that nothing answers where a connection stands still and does not break", async () => {
    const page = await open();
    expect(await word(page)).not.toContain("no answer");
    await page.route(PAGES, () => undefined);
    await expect
      .poll(() => word(page), SOON)
      .toMatch(/attention\s+no answer from the sidecar since 09:4\d:\d\d · below, as of 09:4/);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await expect.poll(() => word(page), SOON).not.toContain("no answer");
  });

  test("waits with nothing else for positions that a slow broker does not tell", async () => {
    const page = await open();
    const rows = page.locator(".claims tbody tr");
    await rows.first().waitFor();
    const before = await rows.count();
    await page.route("**/latch/v1/positions", () => undefined);
    for (const quantity of ["7", "8"]) {
      await on.day.order({ symbol: "TQQQ", side: "buy", effect: "open", quantity });
      const row = rows.filter({ hasText: `buy ${quantity} TQQQ` });
      await row.first().waitFor({ timeout: 20_000 });
    }
    expect(await rows.count()).toBe(before + 2);
  });

  test("says that a claim could not be read, and what of it is old", async () => {
    const page = await open();
    await page.route("**/life?*", (route) => route.abort());
    await page.locator(".open-claim").first().click();
    const dialog = page.getByRole("dialog");
    await dialog.locator(".problem").waitFor();
    expect(await dialog.innerText()).not.toContain("Being read");
    await page.keyboard.press("Escape");
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await on.day.order({ symbol: "TQQQ", side: "buy", effect: "open", quantity: "5", reason: "b" });
    await page.locator(".open-claim").first().click();
    await dialog.getByRole("heading", { name: "Events" }).waitFor();
    expect(await dialog.locator(".problem").count()).toBe(0);
  });

  test("says that what is below is old where only that cannot be read", async () => {
    const page = await open();
    await page.route("**/latch/v1/incidents?*", (route) => route.abort());
    await on.day.order({ symbol: "TQQQ", side: "buy", effect: "open", quantity: "1", reason: "a" });
    await expect
      .poll(() => word(page), SOON)
      .toMatch(/attention\s+what is below could not be read again since 09:4\d:\d\d/);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await expect.poll(() => word(page), SOON).not.toContain("could not be read");
  });

  test("shows what has come between its readings, also without the stream of events", async () => {
    const page = await open();
    const rows = page.locator(".claims tbody tr");
    await rows.first().waitFor();
    const before = await rows.count();
    await page.route("**/latch/v1/events?*", (route) => route.abort());
    await on.day.stop();
    await expect.poll(() => word(page), SOON).toContain("no answer");
    const claims = page.waitForResponse((response) => response.url().includes("/claims?"), SOON);
    await page.route(
      "**/latch/v1/session",
      async (route) => {
        // The claims are read already; the session is not.
        await claims;
        await on.day.order({ symbol: "SQQQ", side: "buy", effect: "open", quantity: "2" });
        await route.continue();
      },
      { times: 1 },
    );
    await on.day.start();
    await expect.poll(() => rows.count(), SOON).toBe(before + 1);
  });

  test("asks for the key again once the sidecar does not know it any more", async () => {
    const page = await open();
    await on.day.stop();
    await on.day.begin({ operatorKey: "another-key-since-the-restart" });
    await page.getByText("The sidecar does not know the key any more.").waitFor(SOON);
    expect(await page.locator(".panels").count()).toBe(0);
    await signIn(page, "another-key-since-the-restart");
    await on.day.stop();
    await on.day.start();
  });

  test("does not go on over another ledger, whose incidents have the same numbers", async () => {
    const page = await open();
    await on.day.stop();
    await on.day.begin({ store: on.day.otherStore });
    await page.getByText("another account, broker or store").waitFor(SOON);
    expect(await page.locator(".panels").count()).toBe(0);
    await on.day.stop();
    await on.day.start();
  });

  test("asks to be loaded anew once the sidecar is of another version", async () => {
    const page = await open();
    await page.route(`${on.day.url}/`, async (route) => {
      const document = await (await route.fetch()).text();
      const body = document.replace(/page-[0-9a-f]+\.js/, "page-0123456789ab.js");
      await route.fulfill({ body, contentType: "text/html" });
    });
    await on.day.stop();
    await on.day.start();
    await expect
      .poll(() => word(page), SOON)
      .toMatch(/attention\s+the sidecar is of another version/);
  });

  test("leaves nothing on the screen where it cannot draw what it was answered", async () => {
    const page = await open();
    await page.route("**/latch/v1/status", async (route) => {
      const status = await (await route.fetch()).json();
      await route.fulfill({ json: { ...status, now: "at noon" } });
    });
    await page.getByText("This page has failed, and shows nothing any more").waitFor(SOON);
    expect(await page.locator(".word").count()).toBe(0);
  });

  test("says of a key that no browser can send what is wrong with it", async () => {
    const { page } = await on.open({});
    await page.getByLabel("Key").fill("ключ-оператора-1234");
    await page.keyboard.press("Enter");
    await page.getByText("The key has a character that no key can have.").waitFor();
  });

  test("keeps what a person has searched for far behind, whatever happens meanwhile", async () => {
    const page = await open();
    await page.route("**/latch/v1/claims?*text=*", async (route: Route) => {
      // As the sidecar answers where the words are in none of the latest 5,000 claims.
      const url = new URL(route.request().url());
      if (url.searchParams.get("cursor") === null) {
        return route.fulfill({ json: { claims: [], next: "1-1" } });
      }
      url.searchParams.delete("cursor");
      url.searchParams.delete("text");
      const answer = await (await route.fetch({ url: String(url) })).json();
      return route.fulfill({ json: { claims: answer.claims.slice(-1), next: null } });
    });
    const rows = page.locator(".claims tbody tr");
    await page.getByLabel("Text").fill("long ago");
    await page.getByRole("button", { name: "Search older claims" }).click();
    await expect.poll(() => rows.count(), SOON).toBe(1);
    const again = page.waitForResponse((response) => response.url().includes("text="), SOON);
    await on.day.order({ symbol: "TQQQ", side: "buy", effect: "open", quantity: "3", reason: "c" });
    await again;
    await page.waitForResponse((response) => response.url().includes("/positions"), SOON);
    expect(await rows.count()).toBe(1);
  });

  test("calls no other day today once its day is over", async () => {
    const page = await open();
    const title = page.locator("#today-title");
    expect(await title.innerText()).toBe("Today Thu, 21 May 2026");
    on.day.jump(DAY_MS);
    await expect.poll(() => title.innerText(), SOON).toBe("Today Fri, 22 May 2026");
    await page.getByText("Nothing has happened today.").waitFor(SOON);
  });
});
