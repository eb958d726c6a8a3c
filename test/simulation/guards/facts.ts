/** What happened in a world of payments, as its callers and the provider saw it. */
import type { GuardOutcome, JsonValue } from "../../../src/claim/guard-action.ts";
import type { Violation } from "../checkers/violation.ts";
import type { HistoryLine } from "../facts.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import type { GuardPlan } from "./plan.ts";
import type { Provider } from "./provider.ts";

/** A request for a payment that left a process. */
export interface SentFact {
  readonly name: string;
  readonly fencing: number;
}

/** An end of a payment that a caller was told of. */
export interface ToldFact {
  readonly name: string;
  readonly outcome: GuardOutcome;
  readonly result: JsonValue;
  /** The attempt that the claim was at by then. */
  readonly fencing: number;
}

export class GuardFacts {
  readonly sent: SentFact[] = [];
  readonly told: ToldFact[] = [];
  /** Whose owner has said to the ledger that it was paid, whatever was answered. */
  readonly spoken: SentFact[] = [];
  /** What could be seen to be wrong while it happened. */
  readonly momentary: Violation[] = [];
  readonly history: HistoryLine[] = [];
  /** Errors that calls ended with. */
  readonly failures: unknown[] = [];
}

export interface GuardWorldOutcome {
  readonly plan: GuardPlan;
  readonly facts: GuardFacts;
  readonly disk: SimulatedDisk;
  readonly provider: Provider;
  /** Calls whose process lives and that have not ended. */
  readonly waiting: readonly string[];
}
