/**
 * Who is paid, somewhere on the network. It does what it is asked as often as it is asked, unless it
 * knows idempotency keys: then it answers what it has answered before under the same one.
 */
import type { EpochMs } from "../../../src/core/clock.ts";
import type { GuardVerdict } from "../../../src/guard/guard.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SimulatedProcess } from "../simulated-process.ts";
import type { SentFact } from "./facts.ts";
import type { Fate } from "./plan.ts";

export interface Payment {
  readonly at: EpochMs;
  readonly receipt: string;
  /** Of the attempt whose request it was. */
  readonly fencing: number;
}

/** It said no, for good: nothing was paid. */
export class DeclinedError extends Error {}
/** Nothing left. */
export class UnreachedError extends Error {}
/** No answer came: whether it was paid nobody knows. */
export class NoAnswerError extends Error {}

const TRAVEL_MS = 20;
const PATIENCE_MS = 2_000;
const LATE_MS = 25_000;

export class Provider {
  readonly payments = new Map<string, Payment[]>();
  isReadable = true;
  /** How old what is read from it is when it comes, beyond its travel. */
  slowMs = 0;
  readonly #scheduler: Scheduler;
  readonly #requests: Request[] = [];
  readonly #declined = new Set<string>();
  #receipts = 0;

  readonly #isIdempotent: boolean;

  constructor(scheduler: Scheduler, isIdempotent: boolean) {
    this.#scheduler = scheduler;
    this.#isIdempotent = isIdempotent;
  }

  /** Asks for the payment at once; the request is under way even if its process stops there. */
  pay(process: SimulatedProcess, attempt: SentFact, fate: Fate): Promise<string> {
    switch (fate) {
      case "unreached":
        return Promise.reject(new UnreachedError("nobody listens there"));
      case "dropped":
        return silence(process);
      case "answer_lost":
        this.#send(attempt, TRAVEL_MS, "paid");
        return silence(process);
      case "late":
        this.#send(attempt, LATE_MS, "paid");
        return silence(process);
      case "paid":
      case "declined":
        return answered(process, this.#send(attempt, TRAVEL_MS, fate));
    }
  }

  /** What it would say of the payment now: of one that may still arrive nothing. */
  standing(name: string): GuardVerdict {
    const [payment] = this.payments.get(name) ?? [];
    if (payment !== undefined) return { kind: "done", result: payment.receipt };
    if (this.#requests.some((one) => one.name === name && one.isUnderWay)) {
      return { kind: "unknown", reason: "it may arrive" };
    }
    return this.#declined.has(name) ? { kind: "rejected" } : { kind: "absent" };
  }

  /** Whether a request of that attempt was paid, or may yet arrive. */
  mayHaveActed({ name, fencing }: SentFact): boolean {
    const own = this.#requests.filter((one) => one.name === name && one.fencing === fencing);
    return own.some(({ isUnderWay, receipt }) => isUnderWay || receipt !== null);
  }

  /** The same as its standing, read from afar: `takesMs` and a while more are gone when it is known. */
  read(process: SimulatedProcess, name: string, takesMs = 0): Promise<GuardVerdict> {
    return new Promise((resolve, reject) => {
      this.#scheduler.after(TRAVEL_MS, () => {
        const verdict = this.standing(name);
        const isReadable = this.isReadable;
        process.turn(TRAVEL_MS + this.slowMs + takesMs, () => {
          if (isReadable) resolve(verdict);
          else reject(new NoAnswerError("the provider can not be read"));
        });
      });
    });
  }

  /** What comes of it is known when it has arrived. */
  #send(attempt: SentFact, travelMs: number, wanted: "paid" | "declined"): Request {
    const request: Request = { ...attempt, isUnderWay: true, receipt: null };
    this.#requests.push(request);
    this.#scheduler.after(travelMs, () => {
      request.isUnderWay = false;
      request.receipt = this.#taken(attempt, wanted);
    });
    return request;
  }

  #taken({ name, fencing }: SentFact, wanted: "paid" | "declined"): string | null {
    const before = this.payments.get(name) ?? [];
    const [first] = before;
    if (this.#isIdempotent && first !== undefined) return first.receipt;
    if (wanted === "declined" || (this.#isIdempotent && this.#declined.has(name))) {
      this.#declined.add(name);
      return null;
    }
    this.#receipts += 1;
    const receipt = `receipt-${this.#receipts}`;
    this.payments.set(name, [...before, { at: this.#scheduler.now(), receipt, fencing }]);
    return receipt;
  }
}

interface Request extends SentFact {
  isUnderWay: boolean;
  /** Null: declined, or not there yet. */
  receipt: string | null;
}

function answered(process: SimulatedProcess, request: Request): Promise<string> {
  return new Promise((resolve, reject) => {
    process.turn(2 * TRAVEL_MS, () => {
      if (request.receipt !== null) resolve(request.receipt);
      else reject(new DeclinedError("declined"));
    });
  });
}

function silence(process: SimulatedProcess): Promise<string> {
  return new Promise((_, reject) => {
    process.turn(PATIENCE_MS, () => reject(new NoAnswerError("no answer in time")));
  });
}
