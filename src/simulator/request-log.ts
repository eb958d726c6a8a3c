/**
 * Every request that reached the broker's surface, in the order of arrival, with what became of it.
 * This is what a test counts POSTs in: the wire's own account, independent of the order book.
 */
import type { EpochMs } from "../core/clock.ts";
import { type Timestamp, timestamp } from "./timestamp.ts";

/** `pending`: the answer is still being held back. */
export type Answered =
  | { readonly status: number; readonly body?: unknown }
  | "dropped"
  | "hung"
  | "pending";

export interface LoggedRequest {
  /** Counts from 1, and goes on over requests that the log has forgotten. */
  readonly sequence: number;
  /** Simulated time of arrival. */
  readonly time: Timestamp;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Parsed JSON, or the text itself when it was none; absent when there was no body. */
  readonly body?: unknown;
  readonly answered: Answered;
  /** The fault that decided the answer, if one did. */
  readonly fault?: string;
}

export interface ArrivedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Older requests are forgotten beyond this many. */
export const MAXIMUM_LOGGED_REQUESTS = 100_000;

export class RequestLog {
  readonly #entries = new Map<number, LoggedRequest>();
  readonly #bound: number;
  #sequence = 0;

  constructor(bound = MAXIMUM_LOGGED_REQUESTS) {
    this.#bound = bound;
  }

  /** Notes the arrival and gives its sequence number. */
  arrived(request: ArrivedRequest, now: EpochMs): number {
    this.#sequence += 1;
    const { body, ...rest } = request;
    this.#entries.set(this.#sequence, {
      sequence: this.#sequence,
      time: timestamp(now),
      ...rest,
      ...(body === undefined ? {} : { body }),
      answered: "pending",
    });
    this.#entries.delete(this.#sequence - this.#bound);
    return this.#sequence;
  }

  struck(sequence: number, fault: string): void {
    this.#amend(sequence, { fault });
  }

  answered(sequence: number, answered: Answered): void {
    this.#amend(sequence, { answered });
  }

  /** Oldest first. */
  all(): LoggedRequest[] {
    return [...this.#entries.values()];
  }

  clear(): void {
    this.#entries.clear();
  }

  #amend(sequence: number, changes: Partial<LoggedRequest>): void {
    const entry = this.#entries.get(sequence);
    if (entry !== undefined) this.#entries.set(sequence, { ...entry, ...changes });
  }
}
