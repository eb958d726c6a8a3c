/** A broker of ours on a scripted server and a clock that only the test moves. */
import { afterEach } from "vitest";

import { createAlpacaBroker } from "../../src/broker/alpaca/alpaca-broker.ts";
import type { AlpacaBrokerOptions } from "../../src/broker/alpaca/alpaca-options.ts";
import { RateBudget } from "../../src/broker/alpaca/rate-budget.ts";
import type { Broker, OrderRequest } from "../../src/broker/broker.ts";
import { decimal } from "../../src/core/decimal.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { type Answer, type RawServer, startRawServer } from "./raw-server.ts";
import { ARRIVAL, SENT_ID } from "./wire-fixtures.ts";

export const KEY_ID = "the-brokers-key-id";
export const SECRET = "s3cr3tThatMustNeverAppearAnywhere0123456";

export const BUY: OrderRequest = {
  symbol: "AAPL",
  side: "buy",
  quantity: decimal("6"),
  notional: null,
  type: "market",
  timeInForce: "day",
  limitPrice: null,
  stopPrice: null,
  trailPrice: null,
  trailPercent: null,
  extendedHours: false,
  extension: null,
  clientOrderId: SENT_ID,
  positionIntent: "buy_to_open",
};

export interface Bench {
  readonly broker: Broker;
  readonly clock: ManualClock;
  readonly server: RawServer;
}

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export async function serve(answer: Answer): Promise<RawServer> {
  const server = await startRawServer(answer);
  closers.push(() => server.close());
  return server;
}

export function brokerAt(
  baseUrl: string,
  options: Partial<AlpacaBrokerOptions> = {},
): { readonly broker: Broker; readonly clock: ManualClock } {
  const clock = new ManualClock(ARRIVAL);
  const budget = new RateBudget({ clock });
  const broker = createAlpacaBroker({
    keyId: KEY_ID,
    secret: SECRET,
    baseUrl,
    clock,
    budget,
    ...options,
  });
  closers.push(() => broker.close());
  return { broker, clock };
}

export async function bench(
  answer: Answer,
  options: Partial<AlpacaBrokerOptions> = {},
): Promise<Bench> {
  const server = await serve(answer);
  return { server, ...brokerAt(server.url, options) };
}
