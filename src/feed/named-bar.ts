/** A minute's bar as strategies know it, with the name that anchors take. Pure. */
import { MINUTE_MS, type MinuteBar } from "../broker/market-data.ts";
import type { EpochMs } from "../core/clock.ts";
import { zoneOffsetMs } from "../core/zone-offset.ts";
import { MARKET_ZONE } from "../schedule/new-york-time.ts";
import type { Bar } from "../strategy/bar.ts";

export function namedBar(bar: MinuteBar): Bar {
  return { ...bar, name: nameOf(bar.startAt), endAt: bar.startAt + MINUTE_MS };
}

/** The minute in New York that began at `startAt`, such as `2026-05-21T09:41`. */
export function nameOf(startAt: EpochMs): string {
  return new Date(startAt + zoneOffsetMs(startAt, MARKET_ZONE)).toISOString().slice(0, 16);
}
