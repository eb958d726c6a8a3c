/**
 * A handler for deliveries that may come more than once, from any number of processes: it runs at
 * most once for an id, and every repeat gets what it gave.
 *
 * What a handler did before it threw, or before its process died, nobody knows: the claim is kept,
 * an incident says so, and no repeat runs it again before `verify`, `confirm` or a person has said
 * what happened.
 */
import type {
  ExecuteAnswer,
  Guard,
  GuardVerdict,
  GuardVerifier,
  RunContext,
} from "../guard/guard.ts";

export interface ExactlyOnceOptions<Event> {
  readonly guard: Pick<Guard, "execute">;
  /** What distinguishes events; the same for every delivery of one of them. */
  readonly id: (event: Event) => string;
  /** Whose events these are: ids of two sources do not meet. Default: `webhook`. */
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

export type Handler<Event, Result> = (
  event: Event,
  context: RunContext,
) => Result | Promise<Result>;

/**
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
  const { guard, id, source = "webhook", payload, verify, confirm, waitMs } = options;
  return async (event) =>
    guard.execute({
      requestId: `${source}:${id(event)}`,
      action: source,
      run: (context) => handler(event, context),
      ...(payload === undefined ? {} : { payload: payload(event) }),
      ...(verify === undefined ? {} : { verify: verify(event) }),
      ...{ confirm, waitMs },
    });
}
