/** What a process uses, measured every few minutes, and whether it grows. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { heapBytes } from "../fuzz/left-behind.ts";

export interface Sample {
  readonly minute: number;
  /** Orders so far. */
  readonly orders: number;
  /** After a collection. */
  readonly heapMb: number;
  readonly rssMb: number;
  /** Sockets, timers and files that are open. */
  readonly handles: number;
  /** Of this stretch alone: what the ledger has grown by. */
  readonly bytesPerOrder: number;
  /** Of this stretch alone: our own processor time. */
  readonly msPerOrder: number;
  /** The same in rounds of a fixed work, done in between: what else the machine does is in both. */
  readonly roundsPerOrder: number;
}

const MB = 1_024 * 1_024;
/** A page of a list. A round takes about as long as an order. */
const LIST = JSON.stringify(
  Array.from({ length: 250 }, (_, index) => ({
    ...{ id: `order-${index}`, symbol: "TQQQ", side: "buy", type: "market", legs: null },
    ...{ qty: "6", filled_qty: "6", filled_avg_price: "75.33", status: "filled", notional: null },
    ...{ created_at: "2026-05-21T14:00:00.000Z", client_order_id: `entry-${index}`, hwm: null },
  })),
);

export class Sampler {
  readonly #store: string;
  readonly #samples: Sample[] = [];
  #bytes: number;
  #orders = 0;
  #cpu = process.cpuUsage();
  #rounds = 0;
  #roundsMs = 0;

  constructor(store: string) {
    this.#store = store;
    this.#bytes = sizeOf(store);
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  async take(minute: number, orders: number): Promise<Sample> {
    const msPerOrder = (cpuMsSince(this.#cpu) - this.#roundsMs) / (orders - this.#orders);
    const heap = await heapBytes();
    const bytes = sizeOf(this.#store);
    const made = orders - this.#orders;
    const sample = {
      ...{ minute, orders, heapMb: heap / MB, rssMb: process.memoryUsage.rss() / MB },
      handles: process.getActiveResourcesInfo().length,
      bytesPerOrder: (bytes - this.#bytes) / made,
      msPerOrder,
      roundsPerOrder: msPerOrder / (this.#roundsMs / this.#rounds),
    };
    this.#samples.push(sample);
    this.#orders = orders;
    this.#bytes = bytes;
    // What measuring took is nobody's order.
    this.#cpu = process.cpuUsage();
    this.#rounds = 0;
    this.#roundsMs = 0;
    return sample;
  }

  /**
   * One round of a fixed work; to be done again and again while orders are made. It is what a latch
   * does most: reading a list of orders, which wants memory as much as a processor.
   */
  pace(): void {
    const before = process.cpuUsage();
    const orders = JSON.parse(LIST) as readonly object[];
    for (const order of orders) createHash("sha256").update(JSON.stringify(order)).digest("hex");
    this.#rounds += 1;
    this.#roundsMs += cpuMsSince(before);
  }
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** The file and what waits in its log to be moved into it. */
function sizeOf(store: string): number {
  const sizes = [store, `${store}-wal`].map(
    (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** How far a straight line through the points rises from the first to the last. */
export function rise(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const covariance = mean(points.map(([x, y]) => (x - meanX) * (y - meanY)));
  const variance = mean(points.map(([x]) => (x - meanX) ** 2));
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  return variance === 0 ? 0 : (covariance / variance) * (last - first);
}

interface Bound {
  readonly measure: "heapMb" | "handles" | "bytesPerOrder" | "roundsPerOrder";
  /** What it may rise by over the whole run, in parts of its mean. */
  readonly share: number;
  /** And beside that, in its own unit. */
  readonly least: number;
}

const BOUNDS: readonly Bound[] = [
  { measure: "heapMb", share: 0.1, least: 4 },
  { measure: "handles", share: 0, least: 4 },
  { measure: "bytesPerOrder", share: 0.05, least: 0 },
  { measure: "roundsPerOrder", share: 0.2, least: 0 },
];

export interface Verdict {
  readonly measure: string;
  readonly mean: number;
  readonly rise: number;
  readonly allowed: number;
  readonly isFlat: boolean;
}

/** The first samples are of a process that is still warming up. */
export function verdictsOn(samples: readonly Sample[], warmUp: number): readonly Verdict[] {
  const counted = samples.slice(warmUp);
  return BOUNDS.map(({ measure, share, least }) => {
    const values = counted.map((sample) => sample[measure]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const risen = rise(counted.map((sample) => [sample.minute, sample[measure]]));
    const allowed = mean * share + least;
    return { measure, mean, rise: risen, allowed, isFlat: risen <= allowed };
  });
}
