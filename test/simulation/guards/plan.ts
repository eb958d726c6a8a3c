/**
 * A world of guarded payments as data: who calls for which payment and when, what becomes of it at
 * the provider, and everything that goes wrong. All times are milliseconds since the world's start.
 */
import type { StoreFault } from "../simulated-disk.ts";

/** What becomes of one request for a payment. */
export type Fate =
  | "paid"
  /** It is paid, and the answer is lost. */
  | "answer_lost"
  /** It is paid long after its caller has given up. */
  | "late"
  /** It is lost, and its caller never learns of it. */
  | "dropped"
  /** The provider declines it for good, and says so. */
  | "declined"
  /** It never left: nobody listens there. */
  | "unreached";

export interface CallPlan {
  readonly process: number;
  /** After the payment's own time. */
  readonly delayMs: number;
  /**
   * `execute`: the library runs it. `owner`: claims, pays and settles by its token. `reader`: looks
   * at the provider, as a webhook or a person does, and settles or releases by what is to be seen.
   * `witness`: the same, and says so as evidence. `person`: ends what is in question by the
   * operator's routes, or releases it, also by mistake.
   */
  readonly how: "execute" | "owner" | "reader" | "witness" | "person";
  readonly fate: Fate;
  /** Whether an `execute` can read the provider, and tell what an error proves. */
  readonly hasVerify: boolean;
  readonly hasConfirm: boolean;
  readonly waitMs: number;
  /** Told nothing certain it calls again after a pause, so often in all. */
  readonly triesMax: number;
  readonly pauseMs: number;
  /**
   * A `reader` and a `witness` say so much later what they have seen. An `owner` waits so long
   * before it pays, and does so even behind its lease: where the provider does not see to it, the
   * payment may be made twice, and somebody has to be told. A `person` looks first, and says so
   * much later what was to be seen.
   */
  readonly dawdlesMs: number;
  /** What an `execute` runs takes so long before its request leaves. Default: it leaves at once. */
  readonly worksMs?: number;
  /** What the `verify` of an `execute` has read is so old when it answers. Default: it is not. */
  readonly readsMs?: number;
  /** Right behind the request's end the store does not take its record for a while. */
  readonly strike?: StoreStrike;
  /** What a `person` says; `seen`, the default: what the provider shows. */
  readonly word?: PersonsWord;
}

export interface StoreStrike {
  readonly fault: StoreFault;
  readonly forMs: number;
}

export type PersonsWord = "seen" | "absent" | "done" | "released";

export interface PaymentPlan {
  /** Its request id. */
  readonly name: string;
  readonly atMs: number;
  readonly calls: readonly CallPlan[];
}

export type GuardMishap = { readonly atMs: number } & (
  | {
      readonly kind: "crash";
      readonly process: number;
      /** In front of the turn of that number from then on. */
      readonly turns: number;
      readonly downMs: number;
    }
  /** Every process dies, and what was not synced is gone. */
  | { readonly kind: "power"; readonly turns: number; readonly downMs: number }
  | { readonly kind: "pause"; readonly process: number; readonly forMs: number }
  /** The clock of the machine jumps. */
  | { readonly kind: "jump"; readonly byMs: number }
  | { readonly kind: "store"; readonly fault: StoreFault; readonly forMs: number }
  /** Whoever is told to proceed next is paused there. */
  | { readonly kind: "freeze"; readonly forMs: number }
  /** The provider can not be read. */
  | { readonly kind: "unreadable"; readonly forMs: number }
  /** What is read from it is so old when it comes. */
  | { readonly kind: "slow_reads"; readonly byMs: number; readonly forMs: number }
);

export interface GuardPlan {
  readonly seed: number;
  /** `sqlite`: the product's own, on a file; left out: one in memory. */
  readonly store?: "sqlite";
  readonly processes: number;
  readonly leaseMs: number;
  /**
   * Whether the provider takes a second request under one id for the first. Only there machines
   * have clocks that are apart: nothing else would hold a payment to one.
   */
  readonly isIdempotent: boolean;
  /** By how much the clock of each process is ahead. */
  readonly clocksMs: readonly number[];
  /** Whether the guard itself asks what became of payments that nobody knows the end of. */
  readonly hasVerifier: boolean;
  /** What that one has read is so old when it answers. Default: it is not. */
  readonly verifierTakesMs?: number;
  readonly payments: readonly PaymentPlan[];
  readonly mishaps: readonly GuardMishap[];
  /** From then on nothing more goes wrong. */
  readonly calmAtMs: number;
}
