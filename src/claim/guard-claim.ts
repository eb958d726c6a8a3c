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
import type { ClaimStatus } from "./transitions.ts";

/** A value that JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * `done`: it happened, and `result` is what came of it. `rejected`: it certainly did not happen and
 * is not to be tried under this id. `absent`: it certainly did not happen and may be tried again.
 */
export type GuardOutcome = "done" | "rejected" | "absent";

/** Whose word the outcome rests on. */
export type GuardProvenance =
  /** Whoever held the claim's settlement token, or settled it where none is asked for. */
  | "owner"
  /** Somebody else, with evidence. */
  | "caller"
  /** A registered verifier, which has read the provider. */
  | "verifier"
  | "operator";

/** What an action is, and who said so, in the words of its caller. */
export interface GuardAction {
  /** Such as `payment.send`. */
  readonly action: string;
  /** What the caller calls itself; null where it did not say. */
  readonly agentId: string | null;
  /** What it may act on; null where it did not say. */
  readonly scope: string | null;
}

/** Hashes of a payload's fields by their JSON pointers; the payload itself is not kept. */
export type PayloadFingerprint = Readonly<Record<string, string>>;

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
  /** Those of attempts that were released: whoever still holds one may have acted after all. */
  readonly releasedTokens: readonly string[];
  /** Why nobody knows what became of it; null while somebody does. */
  readonly unknownBecause: string | null;
  /** Null until it is SETTLED. */
  readonly outcome: GuardOutcome | null;
  readonly provenance: GuardProvenance | null;
  readonly settledAt: EpochMs | null;
  /** What its owner stored; null also where nothing was. */
  readonly result: JsonValue;
  /** What the outcome rests on, in a sentence; null where the owner said nothing more. */
  readonly evidence: string | null;
}

/** A field that differs between two calls under one id. */
export interface GuardDifference {
  /** `action`, or a JSON pointer such as `/payload/amount`. */
  readonly field: string;
  /** The two values where they are on record; a payload's are not. */
  readonly first: string | null;
  readonly second: string | null;
}
