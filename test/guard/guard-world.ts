/** Guards on real files, with a clock that the test drives; every opening is as another process. */
import { join } from "node:path";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { type GuardOptions, openGuard, type SettlingGuard } from "../../src/app.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { temporaryFolder } from "../ledger/temporary-folder.ts";

export const START = Date.UTC(2026, 4, 21, 13, 42);
export const LEASE_MS = 900_000;
export const PAYMENT = { requestId: "invoice-1042", action: "payment.send" } as const;

/** A clock whose test moves it by spans, and can await that somebody sleeps. */
export class DrivenClock extends ManualClock {
  advance(durationMs: number): void {
    this.advanceTo(this.now() + durationMs);
  }

  async untilSleeping(): Promise<void> {
    while (this.nextWakeAt() === undefined) await turnOfTheLoop();
  }
}

export interface GuardWorld {
  readonly guard: SettlingGuard;
  readonly clock: DrivenClock;
  readonly store: string;
  /** Another opening of the same ledger. */
  another(options?: GuardOptions): Promise<SettlingGuard>;
}

export async function guardWorld(options: GuardOptions = {}): Promise<GuardWorld> {
  const store = options.store ?? join(temporaryFolder(), "actions.db");
  const clock = new DrivenClock(START);
  const another = async (more: GuardOptions = {}) => {
    const logger = pino({ level: "silent" });
    const given = { store, clock, logger, schedule: false, agent: "payments", ...options, ...more };
    const guard = await openGuard(given);
    onTestFinished(() => guard.close({ waitMs: 0 }));
    return guard;
  };
  return { guard: await another(), clock, store, another };
}

/** A payment provider that keeps what it was told, by idempotency key. */
export class Provider {
  readonly payments = new Map<string, string>();
  calls = 0;

  pay(key: string, amount: string): { readonly id: string; readonly amount: string } {
    this.calls += 1;
    this.payments.set(key, amount);
    return { id: `payment-${this.payments.size}`, amount };
  }
}

/** Something that a test waits for. */
export class Moment {
  come: () => void = () => undefined;
  readonly came = new Promise<void>((resolve) => {
    this.come = resolve;
  });
}
