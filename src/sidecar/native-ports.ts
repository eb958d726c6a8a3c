/** What the pages under `/latch/v1` need from the sidecar: functions only, passed in. */

import type { Clock } from "../core/clock.ts";
import type { GoneSignal } from "../gateway/caller.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import type { Guard } from "../guard/guard.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import type { Latch } from "../latch.ts";
import type { Agent } from "./access.ts";
import type { SidecarMetrics } from "./metrics.ts";
import type { ConfigPage } from "./native-config-schema.ts";
import type { StatusParts } from "./native-status-schema.ts";

/** What of a latch these pages read. */
export type NativeLatch = Pick<
  Latch,
  | "audit"
  | "claim"
  | "claims"
  | "book"
  | "books"
  | "events"
  | "lastSequence"
  | "incident"
  | "incidents"
  | "operator"
  | "entryCheck"
>;

export interface NativeSubmitOptions {
  /** Aborts when the client goes away. */
  readonly gone: GoneSignal;
  /** How long the caller waits for a certain answer; left out: the setting. */
  readonly waitMs: number | undefined;
}

export interface NativePorts {
  readonly clock: Clock;
  /** Throws a LatchError while there is none yet. */
  latch(): NativeLatch;
  /** Actions that are no orders; there as soon as there is a store. */
  guard(): Guard;
  /** Whether this agent's settlements take the settlement token. */
  requiresToken(agent: Agent): boolean;
  /** Rejects with a LatchError where this call sent no order. */
  submit(agent: Agent, intent: IntentInput, options: NativeSubmitOptions): Promise<OrderAnswer>;
  /** What of the state the latch alone does not know; also while there is none. */
  status(): Promise<Omit<StatusParts, "now" | "operator">>;
  /** The effective settings, with secrets masked. */
  config(): ConfigPage;
  readonly metrics: Pick<SidecarMetrics, "text" | "contentType">;
  /** Takes secrets out of a text that quotes a client, and bounds it. */
  quote(text: string): string;
  /** Told of failures that are not the client's. */
  onFailure(error: unknown): void;
}
