/** Runs the measurements, one after the other, and puts their figures to the keys. */
import { BENCHMARK_KEYS, type BenchmarkKey, type BenchmarkName, holds } from "./benchmark-keys.ts";
import { type Machine, machineOf } from "./machine.ts";
import { CLAIM_SETTLE } from "./measure-claim-settle.ts";
import { GUARD } from "./measure-guard.ts";
import { HISTORY } from "./measure-history.ts";
import { MEMORY } from "./measure-memory.ts";
import { POSTGRES } from "./measure-postgres.ts";
import { REPLAY, SEEDS } from "./measure-programs.ts";
import { PROXY } from "./measure-proxy.ts";
import { RECONCILE } from "./measure-reconcile.ts";
import { SKIP } from "./measure-skip.ts";
import { SUBMIT } from "./measure-submit.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";

export const MEASUREMENTS: readonly Measurement[] = [
  ...[SUBMIT, CLAIM_SETTLE, GUARD, SKIP, PROXY],
  ...[HISTORY, RECONCILE, POSTGRES, MEMORY, REPLAY, SEEDS],
];

export interface Result extends BenchmarkKey {
  /** Null where it was not measured. */
  readonly figure: Figure | null;
  /** Null where nothing is asked, or nothing was measured. */
  readonly isHeld: boolean | null;
}

export interface BenchmarkRun {
  readonly machine: Machine;
  readonly scale: Scale;
  readonly results: readonly Result[];
}

/** `only` names the keys that are wanted; all of them where it is undefined. */
export async function runBenchmarks(
  scale: Scale,
  only: readonly string[] | undefined,
  say: (line: string) => void,
  measurements: readonly Measurement[] = MEASUREMENTS,
): Promise<BenchmarkRun> {
  const machine = machineOf(new Date());
  const figures = new Map<BenchmarkName, Figure>();
  for (const { keys, measure } of measurements) {
    if (only !== undefined && !keys.some((key) => only.includes(key))) continue;
    for (const figure of await measure(scale)) {
      figures.set(figure.key, figure);
      say(`${figure.key} ${figure.value.toFixed(2)} ${partsInWords(figure)}`);
    }
  }
  const results = BENCHMARK_KEYS.map((key): Result => {
    const figure = figures.get(key.key) ?? null;
    return { ...key, figure, isHeld: figure === null ? null : holds(key, figure.value) };
  });
  return { machine, scale, results };
}

/** `insertUs 150, sdkUs 450`. */
export function partsInWords({ parts }: Figure): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name} ${rounded(value)}`)
    .join(", ");
}

export function rounded(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
