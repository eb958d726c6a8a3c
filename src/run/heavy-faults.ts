/**
 * The broker of `--faults heavy`: about every other order and every tenth read meets a fault. Every
 * rule is drawn from the simulator's seed, so that a day can be repeated.
 */
import type { Fault, FaultRule } from "../simulator/index.ts";

export const FAULT_LEVELS = ["none", "heavy"] as const;
export type FaultLevel = (typeof FAULT_LEVELS)[number];

/** What may become of an order, each with its chance. */
const ORDER_FAULTS: readonly (readonly [chance: number, fault: Fault])[] = [
  [0.04, { kind: "drop" }],
  [0.06, { kind: "accept_then_drop" }],
  [0.03, { kind: "accept_then_hang" }],
  [0.05, { kind: "accept_then_error", status: 504 }],
  [0.03, { kind: "accept_then_error", status: 500 }],
  [0.03, { kind: "html", status: 502, accept: true }],
  [0.03, { kind: "html", status: 502, accept: false }],
  [0.05, { kind: "slow", delayMs: 3_000 }],
  [0.03, { kind: "slow", delayMs: 20_000 }],
  [0.03, { kind: "arrive_late", delayMs: 4_000 }],
  [0.02, { kind: "arrive_late", delayMs: 12_000 }],
  [0.04, { kind: "rate_limited", retryAfterSeconds: 2 }],
  [0.04, { kind: "client_id_lag", lagMs: 10_000 }],
  [0.04, { kind: "list_lag", lagMs: 10_000 }],
  [0.02, { kind: "reject_later" }],
  [0.08, { kind: "partial_fill", quantity: "2" }],
];

/** An exit that is refused as on 21 May 2026, although the shares are held. */
const EXIT_REFUSED: Fault = {
  kind: "refuse",
  status: 422,
  code: 42_210_000,
  message: "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
};
const EXIT_REFUSED_CHANCE = 0.1;

const READ_FAULTS: readonly (readonly [chance: number, fault: Fault])[] = [
  [0.03, { kind: "drop" }],
  [0.02, { kind: "html", status: 502, accept: false }],
  [0.02, { kind: "slow", delayMs: 2_000 }],
  [0.01, { kind: "rate_limited", retryAfterSeconds: 1 }],
  [0.02, { kind: "list_lag", lagMs: 5_000 }],
];

/** More often than any day has requests. */
const ALWAYS = 1_000_000;

export function faultRules(level: FaultLevel): readonly FaultRule[] {
  if (level === "none") return [];
  const orders = { method: "POST", path: "/v2/orders" } as const;
  const reads = { method: "GET", path: "/v2/orders*" } as const;
  const refused = { match: { ...orders, side: "sell" }, fault: EXIT_REFUSED } as const;
  return [
    { ...refused, chance: EXIT_REFUSED_CHANCE, times: ALWAYS },
    ...ORDER_FAULTS.map(([chance, fault]) => ({ match: orders, fault, chance, times: ALWAYS })),
    ...READ_FAULTS.map(([chance, fault]) => ({ match: reads, fault, chance, times: ALWAYS })),
  ];
}
