/** Every canary by its name, with the worlds that it is put into. */
import { CANARIES, type Canary } from "./canaries.ts";
import type { Invariant, Violation } from "./checkers/violation.ts";
import { COMBO_CANARIES } from "./combo-canaries.ts";
import { GUARD_CANARIES, type GuardCanary } from "./guards/canaries.ts";
import { drawGuardPlan } from "./guards/draw.ts";
import { judgeGuards } from "./guards/judge.ts";
import { judgePlan } from "./judge.ts";
import { drawWorld, SPREADS, STOCKS, STOCKS_ON_FILE, type WorldKind } from "./seeded-worlds.ts";
import { SQLITE_CANARIES } from "./sqlite-canaries.ts";

export interface HuntedCanary {
  readonly name: string;
  readonly caughtBy: Invariant;
  /** The one that is tried first. */
  readonly seed: number;
  judge(seed: number): Promise<{ readonly violations: readonly Violation[] }>;
}

export const EVERY_CANARY: readonly HuntedCanary[] = [
  ...CANARIES.map((canary) => amongOrders(canary, STOCKS)),
  ...COMBO_CANARIES.map((canary) => amongOrders(canary, SPREADS)),
  ...SQLITE_CANARIES.map((canary) => amongOrders(canary, STOCKS_ON_FILE)),
  ...GUARD_CANARIES.map(amongPayments),
];

function amongOrders({ name, caughtBy, seed, tampering }: Canary, kind: WorldKind): HuntedCanary {
  return { name, caughtBy, seed, judge: (at) => judgePlan(drawWorld(at, kind), tampering) };
}

function amongPayments({ name, caughtBy, seed, tampering }: GuardCanary): HuntedCanary {
  return { name, caughtBy, seed, judge: (at) => judgeGuards(drawGuardPlan(at), tampering) };
}
