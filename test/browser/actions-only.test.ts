import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GUARD_ACCOUNT } from "../../src/core/ids.ts";
import { openMany } from "../incident/many-incidents.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { guardBench } from "../sidecar/guard-bench.ts";
import { HAS_NO_BROWSER, launchChromium } from "./chromium.ts";
import { openPage } from "./page-in-browser.ts";

const OPERATOR_KEY = "whoever-looks-after-the-bots";
const LEASE_MS = 60_000;
const SOON = { timeout: 60_000 };

describe.skipIf(HAS_NO_BROWSER)("the operator page of a sidecar without a broker", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(() => browser?.close());

  test("has what actions came to, and says nothing of orders and positions that it does not read", async () => {
    const bench = await guardBench({ operatorKey: OPERATOR_KEY, guardLeaseMs: LEASE_MS });
    const action = { request_id: "invoice-1042", action: "payment.send" };
    await bench.post("/claim", action);
    bench.clock.advance(LEASE_MS);
    await bench.post("/claim", action);
    const { page, faults } = await openPage(browser, bench.url);
    await page.getByLabel("Key").fill(OPERATOR_KEY);
    await page.keyboard.press("Enter");
    await page.locator(".lane canvas").waitFor();
    expect(await page.locator("h2").allInnerTexts()).toEqual([
      ...[expect.stringMatching(/^Incidents/), expect.stringMatching(/^Today|^Session/)],
    ]);
    expect(await page.locator(".lane h3").innerText()).toBe("Actions");
    expect(faults).toEqual([]);
    await page.close();
  });

  test("counts the incidents that are not shown, says where they are, and shows older ones", async () => {
    const bench = await guardBench({ operatorKey: OPERATOR_KEY });
    const where = { account: GUARD_ACCOUNT, symbol: "", at: bench.clock.now() };
    await openMany(openLedger(bench.store), where, 130);
    const { page } = await openPage(browser, bench.url);
    await page.getByLabel("Key").fill(OPERATOR_KEY);
    await page.keyboard.press("Enter");
    const panel = page.locator(".panel.incidents");
    await panel.waitFor();
    expect(await panel.locator("h2").innerText()).toMatch(/130 open/i);
    expect(await panel.locator("article").count()).toBe(100);
    expect(await panel.innerText()).toContain("The latest 100 are shown;");
    await panel.getByRole("button", { name: "Older incidents" }).click();
    await expect.poll(() => panel.locator("article").count(), SOON).toBe(130);
    expect(await panel.innerText()).not.toContain("are shown;");
    await page.close();
  });

  test("counts of those that are over no more than it shows, and says that there are others", async () => {
    const bench = await guardBench({ operatorKey: OPERATOR_KEY });
    const ledger = openLedger(bench.store);
    const at = bench.clock.now();
    await openMany(ledger, { account: GUARD_ACCOUNT, symbol: "", at }, 25);
    const end = { verdict: "order_gone", provenance: "venue", reason: "it is gone" } as const;
    for (let nth = 1; nth <= 25; nth += 1) {
      await ledger.endIncident(GUARD_ACCOUNT, `matter:${nth}`, end, at);
    }
    const { page } = await openPage(browser, bench.url);
    await page.getByLabel("Key").fill(OPERATOR_KEY);
    await page.keyboard.press("Enter");
    await page.getByText("20+ resolved, latest:").click();
    await page.getByText("The latest 20 are shown;").waitFor();
    await page.close();
  });

  test("keeps within a narrow screen where an incident has an id without a space", async () => {
    const bench = await guardBench({ operatorKey: OPERATOR_KEY });
    const said = { summary: "nobody knows", next: `it is looked for under ${"x".repeat(128)}` };
    const report = { kind: "unknown_action", subject: "matter:1", ...said } as const;
    await openLedger(bench.store).beginIncident(GUARD_ACCOUNT, "", report, bench.clock.now());
    const { page } = await openPage(browser, bench.url, { width: 360 });
    await page.getByLabel("Key").fill(OPERATOR_KEY);
    await page.keyboard.press("Enter");
    await page.locator(".incident-card .next").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    await page.close();
  });
});
