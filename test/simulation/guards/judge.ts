/** A world of payments run and judged. */
import type { Violation } from "../checkers/violation.ts";
import { checkGuardWorld } from "./checks.ts";
import type { GuardWorldOutcome } from "./facts.ts";
import type { GuardPlan } from "./plan.ts";
import { type GuardTampering, runGuardWorld } from "./world.ts";

export interface JudgedGuards {
  readonly outcome: GuardWorldOutcome;
  readonly violations: readonly Violation[];
}

export async function judgeGuards(
  plan: GuardPlan,
  tampering?: GuardTampering,
): Promise<JudgedGuards> {
  const outcome = await runGuardWorld(plan, tampering);
  return { outcome, violations: checkGuardWorld(outcome) };
}
