/**
 * A handler for deliveries that may come more than once, from any number of processes: it runs at
 * most once for an id, and every repeat gets what it gave.
 *
 * What a handler did before it threw, or before its process died, nobody knows: the claim is kept,
 * an incident says so, and no repeat runs it again before `verify`, `confirm` or a person has said
 * what happened.
 */
import { LatchError, messageOf } from "../core/errors.ts";
import type {
  ExecuteAnswer,
  Guard,
  GuardVerdict,
  GuardVerifier,
  RunContext,
} from "../guard/guard.ts";
import {
  guardName,
  guardWait,
  kindOf,
  requireFields,
  requireFunction,
} from "../guard/guard-input.ts";

/** It leaves an event's id as many characters as it has itself. */
const SOURCE_MAX = 256;

export interface ExactlyOnceOptions<Event> {
  readonly guard: Pick<Guard, "execute">;
  /** What distinguishes events; the same for every delivery of one of them. */
  readonly id: (event: Event) => string;
  /** Whose events these are, in 1 to 256 characters: ids of two do not meet. Default: `webhook`. */
  readonly source?: string;
  /** What must be the same in every delivery of one event. Default: nothing is compared. */
  readonly payload?: (event: Event) => unknown;
  /** Reads back what a handler may have done that did not come to its end. */
  readonly verify?: (event: Event) => GuardVerifier;
  /** What an error of the handler proves; without it, it proves nothing. */
  readonly confirm?: (error: unknown) => GuardVerdict | Promise<GuardVerdict>;
  /** How long a repeat waits for a handler that is running, 0 to 30,000. Default 0. */
  readonly waitMs?: number;
}

/** What {@link exactlyOnce} takes. */
export const OPTIONS = {
  ...{ guard: true, id: true, source: true, payload: true, verify: true, confirm: true },
  waitMs: true,
};

export type Handler<Event, Result> = (
  event: Event,
  context: RunContext,
) => Result | Promise<Result>;

/**
 * The handler rejects with LatchError `invalid_guard_call` for an event without an id. Throws
 * LatchError `invalid_option`.
 *
 * @example
 * ```ts
 * const handle = exactlyOnce(ship, { guard, source: "shop", id: (order) => order.eventId });
 * const answer = await handle(order); // "done" on the first delivery, and on every repeat
 * ```
 */
export function exactlyOnce<Event, Result>(
  handler: Handler<Event, Result>,
  options: ExactlyOnceOptions<Event>,
): (event: Event) => Promise<ExecuteAnswer<Result>> {
  requireFields(options, OPTIONS, "invalid_option");
  requireHandler(handler, options);
  const { guard, id, source = "webhook", payload, verify, confirm, waitMs } = options;
  // A colon in it would make ids of two sources meet: `shop` has `eu:1`, and `shop:eu` has `1`.
  const prefix = source.replaceAll("%", "%25").replaceAll(":", "%3A");
  return async (event) =>
    guard.execute({
      requestId: `${prefix}:${idOf(id(event))}`,
      action: source,
      run: (context) => handler(event, context),
      ...(payload === undefined ? {} : { payload: await payload(event) }),
      ...(verify === undefined ? {} : { verify: verify(event) }),
      ...{ confirm, waitMs },
    });
}

/** Two events without an id would count as one, and the second would never be handled. */
function idOf(id: unknown): string {
  if (typeof id === "string" && id !== "") return id;
  const message = `the event's id is ${kindOf(id)}: expected a text that is not empty`;
  throw new LatchError("invalid_guard_call", message);
}

/** Throws LatchError `invalid_option` for the first that cannot be used. */
export function requireHandler<Event>(
  handler: unknown,
  options: Omit<ExactlyOnceOptions<Event>, "id"> & { readonly id: unknown },
): void {
  const { guard, id, source, waitMs, payload, verify, confirm } = options;
  if (typeof guard?.execute !== "function") {
    const wanted = "expected what openGuard or openLatch gives";
    throw new LatchError("invalid_option", `guard is ${kindOf(guard)}: ${wanted}`);
  }
  for (const [name, given] of Object.entries({ "the handler": handler, id })) {
    requireFunction("invalid_option", name, given);
  }
  for (const [name, given] of Object.entries({ payload, verify, confirm })) {
    if (given !== undefined) requireFunction("invalid_option", name, given);
  }
  try {
    if (source !== undefined) guardName("source", source, SOURCE_MAX);
    if (waitMs !== undefined) guardWait(waitMs);
  } catch (cause) {
    // Each delivery would be refused for it.
    throw new LatchError("invalid_option", messageOf(cause), { cause });
  }
}
