/** Alpaca's own JavaScript SDK 3.1.3, which takes the sidecar's address as its base URL. */
import { createRequire } from "node:module";
import type sdk from "alpaca-trade-api-3";
import type { Client, Driver, UpdateStream } from "./driver.ts";
import { textOf } from "./driver.ts";
import { UpdateQueue } from "./update-queue.ts";
import {
  type Loose,
  seenWireOrder,
  seenWirePosition,
  wireFilter,
  wireTerms,
} from "./wire-terms.ts";

type Sdk = InstanceType<typeof sdk.default>;

const Alpaca: typeof sdk.default = createRequire(import.meta.url)("alpaca-trade-api-3");
const STREAMS = ["trade_updates"];

export const OFFICIAL_V3: Client = {
  name: "@alpacahq/alpaca-trade-api 3.1.3",
  byRequest: ["close"],
  open({ url, keyId, secret }) {
    return driverOf(new Alpaca({ baseUrl: url, keyId, secretKey: secret }));
  },
};

function driverOf(alpaca: Sdk): Driver {
  return {
    account: async () => {
      const { status, cash } = await alpaca.getAccount();
      return { status, cash };
    },
    clock: async () => {
      const clock = await alpaca.getClock();
      return { isOpen: clock.is_open, nextClose: new Date(clock.next_close) };
    },
    calendar: async (range) =>
      (await alpaca.getCalendar(range)).map(({ date, open, close }: Loose) => {
        return { date, open, close };
      }),
    // Its documents write quantities as numbers and prices as either.
    place: async (terms) => seenWireOrder(await alpaca.createOrder(wireTerms(terms, Number))),
    order: async (id) => seenWireOrder(await alpaca.getOrder(id)),
    orderByClientId: async (id) => seenWireOrder(await alpaca.getOrderByClientId(id)),
    orders: async (filter) =>
      (await alpaca.getOrders(wireFilter(filter) as Loose)).map(seenWireOrder),
    replace: async (id, { limitPrice }) =>
      seenWireOrder(await alpaca.replaceOrder(id, { limit_price: limitPrice })),
    cancel: async (id) => {
      await alpaca.cancelOrder(id);
    },
    cancelAll: async () =>
      (await alpaca.cancelAllOrders()).map(({ id, status }: Loose) => ({ id, status })),
    positions: async () => (await alpaca.getPositions()).map(seenWirePosition),
    position: async (symbol) => seenWirePosition(await alpaca.getPosition(symbol)),
    close: async (symbol, part) => {
      if (part === undefined) return seenWireOrder(await alpaca.closePosition(symbol));
      return seenWireOrder(await alpaca.sendRequest(`/positions/${symbol}`, part, null, "DELETE"));
    },
    closeAll: async () =>
      (await alpaca.closeAllPositions()).map(({ symbol, status, body }: Loose) => {
        return { symbol, status, order: seenWireOrder(body) };
      }),
    listen: () => listen(alpaca),
    failureOf: (error) => {
      const { status, data } = (error as Loose).response;
      return { status, code: data.code, message: data.message };
    },
  };
}

/** The client reconnects by itself; its user listens whenever it is connected. */
async function listen({ trade_ws: stream }: Sdk): Promise<UpdateStream> {
  const updates = new UpdateQueue<Loose>();
  let listening = (): void => {};
  const nextListening = () => new Promise<void>((resolve) => (listening = resolve));
  stream.onConnect(() => {
    // The client tells nobody of the answer to its wish to listen.
    (stream.conn as Loose).on("message", (data: Buffer) => {
      if (JSON.parse(data.toString()).stream === "listening") listening();
    });
    stream.subscribe(STREAMS);
  });
  stream.onOrderUpdate((update: Loose) => updates.push(update));
  const first = nextListening();
  stream.connect();
  await first;
  return {
    next: async () => {
      const { event, qty, tradelatch, order } = await updates.next();
      const caughtUp = tradelatch?.caught_up === true;
      return { event, qty: textOf(qty), caughtUp, order: seenWireOrder(order) };
    },
    loseConnection: () => {
      const again = nextListening();
      (stream.conn as Loose).terminate();
      return again;
    },
    close: () => stream.disconnect(),
  };
}
