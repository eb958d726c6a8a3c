/** A world of payments run and judged. */
import { type Watched, watched } from "../watched.ts";
import { checkGuardWorld } from "./checks.ts";
import type { GuardWorldOutcome } from "./facts.ts";
import type { GuardPlan } from "./plan.ts";
import { type GuardTampering, runGuardWorld } from "./world.ts";

export function judgeGuards(
  plan: GuardPlan,
  tampering?: GuardTampering,
): Promise<Watched<GuardWorldOutcome>> {
  return watched(() => runGuardWorld(plan, tampering), checkGuardWorld);
}
