/**
 * An incident about a position that a person wants closed. What happens next says so, in one of
 * the sentences below and in no other incident: it is not over while something is held, unless a
 * person says so. Pure.
 */
import type { Incident } from "./incident.ts";

/** A close was asked for, and none is known to have ended. */
export const BEING_CLOSED = "the position is being closed";

const TO_BE_CLOSED = "the position is to be closed, and no order";

/** None is at work. */
export const FLATTEN_AGAIN = `${TO_BE_CLOSED} does it: flatten it again, or adopt what is held`;

/** None can be made. */
export const CLOSE_BY_HAND =
  `${TO_BE_CLOSED} can be made in it: close it at the broker by hand, ` +
  "or adopt what is held where it is to stay";

/** It was: from now on the incident is like any other about a position. */
export const CLOSED = "book and broker are compared again, and it is over once they agree";

const SAID: ReadonlySet<string> = new Set([BEING_CLOSED, FLATTEN_AGAIN, CLOSE_BY_HAND]);

export function isToBeClosed({ next }: Pick<Incident, "next">): boolean {
  return SAID.has(next);
}
