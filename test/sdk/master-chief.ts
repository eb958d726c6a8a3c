/** The @master-chief/alpaca client 6.3, which takes other endpoints as an option. */
// @ts-expect-error: the package has types, where its own exports hide them.
import { AlpacaClient, AlpacaStream } from "@master-chief/alpaca";
import { type Client, type Driver, type SeenOrder, textOf, type UpdateStream } from "./driver.ts";
import { UpdateQueue } from "./update-queue.ts";
import { type Loose, seenWireOrder, seenWirePosition, wireTerms } from "./wire-terms.ts";

type Options = Loose;

export const MASTER_CHIEF: Client = {
  name: "@master-chief/alpaca 6.3",
  byRequest: ["orderByClientId"],
  open({ url, keyId, secret }) {
    const endpoints = {
      rest: { account: `${url}/v2` },
      websocket: { account: `${url.replace("http", "ws")}/stream` },
    } as Loose;
    const options: Options = { type: "account", credentials: { key: keyId, secret }, endpoints };
    return driverOf(new AlpacaClient(options), `${url}/v2`, options);
  },
};

function driverOf(client: Loose, base: string, options: Options): Driver {
  return {
    account: async () => {
      const { status, cash } = await client.getAccount();
      return { status, cash: textOf(cash) };
    },
    clock: async () => {
      const { is_open: isOpen, next_close: nextClose } = await client.getClock();
      return { isOpen, nextClose };
    },
    calendar: async (range) =>
      (await client.getCalendar(range)).map(({ date, open, close }: Loose) => ({
        date,
        open,
        close,
      })),
    place: async (terms) => seen(await client.placeOrder(wireTerms(terms, Number) as Loose)),
    order: async (id) => seen(await client.getOrder({ order_id: id })),
    // Its own getOrder asks for /orders/{client_order_id}, which Alpaca does not serve.
    orderByClientId: async (clientOrderId) => {
      const url = `${base}/orders:by_client_order_id`;
      const data = { client_order_id: clientOrderId };
      return seen(await client.request({ method: "GET", url, data }));
    },
    orders: async ({ symbols, ...filter }) => {
      const named = symbols === undefined ? {} : { symbols: [...symbols] };
      return (await client.getOrders({ ...filter, ...named })).map(seen);
    },
    replace: async (id, { limitPrice }) =>
      seen(await client.replaceOrder({ order_id: id, limit_price: Number(limitPrice) })),
    cancel: async (id) => {
      if (!(await client.cancelOrder({ order_id: id }))) throw new Error(`not canceled: ${id}`);
    },
    cancelAll: async () =>
      (await client.cancelOrders()).map(({ id, status }: Loose) => ({ id, status })),
    positions: async () => (await client.getPositions()).map(seenWirePosition),
    position: async (symbol) => seenWirePosition(await client.getPosition({ symbol })),
    close: async (symbol, part) => {
      const amounts = Object.entries(part ?? {}).map(([name, amount]) => [name, Number(amount)]);
      return seen(await client.closePosition({ symbol, ...Object.fromEntries(amounts) }));
    },
    closeAll: async () => {
      const closed = (await client.closePositions({ cancel_orders: true })) as Loose[];
      return closed.map(({ symbol, status, body }) => ({ symbol, status, order: seen(body) }));
    },
    listen: () => listen(options),
    failureOf: (error) => {
      const { code, message } = error as { code: number; message: string };
      return { status: null, code, message };
    },
  };
}

function seen(order: Loose): SeenOrder {
  return seenWireOrder(order);
}

/** The client never reconnects: its user opens another one. */
async function listen(options: Options): Promise<UpdateStream> {
  const updates = new UpdateQueue<Loose>();
  let stream = await opened(options, updates);
  return {
    next: async () => {
      const update = await updates.next();
      // It drops what it does not know, and keeps all of it as it came.
      const caughtUp = update.raw().tradelatch?.caught_up === true;
      const { event, qty, order } = update;
      return { event, qty: textOf(qty), caughtUp, order: seen(order) };
    },
    loseConnection: async () => {
      const closed = new Promise((resolve) => stream.once("close", resolve));
      (stream.getConnection() as Loose).terminate();
      await closed;
      stream = await opened(options, updates);
    },
    close: () => stream.getConnection().close(),
  };
}

async function opened(options: Options, updates: UpdateQueue<Loose>): Promise<Loose> {
  const stream = new AlpacaStream(options);
  stream.on("trade_updates", (update: Loose) => updates.push(update));
  stream.on("authenticated", () => stream.subscribe("trade_updates"));
  await new Promise<void>((resolve) => {
    stream.on("message", (message: Loose) => {
      if (message.stream === "listening") resolve();
    });
  });
  return stream;
}
