/** What happened in a world of payments, as its callers and the provider saw it. */
import type { GuardOutcome, GuardProvenance, JsonValue } from "../../../src/claim/guard-action.ts";
import type { OwnerId } from "../../../src/core/ids.ts";
import type { Violation } from "../checkers/violation.ts";
import type { HistoryLine } from "../facts.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import type { SimulatedProcess } from "../simulated-process.ts";
import type { GuardPlan } from "./plan.ts";
import type { Provider } from "./provider.ts";

/** A request for a payment that left a process. */
export interface SentFact {
  readonly name: string;
  readonly fencing: number;
}

/** An attempt whose owner heard that it is to proceed. */
export interface AttemptFact extends SentFact {
  readonly process: SimulatedProcess;
  /** The process's own name in that life. */
  readonly owner: OwnerId;
  /** Whether the guard itself runs it, and so knows that it is at work. */
  readonly isRun: boolean;
  /** Its lease was over when its owner, who pays by hand, heard of it. */
  readonly isHeardLate: boolean;
  /** Its request has left, or never will: its owner has nothing more to do. */
  isSent: boolean;
  /** Nothing more is done by it, and what came of it is on record as far as it can be. */
  isOver: boolean;
}

/** An attempt was put on record as absent, and was not. */
export interface WrongReleaseFact extends SentFact {
  /** By somebody who could not know better: a person, or another process behind its lease. */
  readonly isExcused: boolean;
}

/** An end of a payment that a caller was told of. */
export interface ToldFact {
  readonly name: string;
  readonly outcome: GuardOutcome;
  readonly result: JsonValue;
  /** The attempt that the claim was at by then. */
  readonly fencing: number;
  /** By whose word it is over; null where no record says so. */
  readonly provenance: GuardProvenance | null;
}

export class GuardFacts {
  readonly sent: SentFact[] = [];
  readonly told: ToldFact[] = [];
  readonly attempts: AttemptFact[] = [];
  /** Those that began while the same guard ran another one for the same payment. */
  readonly beside: SentFact[] = [];
  readonly wrongReleases: WrongReleaseFact[] = [];
  /** Attempts of which the ledger was told that they were done, and has answered. */
  readonly saidDone: SentFact[] = [];
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
