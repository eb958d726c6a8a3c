/**
 * Measures operations beside each other: every turn does each of them once, in an order that moves
 * on by one, so that what else the machine does hits all of them alike. Each operation has a median
 * and a p99 for every round; what is told of it is the median over the rounds.
 */
import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { median, quantile } from "./quantiles.ts";

export interface Rounds {
  readonly rounds: number;
  /** Turns in one round. */
  readonly turns: number;
  /** Turns before the first round, which nobody counts. */
  readonly warmUp: number;
}

export type Operation = (index: number) => unknown;

/** In microseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  /** Each round's own, for ratios that are taken within a round. */
  readonly byRound: readonly { readonly p50: number; readonly p99: number }[];
}

const MICROSECONDS = 1_000;

/** What is done outside the time that is measured. */
export interface Pauses {
  /** Between two rounds, and at the end. */
  readonly between?: () => Promise<void>;
  /** After each operation: what it has left behind is over when this is. */
  readonly rest?: () => Promise<unknown>;
}

export async function interleave<Name extends string>(
  operations: Readonly<Record<Name, Operation>>,
  { rounds, turns, warmUp }: Rounds,
  { between = async () => undefined, rest = () => nextTurn() }: Pauses = {},
): Promise<Readonly<Record<Name, Latency>>> {
  const names = Object.keys(operations) as Name[];
  const taken = new Map(names.map((name) => [name, [] as number[][]]));
  let index = 0;
  const turn = async (record: (name: Name, took: number) => void) => {
    index += 1;
    for (let place = 0; place < names.length; place += 1) {
      const name = names[(place + index) % names.length] as Name;
      const begun = performance.now();
      await operations[name](index);
      record(name, (performance.now() - begun) * MICROSECONDS);
      await rest();
    }
  };
  for (let done = 0; done < warmUp; done += 1) await turn(() => undefined);
  for (let round = 0; round < rounds; round += 1) {
    await between();
    for (const samples of taken.values()) samples.push([]);
    for (let done = 0; done < turns; done += 1) {
      await turn((name, took) => taken.get(name)?.[round]?.push(took));
    }
  }
  await between();
  const latencies = names.map((name) => [name, latencyOf(taken.get(name) ?? [])] as const);
  return Object.fromEntries(latencies) as Record<Name, Latency>;
}

function latencyOf(rounds: readonly (readonly number[])[]): Latency {
  const byRound = rounds.map((sample) => ({
    p50: quantile(sample, 0.5),
    p99: quantile(sample, 0.99),
  }));
  return {
    p50: median(byRound.map(({ p50 }) => p50)),
    p99: median(byRound.map(({ p99 }) => p99)),
    byRound,
  };
}

/** How many milliseconds `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
