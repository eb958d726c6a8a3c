/**
 * One day of an account, kept up with the event log: each look reads only what was written since
 * the last one. The incidents about actions that are no orders belong to no account, and to
 * everybody's day. Bounded: of a day with more events than are kept, the marks end where the room
 * did, and the session says so.
 *
 * The positions of a day that is over are known backwards from the book as it is, by what was
 * written since; where that is too much, nobody knows them.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { lastBefore } from "../audit/event-time.ts";
import type { Claim } from "../claim/claim.ts";
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, ZERO } from "../core/decimal.ts";
import { type AccountId, type ClaimKey, GUARD_ACCOUNT } from "../core/ids.ts";
import { claimName } from "../core/key-names.ts";
import { SCAN_ROWS } from "../ledger/event-scan.ts";
import type { EventScan, Ledger, StoredEvent } from "../ledger/ledger.ts";
import { dateAfter, newYorkDate, newYorkInstant } from "../schedule/new-york-time.ts";
import { reportSession, type SessionReport } from "../schedule/session-report.ts";
import { type SessionMark, sessionMarks } from "./session-mark.ts";

export interface DayView {
  /** In New York, `YYYY-MM-DD`. */
  readonly date: string;
  /** The days before and behind it on which something happened; null where there is none. */
  readonly earlier: string | null;
  readonly later: string | null;
  readonly totals: SessionReport;
  /** Oldest first. */
  readonly marks: readonly SessionMark[];
  /** Whether the day had more events, or marks, than are kept. */
  readonly isCut: boolean;
  /** Whether the totals are of its first events alone. */
  readonly areTotalsCut: boolean;
  /** The last event that is in it, or that was looked at. */
  readonly sequence: number;
}

export interface SessionDayPorts {
  readonly account: AccountId;
  readonly ledger: Pick<Ledger, "events" | "scan" | "lastSequence" | "claimsOf" | "books">;
}

const PAGE = 500;
/** A busy day of several bots; in memory, some tens of megabytes at most. */
const EVENTS_KEPT = 20_000;
/** So many events since a day are gone back over for its positions. */
const LATER_KEPT = 5_000;
/** A page shows no more points than this. */
const MARKS_KEPT = 2_000;

export class SessionDay {
  readonly date: string;
  readonly #ports: SessionDayPorts;
  readonly #from: EpochMs;
  readonly #until: EpochMs;
  readonly #events: StoredEvent[] = [];
  readonly #later: StoredEvent[] = [];
  readonly #claims = new Map<string, Claim>();
  /** The last event that was looked at; undefined before the first look. */
  #sequence: number | undefined;
  #earlier: string | null = null;
  #isCut = false;
  #isLaterCut = false;
  #view: DayView | undefined;
  #reading: Promise<DayView> | undefined;

  constructor(date: string, ports: SessionDayPorts) {
    this.date = date;
    this.#ports = ports;
    this.#from = newYorkInstant(date, "00:00");
    this.#until = newYorkInstant(dateAfter(date, 1), "00:00");
  }

  /** Whoever asks meanwhile gets the same. */
  read(): Promise<DayView> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<DayView> {
    if (this.#sequence === undefined) await this.#begin();
    const isNew = await this.#catchUp();
    if (this.#view === undefined || isNew) this.#view = await this.#viewNow();
    return this.#view;
  }

  async #begin(): Promise<void> {
    const { ledger } = this.#ports;
    const before = await lastBefore(ledger, this.#from);
    this.#earlier = await lastDateUpTo(this.#ports, before);
    this.#sequence = before;
  }

  async #catchUp(): Promise<boolean> {
    const { ledger, account } = this.#ports;
    const started = this.#sequence ?? 0;
    const before = (await ledger.lastSequence()) + 1;
    let after = started;
    while (after < before - 1 && !this.#isLaterCut) {
      const scan = { account, after, before, order: "oldest_first", limit: PAGE } as const;
      const { events, reached } = await ledger.scan(scan);
      const others = account === GUARD_ACCOUNT ? [] : await this.#aboutActions(after, reached);
      await this.#keep([...events, ...others]);
      after = reached;
      this.#sequence = after;
      await turnOfTheLoop();
    }
    return after > started;
  }

  /** Of those behind one event, up to another that one look comes to. */
  async #aboutActions(after: number, reached: number): Promise<readonly StoredEvent[]> {
    const span = { after, before: reached + 1, order: "oldest_first", limit: SCAN_ROWS } as const;
    return (await this.#ports.ledger.scan({ ...ABOUT_ACTIONS, ...span })).events;
  }

  async #keep(events: readonly StoredEvent[]): Promise<void> {
    const own = events.filter(({ at }) => at >= this.#from && at < this.#until);
    const later = events.filter(({ at }) => at >= this.#until);
    const room = Math.max(0, EVENTS_KEPT - this.#events.length);
    this.#events.push(...own.slice(0, room));
    this.#isCut ||= own.length > room;
    const laterRoom = Math.max(0, LATER_KEPT - this.#later.length);
    this.#later.push(...later.slice(0, laterRoom));
    this.#isLaterCut ||= later.length > laterRoom;
    await this.#readClaims([...own, ...later]);
  }

  /** Each claim as it is behind its last event. */
  async #readClaims(events: readonly StoredEvent[]): Promise<void> {
    const keys = new Map<string, ClaimKey>();
    for (const event of events)
      if (event.subject === "claim") keys.set(claimName(event.key), event.key);
    const claims = await this.#ports.ledger.claimsOf([...keys.values()]);
    for (const claim of claims)
      if (claim !== undefined) this.#claims.set(claimName(claim.key), claim);
  }

  async #viewNow(): Promise<DayView> {
    const claimOf = (key: ClaimKey) => this.#claims.get(claimName(key));
    // Notes are written up to a second late.
    const inTime = [...this.#events, ...this.#later].sort(
      (a, b) => a.at - b.at || a.sequence - b.sequence,
    );
    const all = sessionMarks(inTime, claimOf, await this.#netsNow());
    const marks = all.filter(({ at }) => at < this.#until);
    const [later] = this.#later;
    return {
      date: this.date,
      earlier: this.#earlier,
      later: later === undefined ? null : newYorkDate(later.at),
      totals: reportSession(this.#events, claimOf),
      marks: marks.slice(-MARKS_KEPT),
      isCut: this.#isCut || marks.length > MARKS_KEPT,
      areTotalsCut: this.#isCut,
      sequence: this.#sequence ?? 0,
    };
  }

  /** The positions as they are behind all that was kept; unknown where not all was. */
  async #netsNow(): Promise<(symbol: string) => DecimalText | null> {
    if (this.#isCut || this.#isLaterCut) return () => null;
    const { ledger, account } = this.#ports;
    const books = new Map((await ledger.books(account)).map(({ symbol, net }) => [symbol, net]));
    return (symbol) => books.get(symbol) ?? ZERO;
  }
}

/** The incidents about actions that are no orders. */
const ABOUT_ACTIONS = {
  account: GUARD_ACCOUNT,
  types: ["incident_opened", "incident_resolved"],
} as const;
/** So many looks back over what other accounts have written. */
const LOOKS_BACK = 20;

/** The day of the last event up to a number that a day shows; null where there is none. */
export async function lastDateUpTo(
  { ledger, account }: SessionDayPorts,
  sequence: number,
): Promise<string | null> {
  const own = await lastOf(ledger, { account, after: 0 }, sequence);
  const later = { ...ABOUT_ACTIONS, after: own?.sequence ?? 0 };
  const last = (await lastOf(ledger, later, sequence)) ?? own;
  return last === undefined ? null : newYorkDate(last.at);
}

async function lastOf(
  ledger: Pick<Ledger, "scan">,
  of: Pick<EventScan, "account" | "types" | "after">,
  sequence: number,
): Promise<StoredEvent | undefined> {
  let before = sequence + 1;
  for (let look = 0; look < LOOKS_BACK; look += 1) {
    const scan = { ...of, before, order: "newest_first", limit: 1 } as const;
    const { events, reached, isOver } = await ledger.scan(scan);
    const [last] = events;
    if (last !== undefined || isOver) return last;
    before = reached;
  }
  return undefined;
}
