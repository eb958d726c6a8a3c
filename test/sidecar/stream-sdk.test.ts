import { Alpaca, streaming, trading } from "@alpacahq/alpaca-trade-api";
import { describe, expect, test } from "vitest";
import { closeAfterwards, KEY, openSimulatedRelay, SHORT_PAUSE } from "./stream-bench.ts";

const BUY = { symbol: "TQQQ", side: "buy", qty: "6" } as const;

describe("Alpaca's own JavaScript SDK on the relay", () => {
  test("waits for a fill that it has ordered", async () => {
    const { client, stream } = await openSdk();
    const listening = new Promise((resolve) => stream.on(streaming.EVENT.SUBSCRIPTION, resolve));
    stream.subscribeTradeUpdates();
    stream.connect();
    await listening;
    const order = { type: "market", ...BUY, clientOrderId: "sdk-1" } as const;
    const filled = await client.submitAndWait(order, { stream });
    expect(filled).toMatchObject({ status: "filled", filledQty: "6" });
  });

  test("hears of fills, and of those that were caught up, with the mark", async () => {
    const { client, stream, relay } = await openSdk();
    const updates: unknown[] = [];
    let wake = (): void => {};
    stream.onTradeUpdate((update) => {
      updates.push(update);
      wake();
    });
    const listening = new Promise((resolve) => stream.on(streaming.EVENT.SUBSCRIPTION, resolve));
    stream.onConnect(() => stream.subscribeTradeUpdates());
    stream.connect();
    await listening;
    await client.orders.market({ ...BUY, clientOrderId: "sdk-1" });
    while (updates.length < 2) await new Promise<void>((resolve) => (wake = resolve));
    relay.simulator.cutStreams();
    const pauseMs = await relay.clock.untilAsleep(...SHORT_PAUSE);
    await client.orders.market({ ...BUY, clientOrderId: "sdk-2" });
    relay.clock.pass(pauseMs);
    while (updates.length < 3) await new Promise<void>((resolve) => (wake = resolve));
    expect(updates).toMatchObject([
      { event: "new", order: { clientOrderId: "sdk-1" } },
      { event: "fill", qty: "6", positionQty: "6", order: { clientOrderId: "sdk-1" } },
      {
        ...{ event: "fill", qty: "6", price: "75.33", positionQty: null },
        ...{ timestamp: expect.any(Date), tradelatch: { caught_up: true } },
        order: { clientOrderId: "sdk-2", status: "filled", filledQty: "6" },
      },
    ]);
  });

  test("is told that its credentials are bad, and stops", async () => {
    const { stream } = await openSdk({ keyId: "bad", secret: "bad" });
    const failed = new Promise((resolve) => stream.on(streaming.EVENT.CLIENT_ERROR, resolve));
    stream.connect();
    expect(String(await failed)).toContain("auth failed");
  });
});

/** The SDK's stream on the relay, its requests on the simulated broker itself. */
async function openSdk(keys = { keyId: KEY.key_id, secret: KEY.secret_key }) {
  const relay = await openSimulatedRelay({}, { keyId: undefined, secret: undefined });
  const sdk = new Alpaca({
    ...{ ...keys, retry: false, rateLimit: false },
    fetchApi: (input, init) => {
      return fetch(String(input).replace(trading.TRADING_PAPER_HOST, relay.simulator.url), init);
    },
  });
  const client = sdk.trading;
  const stream = client.stream({ url: `${relay.url.replace("http", "ws")}/stream` });
  closeAfterwards(() => stream.disconnect());
  return { relay, client, stream };
}
