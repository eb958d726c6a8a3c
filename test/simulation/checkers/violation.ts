/** What a checker found. */
import type { Outcome } from "../outcome.ts";

export const INVARIANTS = [
  "I1",
  "I2",
  "I3",
  "I4",
  "I5",
  "I6",
  "I7",
  "I8",
  "I9",
  "I10",
  "I11",
  /** Every connection to a file tells what its events come to. */
  "rows",
  /** A bot is told of the order that it means. */
  "meant",
  /** Everything comes to rest, or has an incident, within bounded time. */
  "liveness",
  /** Nothing ends with an error that nobody meant. */
  "errors",
] as const;
export type Invariant = (typeof INVARIANTS)[number];

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

/** Judges one invariant by the broker's book, the store and the facts. */
export type Checker = (outcome: Outcome) => readonly Violation[];
