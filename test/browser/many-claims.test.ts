import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { HAS_NO_BROWSER, launchChromium } from "./chromium.ts";
import { openPage, signIn } from "./page-in-browser.ts";

const OPERATOR_KEY = "whoever-looks-after-the-bots";
const EXITS = 45;
/** A page of claims has no more. */
const LATER_ORDERS = 100;
/** Claims that are shown at first. */
const PAGE = 100;
const SOON = { timeout: 60_000 };
const MISMATCH = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";

describe.skipIf(HAS_NO_BROWSER)("the operator page with many claims", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(() => browser?.close());

  test("knows the exit behind the oldest of many that are stuck, and asks how it ended", async () => {
    const symbols = Array.from(
      { length: EXITS },
      (_, nth) => `X${"ABCDEFGHIJ"[Math.floor(nth / 10)]}${"ABCDEFGHIJ"[nth % 10]}`,
    );
    const held = { quantity: "6", averagePrice: "70" };
    const world = await openOrderWorld({
      prices: { SPY: "500", ...Object.fromEntries(symbols.map((symbol) => [symbol, "75"])) },
      positions: symbols.map((symbol) => ({ symbol, ...held })),
      cash: "10000000",
    });
    const settings = { operatorKey: OPERATOR_KEY, requestsPerMinute: 100_000 };
    const opened = await world.open(settings);
    const match = { method: "POST", path: "/v2/orders" } as const;
    const fault = { kind: "refuse", status: 422, code: 42_210_000, message: MISMATCH } as const;
    world.simulator.addFaults([{ match, fault, times: EXITS }]);
    for (const symbol of symbols) await world.send(opened, { ...SELL, symbol });
    for (let nth = 1; nth <= LATER_ORDERS; nth += 1) {
      const order = { ...SELL, symbol: "SPY", side: "buy", client_order_id: `later-${nth}` };
      await world.send(opened, order);
    }
    const { page } = await openPage(browser, opened.sidecar.url);
    await signIn(page, OPERATOR_KEY);
    const card = page.getByRole("article", { name: "Incident 1", exact: true });
    await expect.poll(() => card.innerText(), SOON).not.toContain("is being looked up");
    await card.getByRole("button", { name: "Resolve…" }).click();
    expect(await page.getByRole("dialog").innerText()).toContain("the claim to sell 6 XAA");
    await page.close();
  });

  test("keeps a claim that has come while older ones were read", async () => {
    const world = await openOrderWorld();
    const opened = await world.open({ operatorKey: OPERATOR_KEY, requestsPerMinute: 100_000 });
    const buy = (nth: number) => {
      const order = { ...SELL, symbol: "SPY", side: "buy", client_order_id: `order-${nth}` };
      return world.send(opened, order);
    };
    for (let nth = 1; nth <= PAGE + 1; nth += 1) await buy(nth);
    const { page } = await openPage(browser, opened.sidecar.url);
    await signIn(page, OPERATOR_KEY);
    const rows = page.locator(".claims tbody tr");
    await expect.poll(() => rows.count(), SOON).toBe(PAGE);
    const isNewest = page.waitForResponse(async (response) => {
      const isPage = response.url().includes("/claims?") && !response.url().includes("cursor=");
      return isPage && (await response.text()).includes(`order-${PAGE + 2}`);
    }, SOON);
    await page.route("**/latch/v1/claims?*cursor=*", async (route) => {
      const response = await route.fetch();
      await isNewest;
      // The page has shown it by the next frame.
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
      await route.fulfill({ response });
    });
    await page.getByRole("button", { name: "Older claims" }).click();
    await buy(PAGE + 2);
    await expect.poll(() => rows.count(), SOON).toBe(PAGE + 2);
    expect(await rows.first().locator("code").getAttribute("title")).toBe(`order-${PAGE + 2}`);
    await page.close();
  });
});
