/**
 * The market's hours as the broker's calendar has them now: read once a day in New York, for some
 * weeks, so that a broker that is away for a day is not missed. While it cannot be read the hours
 * are unknown, and the log says so once; the next try is a minute later, or sooner for whoever
 * waits for it.
 */
import type { Logger } from "pino";
import type { Broker, MarketDay } from "../broker/broker.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { type CalendarRange, MarketHours } from "./market-hours.ts";
import { dateAfter, newYorkDate } from "./new-york-time.ts";

const DAYS_BACK = 10;
const DAYS_AHEAD = 21;
const RETRY_MS = 60_000;

export interface MarketCalendarPorts {
  readonly broker: Pick<Broker, "calendar">;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long after a try that failed the next one may be; default: a minute. */
  readonly retryMs?: number | undefined;
}

export class MarketCalendar {
  readonly #ports: MarketCalendarPorts;
  #hours: MarketHours | undefined;
  /** The day on which the calendar was read last. */
  #readOn = "";
  #retryAt: EpochMs = 0;
  #isUnknownTold = false;
  #reading: Promise<void> | undefined;

  constructor(ports: MarketCalendarPorts) {
    this.#ports = ports;
  }

  /** Undefined: the calendar could not be read, and nobody knows. */
  async hours(): Promise<MarketHours | undefined> {
    const now = this.#ports.clock.now();
    if (newYorkDate(now) !== this.#readOn && now >= this.#retryAt) {
      this.#reading ??= this.#read(now).finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#hours?.covers(this.#ports.clock.now()) === true ? this.#hours : undefined;
  }

  async #read(now: EpochMs): Promise<void> {
    const today = newYorkDate(now);
    const range: CalendarRange = {
      from: dateAfter(today, -DAYS_BACK),
      until: dateAfter(today, DAYS_AHEAD),
    };
    const reading = await this.#ports.broker.calendar(range.from, range.until);
    const unknownBecause = reading.kind === "unknown" ? reading.reason : noTrading(reading.value);
    if (reading.kind === "unknown" || unknownBecause !== undefined) {
      this.#retryAt = now + (this.#ports.retryMs ?? RETRY_MS);
      if (!this.#isUnknownTold) this.#tellUnknown(unknownBecause, now);
      return;
    }
    this.#hours = new MarketHours(reading.value, range);
    this.#readOn = today;
    this.#isUnknownTold = false;
  }

  #tellUnknown(reason: string | undefined, now: EpochMs): void {
    this.#isUnknownTold = true;
    const until =
      this.#hours?.covers(now) === true
        ? "the one read before is used"
        : "what is meant for market hours runs at all hours";
    this.#ports.log.warn({ reason }, `the market's calendar cannot be read; ${until}`);
  }
}

/** A month without a day of trading has never been: such an answer says nothing. */
function noTrading(days: readonly MarketDay[]): string | undefined {
  return days.length === 0 ? "it names no trading day within a month" : undefined;
}
