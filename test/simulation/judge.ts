/** A plan run and judged. */
import { checkWorld } from "./checkers/check-world.ts";
import type { Violation } from "./checkers/violation.ts";
import type { Outcome } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import type { Tampering } from "./tampering.ts";
import { runWorld } from "./world.ts";

export interface Judged {
  /** Undefined where the world itself broke. */
  readonly outcome: Outcome | undefined;
  readonly violations: readonly Violation[];
}

/**
 * A world that ends with an error of its own has violated something too, and so has one in which a
 * promise failed that nobody followed: it would have ended the whole process.
 */
export async function judgePlan(plan: Plan, tampering: Tampering = {}): Promise<Judged> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    const outcome = await runWorld(plan, tampering);
    return { outcome, violations: [...checkWorld(outcome), ...unhandled.map(violationOf)] };
  } catch (error) {
    return { outcome: undefined, violations: [error, ...unhandled].map(violationOf) };
  } finally {
    process.off("unhandledRejection", note);
  }
}

function violationOf(error: unknown): Violation {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { invariant: "errors", what };
}
