/**
 * How the memory of a running sidecar grows with the orders it has served: its resident set, as the
 * system counts it, along a straight line through samples after a warm-up. The orders fill, and the
 * broker's stream tells of it; each sample waits until all of that is booked, so that what is only
 * waiting is not taken for growth.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { withFolder } from "./bench-folder.ts";
import { KEY_HEADERS } from "./broker-keys.ts";
import { startBroker } from "./broker-process.ts";
import { byCallers } from "./callers.ts";
import { httpClient } from "./http-client.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { startSidecar } from "./sidecar-process.ts";

const CALLERS = 8;
const SAMPLES = 100;
/**
 * So many are served before the first sample that counts: more than the finished orders that the
 * sidecar remembers for its stream, which fill their own bound first.
 */
const WARM_UP = 12_000;
const KIB_PER_MIB = 1_024;
const PER_ORDERS = 100_000;
const BOOKED_TRIES = 1_500;
const BOOKED_PAUSE_MS = 20;

export const MEMORY: Measurement = {
  keys: ["rssPer100k"],
  measure: (scale) => withFolder((folder) => measureIn(folder, scale)),
};

async function measureIn(folder: string, { memoryOrders }: Scale): Promise<readonly Figure[]> {
  const broker = await startBroker();
  const sidecar = await startSidecar(join(folder, "latch.db"), broker.url);
  const client = httpClient(sidecar.url);
  const samples: { orders: number; mib: number }[] = [];
  const total = memoryOrders + WARM_UP;
  const step = Math.max(CALLERS, Math.floor(total / SAMPLES));
  for (let orders = 0; orders < total; orders += step) {
    await serve(client.order, orders, step);
    await booked(sidecar.url);
    samples.push({ orders: orders + step, mib: rssMib(sidecar.process.pid) });
  }
  await client.close();
  await sidecar.close();
  await broker.close();
  const counted = samples.filter(({ orders }) => orders > WARM_UP);
  const [first, last] = [counted[0]?.mib ?? 0, counted.at(-1)?.mib ?? 0];
  const perOrder = slope(counted.map(({ orders, mib }) => [orders, mib]));
  return [
    {
      key: "rssPer100k",
      value: perOrder * PER_ORDERS,
      parts: { orders: total, firstMib: first, lastMib: last },
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

function rssMib(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  if (kib === undefined) throw new Error("the system does not say how much memory a program has");
  return Number(kib) / KIB_PER_MIB;
}

/** Of the straight line that comes nearest to the points. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}
