/**
 * The simulator's time: it stands still until it is set, and whatever was due by then happens on
 * the way, each at its own time, in the order of those times.
 *
 * Going back needs `force` and wakes nobody. Nothing here reads the system's clock.
 */
import type { EpochMs } from "../core/clock.ts";

interface Appointment {
  readonly due: EpochMs;
  readonly action: () => void;
}

export class SimulatedClock {
  #now: EpochMs;
  #agenda: Appointment[] = [];

  constructor(startAt: EpochMs) {
    this.#now = startAt;
  }

  now(): EpochMs {
    return this.#now;
  }

  /** Runs `action` when the clock reaches `due`; the answer cancels it. */
  at(due: EpochMs, action: () => void): () => void {
    const appointment = { due, action };
    this.#agenda.push(appointment);
    return () => {
      this.#agenda = this.#agenda.filter((other) => other !== appointment);
    };
  }

  /** When the next appointment is due, or undefined when there is none. */
  nextDue(): EpochMs | undefined {
    if (this.#agenda.length === 0) return undefined;
    return Math.min(...this.#agenda.map((appointment) => appointment.due));
  }

  /** Moves to `target`, keeping every appointment on the way; RangeError if that lies behind. */
  moveTo(target: EpochMs): void {
    if (target < this.#now) {
      throw new RangeError(`the clock stands at ${this.#now} and cannot go back to ${target}`);
    }
    for (let due = this.nextDue(); due !== undefined && due <= target; due = this.nextDue()) {
      this.#now = Math.max(this.#now, due);
      this.#keepAppointments();
    }
    this.#now = target;
  }

  /** Sets the time without regard to what was due; the only way to go back. */
  force(target: EpochMs): void {
    this.#now = target;
  }

  #keepAppointments(): void {
    const due = this.#agenda.filter((appointment) => appointment.due <= this.#now);
    this.#agenda = this.#agenda.filter((appointment) => appointment.due > this.#now);
    for (const { action } of due) action();
  }
}
