/**
 * What one row of the matrix is, and how rows are made: faults that answer an order, that change
 * what reading shows, or that the stream has.
 */
import type { Fault, FaultRule } from "../../src/simulator/index.ts";

export interface FaultRow {
  /** In a few words, for the name of the test. */
  readonly name: string;
  readonly rules: readonly FaultRule[];
  /** Strikes as well while the next sidecar starts. */
  readonly lingers?: readonly FaultRule[];
  /** What the bot does with its order: a market order, or a resting one that it cancels again. */
  readonly does?: "sends" | "cancels";
  readonly startAt?: number;
  /** The market moves once the order is there, so that a rest of it can fill. */
  readonly moves?: boolean;
  readonly hearsStream?: boolean;
  /** The positions are compared while the fault goes on, and not only afterwards. */
  readonly compares?: boolean;
  /** Another row comes to the same for a sidecar: one place suffices, the one with most in it. */
  readonly onlyDuring?: boolean;
  /** How long the fault goes on unseen after the bot has its answer. */
  readonly lastsMs?: number;
}

/** 09:29:40 in New York on the simulator's first day. */
export const BEFORE_OPEN = Date.parse("2026-05-21T13:29:40Z");
const ALWAYS = 1_000;
/** Failed reads of a sidecar that starts; afterwards the broker can be read again. */
export const READS = 4;

const ON_ORDER = { method: "POST", path: "/v2/orders" } as const;
const ON_READ = { method: "GET" } as const;
export const MISMATCH =
  "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";
export const MINUTE_LIMIT = { kind: "rate_limited", retryAfterSeconds: 60 } as const;
export const ERROR_500 = { kind: "accept_then_error", status: 500 } as const;
export const POSITION_LAG = { kind: "position_lag", lagMs: 10_000 } as const;
/** Long enough for two reads ten seconds apart to agree on what is no longer so. */
export const LONG_POSITION_LAG = { kind: "position_lag", lagMs: 20_000 } as const;
export const HTML = { kind: "html", accept: false } as const;

export function onOrder(fault: Fault, times = 1): FaultRule {
  return { match: ON_ORDER, fault, times };
}

export function onReads(fault: Fault, path = "*", times = ALWAYS): FaultRule {
  return { match: { ...ON_READ, path: `/v2/${path}` }, fault, times };
}

function onEvents(fault: Fault, times: number): FaultRule {
  return { match: {}, fault, times };
}

/** The answer to an order, and then the answers to the first reads of the next start. */
export function answer(name: string, fault: Fault, more: Partial<FaultRow> = {}): FaultRow {
  return { name, rules: [onOrder(fault)], lingers: [onReads(fault, "*", READS)], ...more };
}

/** What reading shows, after an order whose answer was lost. */
export function reading(name: string, fault: Fault, path: string, times = ALWAYS): FaultRow {
  const lost = onOrder({ kind: "accept_then_drop" });
  return { name, rules: [lost, onReads(fault, path, times)] };
}

/** An order that fills at once has two events. */
export function events(name: string, fault: Fault, times = 2): FaultRow {
  return { name, rules: [onEvents(fault, times)], hearsStream: true };
}
