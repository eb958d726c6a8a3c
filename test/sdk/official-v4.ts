/**
 * Alpaca's own JavaScript SDK 4.0.2. It has no setting for another host; its own middleware is what
 * it offers for that, and a `url` for its stream.
 */
import { Alpaca, errors, streaming, trading } from "@alpacahq/alpaca-trade-api";
import { WebSocket } from "ws";
import type { Client, Driver, SeenOrder, SeenPosition, Terms, UpdateStream } from "./driver.ts";
import { textOf } from "./driver.ts";
import { UpdateQueue } from "./update-queue.ts";

type Trading = Alpaca["trading"];
type Order = Awaited<ReturnType<Trading["orders"]["getOrderByOrderID"]>>;
type Position = Awaited<ReturnType<Trading["positions"]["getOpenPosition"]>>;

const NEW_YORK = new Intl.DateTimeFormat("en-GB", {
  ...{ hour: "2-digit", minute: "2-digit", timeZone: "America/New_York" },
});

export const OFFICIAL_V4: Client = {
  name: "@alpacahq/alpaca-trade-api 4.0.2",
  byRequest: [],
  open({ url, keyId, secret }) {
    const pre: trading.Middleware["pre"] = async ({ url: original, init }) => {
      return { url: original.replace(trading.TRADING_PAPER_HOST, url), init };
    };
    const { trading: client } = new Alpaca({ keyId, secret, middleware: [{ pre }] });
    return driverOf(client, `${url.replace("http", "ws")}/stream`);
  },
};

function driverOf(client: Trading, streamUrl: string): Driver {
  const { orders, positions } = client;
  return {
    account: async () => {
      const { status, cash } = await client.account.getAccount();
      return { status: String(status), cash: textOf(cash) };
    },
    clock: async () => {
      const { clocks } = await client.clock.clock();
      const [clock] = clocks;
      if (clock === undefined) throw new Error("no clock");
      return { isOpen: clock.phase === "core", nextClose: clock.nextMarketClose };
    },
    calendar: async (range = {} as { start: Date; end: Date }) => {
      const { calendar } = await client.calendar.calendar({ market: "NYSE", ...range });
      return calendar.map(({ date, coreStart, coreEnd }) => ({
        date: date.toISOString().slice(0, 10),
        open: NEW_YORK.format(coreStart),
        close: NEW_YORK.format(coreEnd),
      }));
    },
    place: async (terms) => seenOrder(await place(client, terms)),
    order: async (orderId) => seenOrder(await orders.getOrderByOrderID({ orderId })),
    orderByClientId: async (clientOrderId) =>
      seenOrder(await orders.getOrderByClientOrderId({ clientOrderId })),
    orders: async ({ symbols, ...filter }) => {
      const named = symbols === undefined ? {} : { symbols: [...symbols] };
      return (await orders.getAllOrders({ ...filter, ...named })).map(seenOrder);
    },
    replace: async (orderId, patchOrderRequest) =>
      seenOrder(await orders.patchOrderByOrderId({ orderId, patchOrderRequest })),
    cancel: (orderId) => orders.deleteOrderByOrderID({ orderId }),
    cancelAll: async () =>
      (await orders.deleteAllOrders()).map(({ id = "", status = 0 }) => ({ id, status })),
    positions: async () => (await positions.getAllOpenPositions()).map(seenPosition),
    position: async (symbol) =>
      seenPosition(await positions.getOpenPosition({ symbolOrAssetId: symbol })),
    close: async (symbol, part) => {
      const amounts = Object.entries(part ?? {}).map(([name, amount]) => [name, Number(amount)]);
      const request = { symbolOrAssetId: symbol, ...Object.fromEntries(amounts) };
      return seenOrder(await positions.deleteOpenPosition(request));
    },
    closeAll: async () =>
      (await client.closeAllPositions({ cancelOrders: true })).map(({ symbol, status, body }) => {
        return { symbol, status, order: seenOrder(body as Order) };
      }),
    listen: () => listen(client, streamUrl),
    failureOf: (error) => {
      if (!(error instanceof errors.ApiError)) throw error;
      return { status: error.status, code: Number(error.code), message: error.message };
    },
  };
}

/** By the method that the client has for orders of this kind. */
function place({ orders }: Trading, terms: Terms): Promise<Order> {
  const { clientOrderId, symbol = "", side = "buy", qty = "", type } = terms;
  const { takeProfit = "", stopLoss = "", limitPrice = "", stopPrice = "", legs } = terms;
  const common = { clientOrderId, symbol, side, qty };
  const limit = terms.limitPrice === undefined ? {} : { limitPrice };
  const exits = { takeProfit: { limitPrice: takeProfit }, stopLoss: { stopPrice: stopLoss } };
  switch (terms.orderClass ?? type) {
    case "market":
      if (terms.notional === undefined) return orders.market(common);
      return orders.market({ clientOrderId, symbol, side, notional: terms.notional });
    case "limit":
      return orders.limit({ ...common, limitPrice });
    case "stop":
      return orders.stop({ ...common, stopPrice });
    case "stop_limit":
      return orders.stopLimit({ ...common, stopPrice, limitPrice });
    case "trailing_stop":
      if (terms.trailPrice === undefined) {
        return orders.trailingStop({ ...common, trailPercent: terms.trailPercent ?? "" });
      }
      return orders.trailingStop({ ...common, trailPrice: terms.trailPrice });
    case "bracket":
      return orders.bracket({ ...common, ...limit, ...exits });
    case "oco":
      return orders.oco({ ...common, ...exits });
    case "oto":
      return orders.oto({ ...common, ...limit, stopLoss: exits.stopLoss });
    case "mleg": {
      const contracts = (legs ?? []).map(({ ratio, ...leg }) => ({ ...leg, ratioQty: ratio }));
      const price = { type, ...limit } as const;
      return orders.submit({ clientOrderId, qty, orderClass: "mleg", ...price, legs: contracts });
    }
  }
}

function seenOrder(order: Order): SeenOrder {
  return {
    id: order.id ?? "",
    clientOrderId: order.clientOrderId ?? "",
    symbol: order.symbol ?? "",
    side: order.side ?? "",
    type: order.type,
    orderClass: order.orderClass ?? "",
    status: order.status ?? "",
    qty: textOf(order.qty),
    notional: textOf(order.notional),
    filledQty: textOf(order.filledQty),
    limitPrice: textOf(order.limitPrice),
    stopPrice: textOf(order.stopPrice),
    trailPrice: textOf(order.trailPrice),
    trailPercent: textOf(order.trailPercent),
    replaces: textOf(order.replaces),
    legs: (order.legs ?? []).map((leg) => seenOrder(leg as Order)),
  };
}

function seenPosition({ symbol, side, qty, assetClass }: Position): SeenPosition {
  return { symbol, side, qty: textOf(qty), assetClass: String(assetClass) };
}

/** The client reconnects and listens again by itself; only the pause before is shortened. */
async function listen(client: Trading, url: string): Promise<UpdateStream> {
  const updates = new UpdateQueue<streaming.TradeUpdate>();
  let socket: WebSocket | undefined;
  const stream = client.stream({
    ...{ url, initialReconnectMs: 1 },
    wsFactory: (address) => {
      socket = new WebSocket(address);
      return socket;
    },
  });
  const listening = () =>
    new Promise<void>((resolve) => void stream.once(streaming.EVENT.SUBSCRIPTION, () => resolve()));
  stream.onTradeUpdate((update) => updates.push(update));
  stream.subscribeTradeUpdates();
  const first = listening();
  stream.connect();
  await first;
  return {
    next: async () => {
      const update = await updates.next();
      const { tradelatch } = update as { tradelatch?: { caught_up?: boolean } };
      const caughtUp = tradelatch?.caught_up === true;
      const { event, qty, order } = update;
      return { event, qty: textOf(qty), caughtUp, order: seenOrder(order) };
    },
    loseConnection: () => {
      const again = listening();
      socket?.terminate();
      return again;
    },
    close: () => stream.disconnect(),
  };
}
