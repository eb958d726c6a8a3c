/** When the system looks again at what an incident is about, in words. Pure. */
import type { IncidentView, StatusView } from "../sidecar-answers.ts";
import { ageMs, durationText } from "./time-text.ts";

/** Positions and orders at work are compared so often in market hours, on the clock's own marks. */
export const COMPARED_EVERY_MS = 15_000;
/** And so often otherwise. */
const COMPARED_AT_NIGHT_EVERY_MS = 60_000;

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
  // Where the calendar cannot be read the comparison is as frequent as in market hours, as it is
  // for a pair of currencies, which has a slash.
  const isOften = market === null || market.open || symbol.includes("/");
  const everyMs = isOften ? COMPARED_EVERY_MS : COMPARED_AT_NIGHT_EVERY_MS;
  return lookText(everyMs - (Date.parse(now) % everyMs));
}

function lookText(leftMs: number): string {
  return leftMs < 1_000 ? "it is looked at now" : `the next look is in ${durationText(leftMs)}`;
}
