/** What is said of an action that is no order: what it is, how it ended, by whose word. */

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

/** How an attempt that was released ended, by whoever held it: it may not know either. */
export type LateWord = GuardOutcome | "unknown";

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

/** A field that differs between two calls under one id. */
export interface GuardDifference {
  /** `action`, or a JSON pointer such as `/payload/amount`. */
  readonly field: string;
  /** The two values where they are on record; a payload's are not. */
  readonly first: string | null;
  readonly second: string | null;
}
