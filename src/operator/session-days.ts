/**
 * The days that people look at: today as it goes on, and any other that is asked for. Asked for
 * none, it is today; outside market hours, as long as nothing has happened today, it is the last
 * day on which something did: whoever looks in the evening or on a Sunday means that one.
 */
import type { Clock } from "../core/clock.ts";
import { newYorkDate } from "../schedule/new-york-time.ts";
import { type DayView, lastDateUpTo, SessionDay, type SessionDayPorts } from "./session-day.ts";

export interface SessionView extends DayView {
  /** The date in New York now. */
  readonly today: string;
}

export interface SessionDaysPorts extends SessionDayPorts {
  readonly clock: Pick<Clock, "now">;
}

/** Days that are kept besides today; each takes as much room as its events. */
const OTHERS_KEPT = 2;

export class SessionDays {
  readonly #ports: SessionDaysPorts;
  /** The one that was asked for last is the last. */
  readonly #days = new Map<string, SessionDay>();

  constructor(ports: SessionDaysPorts) {
    this.#ports = ports;
  }

  /** `date`: `YYYY-MM-DD` in New York; undefined leaves the choice to the day and the hour. */
  async read(date: string | undefined, isMarketOpen: boolean): Promise<SessionView> {
    const today = newYorkDate(this.#ports.clock.now());
    const view = await this.#day(date ?? today, today).read();
    const isQuiet = view.marks.length === 0 && !isMarketOpen;
    const last = date === undefined && isQuiet ? await this.#lastDate() : null;
    if (last === null || last === view.date) return { ...view, today };
    return { ...(await this.#day(last, today).read()), today };
  }

  async #lastDate(): Promise<string | null> {
    return lastDateUpTo(this.#ports, await this.#ports.ledger.lastSequence());
  }

  #day(date: string, today: string): SessionDay {
    const day = this.#days.get(date) ?? new SessionDay(date, this.#ports);
    this.#days.delete(date);
    this.#days.set(date, day);
    const others = [...this.#days.keys()].filter((one) => one !== today);
    for (const one of others.slice(0, -OTHERS_KEPT)) this.#days.delete(one);
    return day;
  }
}
