/** A minute's bar as strategies know it, with the name that anchors take. Pure. */
import { MINUTE_MS, type MinuteBar } from "../broker/market-data.ts";
import { newYorkMinute } from "../schedule/new-york-time.ts";
import type { Bar } from "../strategy/bar.ts";

export function namedBar(bar: MinuteBar): Bar {
  return { ...bar, name: newYorkMinute(bar.startAt), endAt: bar.startAt + MINUTE_MS };
}
