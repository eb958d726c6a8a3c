/**
 * What a running latch does by itself, and when. The market's moments are New York's and come from
 * the broker's calendar; while that is unknown, what is meant for market hours runs at all hours.
 *
 * A tick that fails is logged and runs again at its next time. Nothing here takes a claim, and
 * nothing deletes anything but old copies of the ledger. Tests call `run` themselves.
 */
import type { Logger } from "pino";
import type { Checkpoint } from "../audit/checkpoint.ts";
import type { Broker } from "../broker/broker.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { type AccountId, GUARD_ACCOUNT } from "../core/ids.ts";
import { isPair } from "../identity/symbol.ts";
import { openIncidents } from "../ledger/all-incidents.ts";
import type { Backup } from "../ledger/backup.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { reportAfterClose } from "./after-close.ts";
import { loggedTick } from "./logged-tick.ts";
import type { MarketCalendar } from "./market-calendar.ts";
import { type MarketHours, usualHours } from "./market-hours.ts";
import { MARKET_ZONE } from "./new-york-time.ts";
import { checkBeforeOpen, isSound } from "./opening-check.ts";
import { FILL_POLL_CRON, type Tick } from "./schedule.ts";

export interface LatchWork {
  readonly account: AccountId;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly calendar: MarketCalendar;
  /** One round of looking after what is at work; reads only what is due. */
  readonly lookAfter: () => Promise<void>;
  /** Compares the books with the broker's positions. */
  readonly comparePositions: () => Promise<void>;
  /** Signs what the log has come to, where something came; undefined where there is no key. */
  readonly makeCheckpoint?: (() => Promise<Checkpoint | undefined>) | undefined;
  /** Copies the ledger; undefined where no directory for copies is set. */
  readonly backUp: (() => Promise<Backup>) | undefined;
}

export const COMPARISON_CRON = "*/15 * * * * *";
const COMPARED_EVERY_MS = 15_000;
const MINUTE_MS = 60_000;
/** Opens and closes are at full five minutes; which of them is one, the calendar says. */
export const MARKET_MOMENT_CRON = "0 */5 * * * *";
/** Before the copy is made, so that it is in it. */
export const CHECKPOINT_CRON = "0 15 3 * * *";
/** A time that every day has once, also one on which the clocks are changed. */
export const BACKUP_CRON = "0 30 3 * * *";

const STEP_MS = 5 * 60_000;
/** So long before the open the check runs. */
const BEFORE_OPEN_MS = 10 * 60_000;
/** So long after the close the report is made. */
const AFTER_CLOSE_MS = 5 * 60_000;

export function latchTicks(work: LatchWork): readonly Tick[] {
  const { calendar, lookAfter, comparePositions, makeCheckpoint, backUp } = work;
  const atMarketMoment = { cron: MARKET_MOMENT_CRON, timeZone: MARKET_ZONE };
  const ticks: readonly Tick[] = [
    { name: "fill-poll", cron: FILL_POLL_CRON, run: lookAfter },
    {
      name: "position-comparison",
      cron: COMPARISON_CRON,
      run: async () => {
        const isDue = isFirstOfMinute(work.clock.now());
        if (isDue || (await isSomethingTraded(work, calendar))) await comparePositions();
      },
    },
    { name: "before-open", ...atMarketMoment, run: () => beforeOpen(work, calendar) },
    { name: "after-close", ...atMarketMoment, run: () => afterClose(work, calendar) },
  ];
  const nightly = (name: string, cron: string, run: Tick["run"]): Tick => {
    return { name, cron, timeZone: MARKET_ZONE, isMadeUp: true, run };
  };
  // Without a broker there is no market, and nothing at work in one.
  const all = [
    ...(work.account === GUARD_ACCOUNT ? [] : ticks),
    ...(makeCheckpoint === undefined
      ? []
      : [nightly("checkpoint", CHECKPOINT_CRON, () => logCheckpoint(work, makeCheckpoint))]),
    ...(backUp === undefined
      ? []
      : [nightly("backup", BACKUP_CRON, () => logBackup(work, backUp))]),
  ];
  return all.map((tick) => loggedTick(tick, work.log));
}

/**
 * Stocks are traded before the open and behind the close, too, and over night: seldom, so that a
 * minute's delay will do. What nobody compares has no exit, for the book knows nothing of it.
 */
function isFirstOfMinute(now: EpochMs): boolean {
  return now % MINUTE_MS < COMPARED_EVERY_MS;
}

/** Pairs of currencies trade around the clock, for whoever has had one. */
async function isSomethingTraded(
  { account, clock, ledger }: LatchWork,
  calendar: MarketCalendar,
): Promise<boolean> {
  const hours = await calendar.hours();
  if (hours === undefined || hours.isOpen(clock.now())) return true;
  const isOfPair = ({ symbol }: { readonly symbol: string }) => isPair(symbol);
  if ((await ledger.books(account)).some(isOfPair)) return true;
  const open = await openIncidents(ledger, account);
  return open.some(isOfPair);
}

async function beforeOpen(work: LatchWork, calendar: MarketCalendar): Promise<void> {
  const { clock, log } = work;
  const now = clock.now();
  const openAt = hoursAt(now, await calendar.hours()).nextOpen(now);
  const ahead = (openAt ?? Number.POSITIVE_INFINITY) - now;
  if (ahead <= BEFORE_OPEN_MS - STEP_MS || ahead > BEFORE_OPEN_MS) return;
  const check = await checkBeforeOpen(work);
  if (isSound(check)) log.info(check, "check before the open");
  else log.warn(check, "check before the open");
}

async function afterClose(work: LatchWork, calendar: MarketCalendar): Promise<void> {
  const now = work.clock.now();
  const hours = hoursAt(now, await calendar.hours());
  const closedAt = hours.lastClose(now);
  const since = now - (closedAt ?? Number.NEGATIVE_INFINITY);
  if (closedAt === undefined || since < AFTER_CLOSE_MS || since >= AFTER_CLOSE_MS + STEP_MS) return;
  const from = (hours.lastClose(closedAt) ?? closedAt - 24 * 60 * 60_000) + AFTER_CLOSE_MS;
  const report = await reportAfterClose(work, from, closedAt + AFTER_CLOSE_MS);
  work.log.info(report, "report after the close");
}

/** Whole, so that who keeps the log keeps it too, out of reach of who could change the ledger. */
async function logCheckpoint(
  { log }: LatchWork,
  makeCheckpoint: () => Promise<Checkpoint | undefined>,
): Promise<void> {
  const checkpoint = await makeCheckpoint();
  if (checkpoint !== undefined) log.info({ checkpoint }, "checkpoint");
}

async function logBackup({ log }: LatchWork, backUp: () => Promise<Backup>): Promise<void> {
  const { path, sequence, removed } = await backUp();
  log.info({ path, sequence, removed }, "backed up");
}

function hoursAt(now: EpochMs, hours: MarketHours | undefined): MarketHours {
  return hours ?? usualHours(now);
}
