/**
 * How the memory of a running sidecar grows with the orders it has served: what is left after a
 * collection, along a straight line through samples after a warm-up. Without a collection the line
 * shows how much room the collector takes before it needs to work, which has a bound and is no
 * growth. There are two lines, what JavaScript holds and the resident set, which also has what the
 * store and the system keep, and may shrink: the figure is whichever grows more. The orders fill,
 * and the broker's stream tells of it; each sample waits until all of that is booked.
 */
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { withFolder } from "./bench-folder.ts";
import { KEY_HEADERS } from "./broker-keys.ts";
import { startBroker } from "./broker-process.ts";
import { byCallers } from "./callers.ts";
import { httpClient } from "./http-client.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { type RunningSidecar, startSidecar } from "./sidecar-process.ts";

const CALLERS = 8;
/** Each takes half a second: it collects more than once. */
const SAMPLES = 50;
/**
 * So many are served before the first sample: twice the finished orders that the sidecar remembers
 * for its stream, which fill their own bound first, as compiled code and the store's cache do.
 */
const WARM_UP = 20_000;
const BYTES_PER_MIB = 1_024 * 1_024;
const PER_ORDERS = 100_000;
const BOOKED_TRIES = 1_500;
const BOOKED_PAUSE_MS = 20;

export const MEMORY: Measurement = {
  keys: ["rssPer100k"],
  measure: (scale) => withFolder((folder) => measureIn(folder, scale)),
};

async function measureIn(folder: string, { memoryOrders }: Scale): Promise<readonly Figure[]> {
  const broker = await startBroker();
  const sidecar = await startSidecar(join(folder, "latch.db"), broker.url, { tellsMemory: true });
  const client = httpClient(sidecar.url);
  const samples: { orders: number; residentMib: number; heldMib: number }[] = [];
  const step = Math.max(CALLERS, Math.floor(memoryOrders / SAMPLES));
  await serve(client.order, 0, WARM_UP);
  for (let orders = WARM_UP; orders < memoryOrders + WARM_UP; orders += step) {
    await serve(client.order, orders, step);
    await booked(sidecar.url);
    samples.push({ orders: orders + step, ...(await memoryOf(sidecar)) });
  }
  await client.close();
  await sidecar.close();
  await broker.close();
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error("no sample was taken");
  const grown = (mib: "residentMib" | "heldMib") =>
    PER_ORDERS * slope(samples.map((sample) => [sample.orders, sample[mib]]));
  const [residentPer100kMib, heldPer100kMib] = [grown("residentMib"), grown("heldMib")];
  return [
    {
      key: "rssPer100k",
      value: Math.max(residentPer100kMib, heldPer100kMib),
      parts: {
        orders: last.orders,
        ...{ residentPer100kMib, firstMib: first.residentMib, lastMib: last.residentMib },
        ...{ heldPer100kMib, heldFirstMib: first.heldMib, heldLastMib: last.heldMib },
      },
    },
  ];
}

async function serve(
  order: (name: string, index: number) => Promise<unknown>,
  first: number,
  count: number,
): Promise<void> {
  await byCallers(CALLERS, count, (index) => order("memory", first + index));
}

/** Resolves when no order is at work any more. */
async function booked(url: string): Promise<void> {
  for (let tries = 0; tries < BOOKED_TRIES; tries += 1) {
    const answer = await fetch(`${url}/metrics`, { headers: KEY_HEADERS });
    if (/^tradelatch_claims\{status="IN_RECONCILIATION"\} 0$/m.test(await answer.text())) return;
    await pause(BOOKED_PAUSE_MS);
  }
  throw new Error("the sidecar does not book what its orders have filled");
}

/** What it keeps: in all, and of that what JavaScript holds. */
async function memoryOf({ process: sidecar }: RunningSidecar) {
  const told = once(sidecar, "message") as Promise<[NodeJS.MemoryUsage]>;
  sidecar.send("memory");
  const [{ rss, heapUsed, external }] = await told;
  return { residentMib: rss / BYTES_PER_MIB, heldMib: (heapUsed + external) / BYTES_PER_MIB };
}

/** Of the straight line that comes nearest to the points. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}
