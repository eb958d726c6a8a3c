/**
 * A world run and judged. One that ends with an error of its own has violated something too, and so
 * has one in which a promise failed that nobody followed, which would have ended the process, or of
 * which Node has warned.
 */
import type { Violation } from "./checkers/violation.ts";

export interface Watched<Outcome> {
  /** Undefined where the world itself broke. */
  readonly outcome: Outcome | undefined;
  readonly violations: readonly Violation[];
}

export async function watched<Outcome>(
  run: () => Promise<Outcome>,
  check: (outcome: Outcome) => readonly Violation[],
): Promise<Watched<Outcome>> {
  const unmeant: unknown[] = [];
  const note = (reason: unknown) => unmeant.push(reason);
  process.on("unhandledRejection", note);
  process.on("warning", note);
  try {
    const outcome = await run();
    return { outcome, violations: [...check(outcome), ...unmeant.map(violationOf)] };
  } catch (error) {
    return { outcome: undefined, violations: [error, ...unmeant].map(violationOf) };
  } finally {
    process.off("unhandledRejection", note);
    process.off("warning", note);
  }
}

function violationOf(error: unknown): Violation {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { invariant: "errors", what };
}
