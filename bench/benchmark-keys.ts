/**
 * What `npm run bench` measures: each key, what it stands for, and the bound that it must hold.
 * docs/BENCHMARKS.md and the JSON have every key, also those of which this run has no figure.
 */
export interface BenchmarkKey {
  readonly key: string;
  readonly what: string;
  readonly unit: string;
  /** Null where a figure is reported and nothing is asked of it. */
  readonly bound: { readonly kind: "most" | "least"; readonly value: number } | null;
  /** Why there is no figure yet; null where there is one. */
  readonly missing: string | null;
}

const most = (value: number) => ({ kind: "most", value }) as const;
const least = (value: number) => ({ kind: "least", value }) as const;

export const BENCHMARK_KEYS = [
  {
    key: "submitAddedP50",
    what: "what the library adds to one order call of the SDK, at the median",
    unit: "bare durable inserts",
    bound: most(1.5),
    missing: null,
  },
  {
    key: "submitAddedP99",
    what: "the same at p99, in units of the bare insert's p99",
    unit: "bare durable inserts at p99",
    bound: most(2),
    missing: null,
  },
  {
    key: "claimSettlePairs1",
    what: "claim and settlement of an order, one at a time",
    unit: "times a bare durable insert and update",
    bound: least(1),
    missing: null,
  },
  {
    key: "claimSettlePairs64",
    what: "the same with 64 callers at once",
    unit: "times a bare durable insert and update",
    bound: least(5),
    missing: null,
  },
  {
    key: "claimSettleGuard1",
    what: "claim and settlement of a guard, one at a time: both are synced",
    unit: "times a bare durable insert and update",
    bound: null,
    missing: null,
  },
  {
    key: "skipPerSecond",
    what: "repeats with a request id of their own, answered by the library",
    unit: "times a bare read by primary key with JSON parse",
    bound: least(0.25),
    missing: null,
  },
  {
    key: "proxyReadAddedP50",
    what: "what the sidecar adds to a GET that passes through",
    unit: "times what a bare fastify and undici proxy adds",
    bound: most(1.3),
    missing: null,
  },
  {
    key: "proxyOrderAddedP50",
    what: "what the sidecar adds to a guarded POST",
    unit: "times what the bare proxy adds and one bare durable insert",
    bound: most(1.5),
    missing: null,
  },
  {
    key: "historyFactor",
    what: "what the library adds with 1,000,000 settled claims over what it adds with none",
    unit: "times",
    bound: most(1.15),
    missing: null,
  },
  {
    key: "recoverySeconds",
    what: "start to ready, 1,000,000 settled and 1,000 live claims, broker at 5 ms",
    unit: "seconds",
    bound: most(8),
    missing: null,
  },
  {
    key: "reconcilePer1000",
    what: "comparing 1,000 books beside 1,000 live claims",
    unit: "milliseconds of CPU",
    bound: null,
    missing: null,
  },
  {
    key: "postgresClaims64",
    what: "claims in PostgreSQL with 64 callers at once",
    unit: "times a bare insert through the same driver",
    bound: least(0.7),
    missing: null,
  },
  {
    key: "rssPer100k",
    what: "growth of the running sidecar's memory per 100,000 orders",
    unit: "MiB",
    bound: most(5),
    missing: null,
  },
  {
    key: "replaySeconds",
    what: "the replay of 21 May, from start to end of the program",
    unit: "seconds",
    bound: null,
    missing: null,
  },
  {
    key: "seedsPerSecond",
    what: "simulated worlds of `npm run simulate`",
    unit: "seeds a second",
    bound: null,
    missing: null,
  },
] as const satisfies readonly BenchmarkKey[];

export type BenchmarkName = (typeof BENCHMARK_KEYS)[number]["key"];

/** Whether `value` is on the right side of the key's bound; null where there is none. */
export function holds({ bound }: BenchmarkKey, value: number): boolean | null {
  if (bound === null) return null;
  return bound.kind === "most" ? value <= bound.value : value >= bound.value;
}
