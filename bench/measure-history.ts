/**
 * What the library adds to an order with a long history over what it adds with none. Both ledgers
 * are open in one process and take turns; what is added is what an order takes beyond the adapter's
 * own call, so that the broker's time does not make the factor smaller. The same long ledger is
 * then given live claims, and a sidecar is started on it.
 */
import { join } from "node:path";
import type { OrderRequest } from "../src/broker/broker.ts";
import { decimal } from "../src/core/decimal.ts";
import type { ClientOrderId } from "../src/core/ids.ts";
import type { Latch } from "../src/index.ts";
import { withFolder } from "./bench-folder.ts";
import { benchBroker, openBenchLatch, settle } from "./bench-latch.ts";
import { intentAt } from "./bench-orders.ts";
import { startBareProxy, startBroker } from "./broker-process.ts";
import { makeHistory, settledIn } from "./history-ledger.ts";
import { interleave, timed } from "./interleaved-rounds.ts";
import { makeRestingOrders, makeUnansweredClaims } from "./live-claims.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { median } from "./quantiles.ts";
import { type RunningSidecar, startSidecar } from "./sidecar-process.ts";

/** What the line to the broker takes when a sidecar starts. */
const BROKER_DELAY_MS = 5;
const SECOND_MS = 1_000;

export const HISTORY: Measurement = {
  keys: ["historyFactor", "recoverySeconds"],
  measure: (scale) => withFolder((folder) => measureIn(folder, scale)),
};

async function measureIn(folder: string, scale: Scale): Promise<readonly Figure[]> {
  const broker = await startBroker();
  const store = join(folder, "long.db");
  const madeMs = await timed(() => makeHistory(store, broker.url, scale.history));
  const long = await openBenchLatch(store, broker.url);
  const short = await openBenchLatch(join(folder, "short.db"), broker.url);
  const factor = await measureFactor(broker.url, short, long, scale);
  const settled = await settledIn(long);
  await short.close();
  await makeRestingOrders(long, scale.liveClaims / 2);
  const { account } = long;
  await long.close();
  await makeUnansweredClaims(store, account, broker.url, scale.liveClaims / 2);
  const recovery = await measureRecovery(store, broker.url);
  await broker.close();
  const about = { settledClaims: settled, madeInSeconds: madeMs / SECOND_MS };
  return [{ ...factor, parts: { ...factor.parts, ...about } }, recovery];
}

async function measureFactor(
  brokerUrl: string,
  short: Latch,
  long: Latch,
  { rounds, turns }: Scale,
): Promise<Figure> {
  const adapter = benchBroker(brokerUrl);
  const submit = (latch: Latch, name: string) => async (index: number) => {
    const { status } = await latch.submit(intentAt(name, index));
    if (status !== "PROCEED") throw new Error(`an order was answered with ${status}`);
  };
  const operations = {
    adapter: (index: number) => adapter.submit(adapterRequest(index)),
    short: submit(short, "short"),
    long: submit(long, "long"),
  };
  const settleBoth = async () => {
    await settle(short);
    await settle(long);
  };
  const plan = { rounds, turns, warmUp: turns };
  const found = await interleave(operations, plan, { between: settleBoth });
  await adapter.close();
  const byRound = found.adapter.byRound.map(({ p50 }, round) => {
    const [shorter, longer] = [found.short.byRound[round], found.long.byRound[round]];
    return ((longer?.p50 ?? 0) - p50) / ((shorter?.p50 ?? 0) - p50);
  });
  const parts = {
    adapterUs: found.adapter.p50,
    withoutHistoryUs: found.short.p50,
    withHistoryUs: found.long.p50,
    withHistoryP99Us: found.long.p99,
  };
  return { key: "historyFactor", value: median(byRound), parts };
}

function adapterRequest(index: number): OrderRequest {
  const { symbol, quantity } = intentAt("adapter", index);
  const absent = { notional: null, limitPrice: null, stopPrice: null, trailPrice: null };
  return {
    ...{ ...absent, trailPercent: null, extendedHours: false, extension: null },
    ...{ symbol, side: "buy", type: "market", timeInForce: "day", positionIntent: "buy_to_open" },
    quantity: decimal(quantity),
    clientOrderId: `adapter-${index}` as ClientOrderId,
  };
}

async function measureRecovery(store: string, brokerUrl: string): Promise<Figure> {
  const line = await startBareProxy(brokerUrl, BROKER_DELAY_MS);
  let sidecar: RunningSidecar | undefined;
  const startMs = await timed(async () => {
    sidecar = await startSidecar(store, line.url);
  });
  await sidecar?.close();
  await line.close();
  return { key: "recoverySeconds", value: startMs / SECOND_MS, parts: {} };
}
