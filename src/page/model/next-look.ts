/** When the system looks again at what an incident is about, in words. Pure. */
import type { IncidentView, StatusView } from "../sidecar-answers.ts";
import { ageMs, durationText, moment } from "./time-text.ts";

/** Positions and orders at work are compared so often in market hours, on the clock's own marks. */
export const COMPARED_EVERY_MS = 15_000;

type Question = Pick<IncidentView, "kind" | "symbol">;
type Kind = IncidentView["kind"];

/** What is looked at when it is due. */
const SOUGHT: readonly Kind[] = ["refused_exit", "unknown_outcome", "missing_fills"];
const COMPARED: readonly Kind[] = ["phantom", "orphan", "quantity", "side", "unknown_order"];

/** Null where nothing looks by itself. */
export function nextLook({ kind, symbol }: Question, { latch, now }: StatusView): string | null {
  if (latch === null) return null;
  if (SOUGHT.includes(kind)) return latch.nextDueAt && lookText(ageMs(now, latch.nextDueAt));
  if (!COMPARED.includes(kind)) return null;
  const { market } = latch;
  // Where the calendar cannot be read the comparison runs at all hours, as it does for a pair of
  // currencies, which has a slash.
  if (market === null || market.open || symbol.includes("/")) {
    return lookText(COMPARED_EVERY_MS - (Date.parse(now) % COMPARED_EVERY_MS));
  }
  const at = market.opensAt === null ? "" : `, ${moment(market.opensAt, now)}`;
  return `the next look is when the market opens${at}`;
}

function lookText(leftMs: number): string {
  return leftMs < 1_000 ? "it is looked at now" : `the next look is in ${durationText(leftMs)}`;
}
