/**
 * A backtest as steps in the order of their times. Pure.
 *
 * 1. A bar is told when it is over, and its end is the next one's begin: what a strategy sends then
 *    meets the next bar's open, never the close that it has seen.
 * 2. Within a minute the price goes from the open to the extreme that lies further from the close,
 *    then to the other. Behind it, where a symbol has no bar in the next minute, it is what that
 *    trades at next; at the end of a session it is the close, and before the next one begins, that
 *    one's open, which is what an order meets that was sent at the close.
 * 3. All instances hear of a bar at one moment, as two programs do that listen to one stream.
 */
import type { EpochMs } from "../core/clock.ts";
import { compare, type DecimalText } from "../core/decimal.ts";
import type { MarketHours, MarketSession } from "../schedule/market-hours.ts";
import { newYorkDate } from "../schedule/new-york-time.ts";
import type { Bar } from "../strategy/bar.ts";

export type DayStep =
  | { readonly kind: "session"; readonly at: EpochMs; readonly session: MarketSession }
  | { readonly kind: "prices"; readonly at: EpochMs; readonly prices: Prices }
  | { readonly kind: "bars"; readonly at: EpochMs; readonly bars: readonly Bar[] };

export type Prices = readonly (readonly [symbol: string, price: DecimalText])[];

const FIRST_EXTREME_MS = 20_000;
const SECOND_EXTREME_MS = 40_000;

/** Bars outside of regular hours are left out. The symbols of one minute keep their order. */
export function daySteps(
  bars: ReadonlyMap<string, readonly Bar[]>,
  hours: MarketHours,
): readonly DayStep[] {
  const played = [...bars.values()].map((of) => of.filter(({ startAt }) => hours.isOpen(startAt)));
  const minutes = minutesOf(played.flat());
  const following = followingOf(played);
  const sessions = new Map<string, MarketSession>();
  const steps = [...minutes].flatMap(([startAt, ofMinute]): DayStep[] => {
    const session = hours.sessionOn(startAt);
    const isNew = session !== undefined && !sessions.has(session.date);
    if (isNew) sessions.set(session.date, session);
    const endAt = ofMinute[0]?.endAt ?? startAt;
    return [
      ...(isNew ? begun(session, startAt, played) : []),
      { kind: "prices", at: startAt, prices: ofMinute.map((bar) => [bar.symbol, bar.open]) },
      { kind: "prices", at: startAt + FIRST_EXTREME_MS, prices: extremes(ofMinute, "first") },
      { kind: "prices", at: startAt + SECOND_EXTREME_MS, prices: extremes(ofMinute, "second") },
      ...behind(endAt, ofMinute, following),
      { kind: "bars", at: endAt, bars: ofMinute },
    ];
  });
  return steps.sort((a, b) => a.at - b.at || rank(a) - rank(b));
}

/** A session, at its first bar; no earlier price holds when the market opens. */
function begun(
  session: MarketSession,
  at: EpochMs,
  bars: readonly (readonly Bar[])[],
): readonly DayStep[] {
  const { openAt, closeAt } = session;
  const firsts = bars.flatMap(
    (of) => of.find(({ startAt }) => startAt >= openAt && startAt < closeAt) ?? [],
  );
  const prices = firsts.map(({ symbol, open }) => [symbol, open] as const);
  return [
    { kind: "prices", at: openAt - 1, prices },
    { kind: "session", at, session },
  ];
}

/** By their begin, in the order of time. */
function minutesOf(bars: readonly Bar[]): ReadonlyMap<EpochMs, readonly Bar[]> {
  const minutes = new Map<EpochMs, Bar[]>();
  for (const bar of [...bars].sort((a, b) => a.startAt - b.startAt)) {
    minutes.set(bar.startAt, [...(minutes.get(bar.startAt) ?? []), bar]);
  }
  return minutes;
}

function extremes(bars: readonly Bar[], which: "first" | "second"): Prices {
  return bars.map(({ symbol, open, high, low, close }) => {
    const isRising = compare(close, open) >= 0;
    return [symbol, isRising === (which === "first") ? low : high];
  });
}

/** Each bar's next one of its symbol, where they are of one session. */
function followingOf(bars: readonly (readonly Bar[])[]): ReadonlyMap<Bar, Bar> {
  const pairs = bars.flatMap((of) =>
    of.flatMap((bar, index) => {
      const next = of[index + 1];
      const isOfDay = next !== undefined && newYorkDate(next.startAt) === newYorkDate(bar.startAt);
      return isOfDay ? [[bar, next] as const] : [];
    }),
  );
  return new Map(pairs);
}

/** The prices of those whose next minute has no bar of its own. */
function behind(
  at: EpochMs,
  bars: readonly Bar[],
  following: ReadonlyMap<Bar, Bar>,
): readonly DayStep[] {
  const quiet = bars.filter((bar) => following.get(bar)?.startAt !== at);
  const prices = quiet.map((bar) => [bar.symbol, following.get(bar)?.open ?? bar.close] as const);
  return prices.length === 0 ? [] : [{ kind: "prices", at, prices }];
}

/** At one moment the market moves before anybody hears of it. */
function rank({ kind }: DayStep): number {
  return ["session", "prices", "bars"].indexOf(kind);
}
