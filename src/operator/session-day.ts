/**
 * The session of today, kept up with the event log: each look reads only what was written since the
 * last one. Bounded: of a day with more events than are kept, the marks end where the room did, and
 * the session says so.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { lastBefore } from "../audit/event-time.ts";
import type { Claim } from "../claim/claim.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { ZERO } from "../core/decimal.ts";
import type { AccountId, ClaimKey } from "../core/ids.ts";
import { accountOf } from "../ledger/event-chain.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";
import { dateAfter, newYorkDate, newYorkInstant } from "../schedule/new-york-time.ts";
import { reportSession, type SessionReport } from "../schedule/session-report.ts";
import { type SessionMark, sessionMarks } from "./session-mark.ts";

export interface SessionView {
  /** In New York, `YYYY-MM-DD`. */
  readonly date: string;
  readonly totals: SessionReport;
  /** Oldest first. */
  readonly marks: readonly SessionMark[];
  /** Whether the day had more events than are kept. */
  readonly isCut: boolean;
  /** The last event that is in it, or that was looked at. */
  readonly sequence: number;
}

export interface SessionDayPorts {
  readonly account: AccountId;
  readonly ledger: Pick<Ledger, "events" | "lastSequence" | "claimOf" | "books">;
  readonly clock: Clock;
}

const PAGE = 500;
/** A busy day of several bots; in memory, some tens of megabytes at most. */
export const EVENTS_KEPT = 20_000;
/** A page shows no more points than this. */
export const MARKS_KEPT = 2_000;

interface Day {
  readonly date: string;
  readonly until: EpochMs;
  readonly from: EpochMs;
  readonly events: StoredEvent[];
  readonly claims: Map<string, Claim>;
  sequence: number;
  isCut: boolean;
}

export class SessionDay {
  readonly #ports: SessionDayPorts;
  #day: Day | undefined;
  #view: SessionView | undefined;
  #reading: Promise<SessionView> | undefined;

  constructor(ports: SessionDayPorts) {
    this.#ports = ports;
  }

  /** Whoever asks meanwhile gets the same. */
  read(): Promise<SessionView> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<SessionView> {
    const date = newYorkDate(this.#ports.clock.now());
    const day = this.#day?.date === date ? this.#day : await this.#begin(date);
    this.#day = day;
    const isNew = await this.#catchUp(day);
    if (this.#view?.date !== date || isNew) this.#view = await this.#viewOf(day);
    return this.#view;
  }

  async #begin(date: string): Promise<Day> {
    const from = newYorkInstant(date, "00:00");
    const until = newYorkInstant(dateAfter(date, 1), "00:00");
    const sequence = await lastBefore(this.#ports.ledger, from);
    return { date, from, until, events: [], claims: new Map(), sequence, isCut: false };
  }

  async #catchUp(day: Day): Promise<boolean> {
    const { ledger, account } = this.#ports;
    const before = day.sequence;
    for (;;) {
      const page = await ledger.events({ after: day.sequence, limit: PAGE });
      const own = page.filter(
        (event) => accountOf(event) === account && event.at >= day.from && event.at < day.until,
      );
      const room = Math.max(0, EVENTS_KEPT - day.events.length);
      day.events.push(...own.slice(0, room));
      day.isCut ||= own.length > room;
      day.sequence = page.at(-1)?.sequence ?? day.sequence;
      await this.#readClaims(day, own);
      if (page.length < PAGE) return day.sequence > before;
      await turnOfTheLoop();
    }
  }

  /** Each claim as it is behind its last event. */
  async #readClaims(day: Day, events: readonly StoredEvent[]): Promise<void> {
    const keys = new Map<string, ClaimKey>();
    for (const event of events)
      if (event.subject === "claim") keys.set(nameOf(event.key), event.key);
    for (const [name, key] of keys) {
      const claim = await this.#ports.ledger.claimOf(key);
      if (claim !== undefined) day.claims.set(name, claim);
    }
  }

  async #viewOf(day: Day): Promise<SessionView> {
    const { ledger, account } = this.#ports;
    const books = new Map((await ledger.books(account)).map(({ symbol, net }) => [symbol, net]));
    const claimOf = (key: ClaimKey) => day.claims.get(nameOf(key));
    // Notes are written up to a second late.
    const inTime = day.events.toSorted((a, b) => a.at - b.at || a.sequence - b.sequence);
    const marks = sessionMarks(inTime, claimOf, (symbol) => books.get(symbol) ?? ZERO);
    return {
      date: day.date,
      totals: reportSession(day.events, claimOf),
      marks: marks.slice(-MARKS_KEPT),
      isCut: day.isCut || marks.length > MARKS_KEPT,
      sequence: day.sequence,
    };
  }
}

function nameOf({ agent, requestId }: ClaimKey): string {
  return `${agent}/${requestId}`;
}
