import { Alpaca, streaming, trading } from "@alpacahq/alpaca-trade-api";
import { afterEach, describe, expect, test } from "vitest";
import { openBench } from "./simulator-bench.ts";

type Stream = ReturnType<Alpaca["trading"]["stream"]>;

const streams: Stream[] = [];

afterEach(() => {
  for (const stream of streams.splice(0)) stream.disconnect();
});

describe("Alpaca's own JavaScript SDK", () => {
  test("places, reads, lists, replaces, cancels and closes against the simulator", async () => {
    const { simulator } = await openBench();
    const client = clientOf(simulator.url).trading;
    const bought = await client.orders.market({ ...BUY, clientOrderId: "sdk-1" });
    expect(bought).toMatchObject({ status: "pending_new", filledQty: "0" });
    const found = await client.orders.getOrderByClientOrderId({ clientOrderId: "sdk-1" });
    expect(found).toMatchObject({ id: bought.id, status: "filled", filledAvgPrice: "75.33" });
    const resting = await client.orders.limit({ ...BUY, limitPrice: "60" });
    const open = await client.orders.getAllOrders({ status: "open" });
    expect(open.map((order) => order.id)).toEqual([resting.id]);
    await client.orders.deleteOrderByOrderID({ orderId: String(resting.id) });
    const positions = await client.positions.getAllOpenPositions();
    expect(positions).toMatchObject([{ symbol: "TQQQ", qty: "6" }]);
    await client.positions.deleteOpenPosition({ symbolOrAssetId: "TQQQ" });
    expect(await client.positions.getAllOpenPositions()).toEqual([]);
    const account = await client.account.getAccount();
    expect(account).toMatchObject({ status: "ACTIVE", cash: "100000" });
  });

  test("reads clock, calendar and assets", async () => {
    const { simulator } = await openBench();
    const client = clientOf(simulator.url).trading;
    const clock = await client.clock.clock();
    expect(clock.clocks).toMatchObject([{ phase: "core", isMarketDay: true }]);
    const legacy = await client.clock.legacyClock();
    expect(legacy).toMatchObject({ isOpen: true, timestamp: new Date("2026-05-21T14:00:00Z") });
    const asset = await client.assets.getV2AssetsSymbolOrAssetId({ symbolOrAssetId: "SPY" });
    expect(asset.fractionable).toBe(true);
  });

  test("gets refusals as typed errors", async () => {
    const { simulator } = await openBench();
    const client = clientOf(simulator.url).trading;
    await client.orders.market({ ...BUY, clientOrderId: "sdk-1" });
    await expect(client.orders.market({ ...BUY, clientOrderId: "sdk-1" })).rejects.toMatchObject({
      status: 422,
      code: 40010001,
      message: expect.stringContaining("client_order_id must be unique"),
    });
  });

  test("waits for a fill that it has ordered", async () => {
    const { simulator } = await openBench();
    const client = clientOf(simulator.url).trading;
    const stream = client.stream({ url: `${simulator.url.replace("http", "ws")}/stream` });
    streams.push(stream);
    stream.connect();
    const order = { type: "market", ...BUY, clientOrderId: "sdk-1" } as const;
    const filled = await client.submitAndWait(order, { stream });
    expect(filled).toMatchObject({ status: "filled", filledQty: "6" });
  });

  test("hears of fills on its stream", async () => {
    const { simulator } = await openBench();
    const client = clientOf(simulator.url).trading;
    const stream = client.stream({ url: `${simulator.url.replace("http", "ws")}/stream` });
    streams.push(stream);
    const listening = new Promise((resolve) => stream.on(streaming.EVENT.SUBSCRIPTION, resolve));
    const filled = new Promise((resolve) => {
      stream.onTradeUpdate((update) => update.event === "fill" && resolve(update));
    });
    stream.onConnect(() => stream.subscribeTradeUpdates());
    stream.connect();
    await listening;
    await client.orders.market({ ...BUY, clientOrderId: "sdk-1" });
    expect(await filled).toMatchObject({ event: "fill", order: { clientOrderId: "sdk-1" } });
  });
});

const BUY = { symbol: "TQQQ", side: "buy", qty: "6" } as const;

/** The client's own transport, with the simulator in the place of the real host. */
function clientOf(url: string): Alpaca {
  return new Alpaca({
    ...{ keyId: "key", secret: "secret", retry: false, rateLimit: false },
    fetchApi: (input, init) => {
      return fetch(String(input).replace(trading.TRADING_PAPER_HOST, url), init);
    },
  });
}
