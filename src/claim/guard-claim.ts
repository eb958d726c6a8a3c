/**
 * The claim of an action that is not an order: a payment, an e-mail, a tool call. It has the life
 * of every claim (transitions.ts), and in place of a broker its owner's word, or that of whoever
 * has read the provider.
 *
 * 1. It is SETTLED as done, rejected or absent; only an absent one is ever opened again.
 * 2. An owner that says nothing until its lease is over has vanished: what it did is unknown, and
 *    stays so until evidence or an operator says more. Time alone settles and reopens nothing.
 */
import type { EpochMs } from "../core/clock.ts";
import type { ClaimKey, OwnerId } from "../core/ids.ts";
import type {
  GuardAction,
  GuardOutcome,
  GuardProvenance,
  JsonValue,
  LateWord,
  PayloadFingerprint,
} from "./guard-action.ts";
import type { ClaimStatus } from "./transitions.ts";

export interface GuardClaim extends GuardAction {
  readonly key: ClaimKey;
  readonly status: ClaimStatus;
  /** Null where its first caller gave no payload. */
  readonly payload: PayloadFingerprint | null;
  readonly claimedAt: EpochMs;
  /** When the attempt that runs, or ran last, was opened. */
  readonly openedAt: EpochMs;
  /** When its owner counts as vanished. */
  readonly leaseUntil: EpochMs;
  readonly owner: OwnerId;
  /** Counts attempts; an absent claim that is opened again has the next one. */
  readonly fencing: number;
  /** SHA-256 of the settlement token of the attempt that runs, or ran last. */
  readonly tokenHash: string;
  /** Those of the latest that were released: whoever still holds one may have acted after all. */
  readonly releasedTokens: readonly string[];
  /** Why nobody knows what became of it; null while somebody does. */
  readonly unknownBecause: string | null;
  /** Nobody does since whoever held an attempt that was released said that it does not know. */
  readonly isLateWordUnknown?: true;
  /** What whoever held an earlier attempt has said of it while the one that stands was not over. */
  readonly waitingWord?: LateWord;
  /** Null until it is SETTLED. */
  readonly outcome: GuardOutcome | null;
  readonly provenance: GuardProvenance | null;
  readonly settledAt: EpochMs | null;
  /** What its owner stored; null also where nothing was. */
  readonly result: JsonValue;
  /** Why the result of what was done could not be kept; null where it is there. */
  readonly resultProblem: string | null;
  /** What the outcome rests on, in a sentence; null where the owner said nothing more. */
  readonly evidence: string | null;
}
