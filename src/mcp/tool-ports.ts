/** What the tools need from the program around them: functions only, passed in. */
import type { AuditPage, AuditQuery } from "../audit/audit-trail.ts";
import type { Claim } from "../claim/claim.ts";
import type { Clock } from "../core/clock.ts";
import type { AgentId, RequestId } from "../core/ids.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import type { Guard } from "../guard/guard.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import type { Latch } from "../latch.ts";
import type { ResultPorts } from "./tool-result.ts";

/** What of a latch the tools read. */
export type ToolLatch = Pick<Latch, "entryCheck" | "incidents" | "operator">;

export interface BrokerPorts {
  /** Waits a while for the start to be over; rejects with a LatchError where it is not. */
  latch(): Promise<ToolLatch>;
  /** Rejects with a LatchError where this call sent no order. */
  submit(intent: IntentInput, gone: AbortSignal): Promise<OrderAnswer>;
  /** What is on record under a request id of whoever is connected. */
  claim(requestId: RequestId): Promise<Claim | undefined>;
  /** Whether orders may be placed; without it the tools for that do not exist. */
  readonly allowsOrders: boolean;
}

export interface GuardPorts {
  readonly guard: Guard;
  readonly clock: Clock;
  /** Whose actions these are. */
  readonly group: AgentId;
  /** Whether only the settlement token settles. */
  readonly isTokenRequired: boolean;
  /** Waits a while for the start to be over, as {@link BrokerPorts.latch} does. */
  audit(query: AuditQuery): Promise<AuditPage>;
}

export interface ToolPorts extends ResultPorts {
  readonly version: string;
  /** Told what is wrong with a line that came over standard input, and has no answer. */
  onUnreadable(reason: string): void;
  readonly guarded: GuardPorts;
  /** Undefined where there is no broker, or no key was shown. */
  readonly broker: BrokerPorts | undefined;
}
