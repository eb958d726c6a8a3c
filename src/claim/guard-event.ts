/** What happens to a guard's claim, as facts in the past tense; see claim-event.ts. */
import type { EpochMs } from "../core/clock.ts";
import type { OwnerId } from "../core/ids.ts";
import type {
  GuardAction,
  GuardOutcome,
  GuardProvenance,
  JsonValue,
  LateWord,
  PayloadFingerprint,
} from "./guard-action.ts";

interface AttemptOwned {
  readonly owner: OwnerId;
  /** SHA-256 of its settlement token; the token itself is in no record. */
  readonly tokenHash: string;
  readonly leaseUntil: EpochMs;
}

export type GuardEvent =
  | (AttemptOwned &
      GuardAction & {
        readonly type: "guard_claimed";
        readonly payload: PayloadFingerprint | null;
      })
  | (AttemptOwned & { readonly type: "guard_reopened" })
  | { readonly type: "guard_doubted"; readonly reason: string }
  | {
      readonly type: "guard_settled";
      readonly outcome: Exclude<GuardOutcome, "absent">;
      readonly result: JsonValue;
      readonly provenance: GuardProvenance;
      readonly evidence: string | null;
      /** Why the result could not be kept; null where it is there. */
      readonly resultProblem: string | null;
    }
  | {
      /** It certainly did not happen, and may be tried again. */
      readonly type: "guard_released";
      readonly provenance: GuardProvenance;
      readonly evidence: string;
    }
  | {
      /** Who held an attempt that was released says how it ended, while nobody else is at it. */
      readonly type: "settlement_surfaced";
      readonly outcome: LateWord;
      /** Where it was not its owner who said so, but somebody who has read the provider. */
      readonly provenance?: GuardProvenance;
    }
  | {
      /** The same, while another attempt runs, or has ended. */
      readonly type: "settlement_refused";
      readonly outcome: LateWord;
      /** How the attempt is on record, where it is said of an attempt that was not released. */
      readonly onRecord?: GuardOutcome;
      /** Another attempt was not over: once it ends absent, this puts the claim in question. */
      readonly waits?: true;
    }
  | {
      readonly type: "guard_answered";
      readonly answer: "PENDING" | "SKIP" | "BLOCKED";
      readonly code: string | null;
    };

export type GuardEventType = GuardEvent["type"];
