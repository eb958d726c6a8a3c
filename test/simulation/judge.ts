/** A plan run and judged. */
import { checkWorld } from "./checkers/check-world.ts";
import type { Outcome } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import type { Tampering } from "./tampering.ts";
import { type Watched, watched } from "./watched.ts";
import { runWorld } from "./world.ts";

export function judgePlan(plan: Plan, tampering: Tampering = {}): Promise<Watched<Outcome>> {
  return watched(() => runWorld(plan, tampering), checkWorld);
}
