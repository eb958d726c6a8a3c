/** A feed of items that a test has listed, and the bars that go into one. */
import { decimal } from "../../src/core/decimal.ts";
import type { Bar, Feed, FeedItem } from "../../src/index.ts";
import { BAR_MS } from "../../src/index.ts";

export const OPEN_AT = Date.parse("2026-05-21T13:30:00Z");

export const SESSION: FeedItem = {
  kind: "session",
  session: { date: "2026-05-21", openAt: OPEN_AT, closeAt: Date.parse("2026-05-21T20:00:00Z") },
};

/** Gives one item after another, and waits for nothing. */
export function feedOf(items: readonly FeedItem[]): Feed {
  return {
    async *items({ signal }) {
      for (const item of items) {
        if (signal.aborted) return;
        yield item;
      }
    },
  };
}

/** The bar that began `minute` minutes after the open, all of whose prices are `close`. */
export function barAt(minute: number, close: string, symbol = "TQQQ"): Bar {
  const startAt = OPEN_AT + minute * BAR_MS;
  const price = decimal(close);
  const clock = new Date(startAt - 4 * 3_600_000).toISOString().slice(0, 16);
  return {
    ...{ symbol, name: clock, startAt, endAt: startAt + BAR_MS },
    ...{ open: price, high: price, low: price, close: price, volume: decimal("1000") },
  };
}

export function bar(minute: number, close: string, isPast = false): FeedItem {
  return { kind: "bar", bar: barAt(minute, close), isPast };
}
