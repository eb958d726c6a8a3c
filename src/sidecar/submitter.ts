/**
 * An order from whichever surface, submitted for its agent and by that agent's policy. Until the
 * latch is started a known repeat gets its answer, and a new order is told that none was sent.
 */
import type { AgentSettings } from "../agent-settings.ts";
import { LatchError } from "../core/errors.ts";
import type { GoneSignal } from "../gateway/caller.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import type { Latch } from "../latch.ts";
import type { PreparedLatch } from "../prepared-latch.ts";
import type { Agent } from "./access.ts";

export type StartedLatch = () => Latch | undefined;

/** Rejects with a LatchError where this call sent no order. */
export type Submit = (
  agent: Agent,
  input: IntentInput,
  gone: GoneSignal,
  waitMs?: number,
) => Promise<OrderAnswer>;

export function submitter(
  prepared: PreparedLatch,
  started: StartedLatch,
  agents: readonly AgentSettings[],
): Submit {
  const policies = new Map(agents.map(({ id, policy }) => [id, policy]));
  return async ({ group, id }, input, gone, waitMs) => {
    const policy = policies.get(id);
    const open = started();
    if (open !== undefined) return open.submitFor(group, input, { policy, gone, waitMs });
    const known = await prepared.answerKnown(group, input, policy);
    if (known === undefined) throw notStarted();
    return known;
  };
}

export function notStarted(): LatchError {
  return new LatchError("not_started", "the sidecar does not take orders yet");
}
