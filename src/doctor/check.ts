/** One check of the doctor: what was found, and what to do where it is not well. */
import type { Clock } from "../core/clock.ts";
import { LatchError, messageOf } from "../core/errors.ts";
import { inTime } from "../core/in-time.ts";

export type CheckState = "ok" | "warning" | "failed" | "skipped";

export interface Check {
  readonly name: CheckName;
  readonly state: CheckState;
  readonly found: string;
  /** Null where nothing is to be done. */
  readonly remedy: string | null;
}

export const CHECK_NAMES = [
  "node",
  "settings",
  "store",
  "permissions",
  "audit key",
  "space",
  "port",
  "broker",
  "credentials",
  "clock",
  "rate budget",
  "calendar",
  "bars",
  "bar stream",
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** What a check finds, without its name. */
export type Finding = Omit<Check, "name">;

/** No check takes longer; one that has no answer by then has failed. */
const CHECK_DEADLINE_MS = 8_000;

export function ok(found: string): Finding {
  return { state: "ok", found, remedy: null };
}

export function warning(found: string, remedy: string): Finding {
  return { state: "warning", found, remedy };
}

export function failed(found: string, remedy: string): Finding {
  return { state: "failed", found, remedy };
}

export function skipped(found: string): Finding {
  return { state: "skipped", found, remedy: null };
}

/** An error of the registry brings its own remedy. */
function failedWith(error: unknown): Finding {
  if (error instanceof LatchError) return failed(error.message, error.hint);
  return failed(messageOf(error), "Report this: it is not a failure that is known.");
}

/** What `look` finds, within {@link CHECK_DEADLINE_MS}; never rejects. */
export async function findingOf(
  clock: Clock,
  look: () => Promise<Finding> | Finding,
): Promise<Finding> {
  const found = (async () => look())().catch(failedWith);
  return (
    (await inTime(clock, clock.now() + CHECK_DEADLINE_MS, found)) ??
    failed(`no answer in ${CHECK_DEADLINE_MS} ms`, "Find out what holds it up; try again.")
  );
}
