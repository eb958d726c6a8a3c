/**
 * A router decides how, or by whom, an action is done: which venue, which model, which worker. A
 * retry is routed again, and its decision has another id; the action is the same. So what a router
 * says is kept on record beside the intent, and no part of it can reach the identity: an adapter
 * has no way to name one.
 */
import type { IntentInput } from "./intent-schema.ts";

/** What of a router's decision is kept. */
export interface RoutingAdapter<Decision> {
  /** The router's own id of this decision, such as a number that grows with every retry. */
  idOf(decision: Decision): string;
  /** Why it was routed so. */
  reasonOf?(decision: Decision): string;
}

/**
 * The intent with the decision on record. Its identity is the intent's own, whatever the decision.
 *
 * @example
 * ```ts
 * const adapter = { idOf: ({ id }: Route) => id, reasonOf: ({ venue }: Route) => venue };
 * await latch.submit(routedIntent(adapter, router.decide(exit), exit));
 * ```
 */
export function routedIntent<Decision>(
  adapter: RoutingAdapter<Decision>,
  decision: Decision,
  intent: IntentInput,
): IntentInput {
  const decisionId = adapter.idOf(decision);
  const reason = adapter.reasonOf?.(decision);
  return { ...intent, decisionId, ...(reason === undefined ? {} : { reason }) };
}
