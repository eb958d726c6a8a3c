/**
 * What is wrong on the way to the broker. Two reads, the account and the calendar, and no order;
 * each check says by itself what it has of them.
 */
import type { AccountReading, Broker, MarketDay, Reading } from "../broker/broker.ts";
import type { Clock } from "../core/clock.ts";
import { ERRORS } from "../core/errors.ts";
import { dateAfter, newYorkDate } from "../schedule/new-york-time.ts";
import { type Finding, failed, ok, skipped, warning } from "./check.ts";

/** What the broker's own headers say of the limit that all programs with one key share. */
export interface SharedLimit {
  readonly limit: number;
  readonly remaining: number;
}

export interface BrokerReads {
  /** Without keys of ours the broker is asked all the same: whether it answers, and its time. */
  readonly hasKeys: boolean;
  readonly url: string;
  readonly account: AccountReading;
  readonly calendar: Reading<readonly MarketDay[]>;
  /** How far the broker's clock is ahead of ours; null where it did not say. */
  readonly aheadMs: number | null;
  readonly limit: SharedLimit | undefined;
}

/** A Date has whole seconds, and an answer takes its time. */
const DRIFT_MAX_MS = 3_000;
const MINUTE_MS = 60_000;
/** From here on seconds say little. */
const LONG_MS = 5 * MINUTE_MS;
const CALENDAR_DAYS = 14;
/** Below this part of the limit, other programs use most of it. */
const LITTLE_LEFT = 0.25;
const SET_KEYS = "Set both in the environment of the sidecar; never on a command line.";
export const NO_ANSWER = "the broker gave no answer";

export interface BrokerAsked extends Pick<BrokerReads, "url" | "hasKeys"> {
  readonly limit: () => SharedLimit | undefined;
}

export async function readBroker(
  broker: Broker,
  clock: Clock,
  { url, hasKeys, limit }: BrokerAsked,
): Promise<BrokerReads> {
  const today = newYorkDate(clock.now());
  const calendarFrom = (date: string) => broker.calendar(date, dateAfter(date, CALENDAR_DAYS));
  const [account, calendar] = await Promise.all([broker.account(), calendarFrom(today)]);
  const theirs = broker.brokerTime();
  const common = { url, hasKeys, account, limit: limit() };
  if (theirs === null) return { ...common, calendar, aheadMs: null };
  const aheadMs = theirs - clock.now();
  const theirDay = newYorkDate(theirs);
  const asked = theirDay === today ? calendar : await calendarFrom(theirDay);
  return { ...common, calendar: asked, aheadMs, limit: limit() };
}

export function checkBroker({ url, account, aheadMs }: BrokerReads): Finding {
  if (account.kind !== "unknown") return ok(`${url} answers`);
  const remedy = "Check APCA_API_BASE_URL and the network; a sidecar waits until it answers.";
  const state = aheadMs === null ? failed : warning;
  return state(`${url}: ${account.reason}`, remedy);
}

export function checkCredentials({ account, hasKeys }: BrokerReads): Finding {
  if (!hasKeys) return failed("APCA_API_KEY_ID or APCA_API_SECRET_KEY is not set", SET_KEYS);
  if (account.kind === "unknown") return skipped(NO_ANSWER);
  if (account.kind === "refused") {
    return failed(`the keys are refused: ${account.reason}`, ERRORS.keys_refused.hint);
  }
  const { accountId, status, blocks } = account.value;
  if (status === "ACTIVE" && blocks.length === 0) return ok(`account ${accountId} is active`);
  const found = [status, ...blocks].join(", ");
  return failed(`account ${accountId} is ${found}`, "Ask the broker why it takes no orders.");
}

export function checkClock({ aheadMs }: BrokerReads): Finding {
  if (aheadMs === null) return skipped(NO_ANSWER);
  const where = aheadMs > 0 ? "behind" : "ahead of";
  const found = `this clock is ${spanText(Math.abs(aheadMs))} ${where} the broker's`;
  if (Math.abs(aheadMs) <= DRIFT_MAX_MS) return ok(found);
  const remedy = "Keep the machine's clock right (NTP). A simulated broker may have its own time.";
  return warning(found, remedy);
}

function spanText(spanMs: number): string {
  if (spanMs < LONG_MS) return `${(spanMs / 1_000).toFixed(1)} s`;
  return `${Math.round(spanMs / MINUTE_MS)} minutes`;
}

export function checkRateBudget({ account, limit }: BrokerReads): Finding {
  if (account.kind === "unknown" && account.isRateLimited) {
    const remedy = "Find out what else uses this key; sidecars of one key share its limit.";
    return failed("the broker turns requests away: its rate limit is used up", remedy);
  }
  if (account.kind === "unknown") return skipped(NO_ANSWER);
  if (limit === undefined) return ok("not used up; the broker does not say how much is left");
  const found = `${limit.remaining} of ${limit.limit} requests a minute are left`;
  if (limit.remaining >= limit.limit * LITTLE_LEFT) return ok(found);
  return warning(found, "Find out what else uses this key: our own reads give way to it.");
}

export function checkCalendar({ account, calendar }: BrokerReads): Finding {
  if (account.kind === "unknown" && calendar.kind === "unknown") return skipped(NO_ANSWER);
  if (account.kind === "refused") return skipped("not asked: the keys are refused");
  const remedy = "Try again later; until it can be read, positions are compared every 15 s.";
  if (calendar.kind === "unknown") return failed(calendar.reason, remedy);
  const [first] = calendar.value;
  if (first === undefined) return failed(`no trading day in ${CALENDAR_DAYS} days`, remedy);
  return ok(`the next trading day is ${first.date}, ${first.open} to ${first.close} New York`);
}
