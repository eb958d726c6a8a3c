/** Alpaca's clock and calendar endpoints, in their second and third versions. */
import { type ApiAnswer, type ApiCall, type ApiRoute, ok, refusalAnswer } from "./api-route.ts";
import { clockText, type MarketCalendar, type TradingDay } from "./market-calendar.ts";
import { atWallTime, dateOfDay, dayNumber, newYorkText, wallTime } from "./new-york-time.ts";
import { unprocessable } from "./refusal.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";

/** What a calendar without a range covers. */
const HISTORY = { start: "1970-01-02", end: "2029-12-31" } as const;
const UPCOMING_DAYS = 7;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const MARKETS = new Map([
  ["NYSE", { mic: "XNYS", name: "New York Stock Exchange" }],
  ["NASDAQ", { mic: "XNAS", name: "Nasdaq Stock Market" }],
]);

export function marketRoutes(broker: () => SimulatedBroker): ApiRoute[] {
  return [
    { method: "GET", path: "/v2/clock", handle: () => ok(clock(broker())) },
    { method: "GET", path: "/v2/calendar", handle: (call) => calendar(broker(), call) },
    { method: "GET", path: "/v3/clock", handle: (call) => marketClocks(broker(), call) },
    {
      method: "GET",
      path: "/v3/calendar/:market",
      handle: (call) => marketCalendar(broker(), call),
    },
  ];
}

function clock({ calendar, clock }: SimulatedBroker) {
  const now = clock.now();
  return {
    timestamp: newYorkText(now, true),
    is_open: calendar.phase(now) === "core",
    next_open: newYorkText(calendar.nextOpen(now)),
    next_close: newYorkText(calendar.nextClose(now)),
  };
}

function calendar(broker: SimulatedBroker, call: ApiCall): ApiAnswer {
  const range = readRange(call, HISTORY.start, HISTORY.end);
  if (range === undefined) return invalidRange(call);
  return ok(
    broker.calendar.days(range.start, range.end).map((day) => ({
      date: day.date,
      open: clockText(day.open),
      close: clockText(day.close),
      session_open: clockText(day.sessionOpen).replace(":", ""),
      session_close: clockText(day.sessionClose).replace(":", ""),
      settlement_date: broker.calendar.dayAfter(day.date),
    })),
  );
}

function marketClocks(broker: SimulatedBroker, call: ApiCall): ApiAnswer {
  const names = (call.query.markets || "NYSE").toUpperCase().split(",");
  const markets = names.map(marketOf);
  if (markets.includes(undefined)) return unknownMarket(call.query.markets ?? "");
  const now = broker.clock.now();
  const { calendar } = broker;
  const clocks = markets.map((market) => ({
    market,
    timestamp: newYorkText(now, true),
    is_market_day: calendar.day(wallTime(now).date) !== undefined,
    next_market_open: newYorkText(calendar.nextOpen(now)),
    next_market_close: newYorkText(calendar.nextClose(now)),
    phase: calendar.phase(now),
    phase_until: newYorkText(calendar.nextChange(now)),
  }));
  return ok({ clocks });
}

function marketCalendar(broker: SimulatedBroker, call: ApiCall): ApiAnswer {
  const name = call.params.market ?? "";
  const market = marketOf(name.toUpperCase());
  if (market === undefined) return unknownMarket(name);
  const today = wallTime(broker.clock.now()).date;
  const range = readRange(call, today, dateOfDay(dayNumber(today) + UPCOMING_DAYS));
  if (range === undefined) return invalidRange(call);
  const days = broker.calendar.days(range.start, range.end);
  return ok({ market, calendar: days.map((day) => sessions(day, broker.calendar)) });
}

function sessions(day: TradingDay, calendar: MarketCalendar) {
  const at = (minute: number) => newYorkText(atWallTime(day.date, minute));
  return {
    date: day.date,
    pre_start: at(day.sessionOpen),
    pre_end: at(day.open),
    core_start: at(day.open),
    core_end: at(day.close),
    post_start: at(day.close),
    post_end: at(day.sessionClose),
    settlement_date: calendar.dayAfter(day.date),
  };
}

function marketOf(acronym: string) {
  const market = MARKETS.get(acronym);
  return market === undefined ? undefined : { acronym, ...market, timezone: "America/New_York" };
}

function readRange({ query }: ApiCall, first: string, last: string) {
  const start = (query.start || first).slice(0, 10);
  const end = (query.end || last).slice(0, 10);
  return DATE.test(start) && DATE.test(end) ? { start, end } : undefined;
}

function invalidRange({ query }: ApiCall): ApiAnswer {
  return refusalAnswer(unprocessable(`invalid date range: ${query.start} to ${query.end}`));
}

function unknownMarket(name: string): ApiAnswer {
  return refusalAnswer(unprocessable(`invalid market: ${name}`));
}
