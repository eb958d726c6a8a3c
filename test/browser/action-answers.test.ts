import type { Route } from "playwright-core";
import { describe, expect, test } from "vitest";
import { HAS_NO_BROWSER } from "./chromium.ts";
import { dayInBrowser } from "./day-in-browser.ts";

const SOON = { timeout: 60_000 };
const ACTIONS = /\/latch\/v1\/incidents\/\d+\/(?:adopt|flatten|resolve)$/;

describe.skipIf(HAS_NO_BROWSER)("what a person is told of an action on the operator page", () => {
  const on = dayInBrowser(async (day) => {
    await day.playUntil("09:42:30");
    await day.tradeByHand({ symbol: "TQQQ", side: "sell", qty: "2" });
  });

  /** A page on which the confirmation of an action is open, and `answer` stands for the network. */
  async function confirming(action: string, answer: (route: Route) => Promise<unknown>) {
    const { page } = await on.open();
    await page.route(ACTIONS, answer);
    await page.getByRole("button", { name: `${action}…` }).click(SOON);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason").fill("sold by hand");
    return { page, dialog, confirm: dialog.locator("button[type=submit]") };
  }

  test("is what came of it, however early the person would like to be rid of the question", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { page, dialog, confirm } = await confirming("Flatten", async (route) => {
      await held;
      await route.fulfill({ status: 409, json: { message: "the broker holds 9 now" } });
    });
    await confirm.click();
    await expect.poll(() => confirm.innerText(), SOON).toBe("Being done…");
    expect(await dialog.getByRole("button", { name: "Cancel" }).isDisabled()).toBe(true);
    for (let times = 0; times < 3; times += 1) await page.keyboard.press("Escape");
    expect(await dialog.count()).toBe(1);
    release();
    await dialog.getByText("the broker holds 9 now").waitFor();
    expect(await confirm.innerText()).toBe("Close 4 TQQQ at market");
    await page.keyboard.press("Escape");
    await expect.poll(() => dialog.count(), SOON).toBe(0);
  });

  test("is to look first where a gateway on the way has failed, not to do it again", async () => {
    const page502 = { status: 502, body: "<html>bad gateway</html>", contentType: "text/html" };
    const { dialog, confirm } = await confirming("Flatten", (route) => route.fulfill(page502));
    await confirm.click();
    await dialog.getByText("look whether it was done before you try again").waitFor();
    expect(await confirm.count()).toBe(0);
    // The word would mean two things here.
    expect(await dialog.getByRole("button", { name: "Close" }).count()).toBe(0);
    await dialog.getByRole("button", { name: "Back to the page" }).click();
    await expect.poll(() => dialog.count(), SOON).toBe(0);
  });

  test("is that no order was sent, and why, where a flatten could not send its close", async () => {
    const because = "insufficient qty available for order (requested: 4, available: 0)";
    const close = { status: "BLOCKED", requestId: null, quantity: "4", because };
    const { dialog, confirm } = await confirming("Flatten", (route) =>
      route.fulfill({ json: { incident: {}, close } }),
    );
    await confirm.click();
    await dialog.getByText(`no order was sent: ${because}`).waitFor();
    expect(await confirm.count()).toBe(0);
  });

  test("is that what is held has moved since it was asked about", async () => {
    const { page, dialog } = await confirming("Resolve", (route) => route.abort());
    expect(await dialog.locator(".problem").count()).toBe(0);
    await page.route("**/latch/v1/positions", async (route) => {
      const answer = await (await route.fetch()).json();
      const [row] = answer.rows;
      const moved = { ...row, broker: { ...row.broker, quantity: "3" }, difference: "-3" };
      await route.fulfill({ json: { ...answer, rows: [moved] } });
    });
    await dialog.getByText("This is not how it is any more").waitFor(SOON);
  });

  test("is to look first where the answer was lost, and the page then shows what was done", async () => {
    const { page, dialog, confirm } = await confirming("Adopt", async (route) => {
      await route.fetch();
      await route.abort();
    });
    await confirm.click();
    await dialog.getByText("The sidecar did not answer.").waitFor();
    expect(await confirm.count()).toBe(0);
    await page.keyboard.press("Escape");
    await page.getByText("Nothing is stuck.").waitFor();
    const row = page.locator(".positions tbody tr");
    await expect.poll(() => row.innerText(), SOON).toMatch(/TQQQ\s+4\s+4\s+–/);
  });
});
