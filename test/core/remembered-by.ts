/** What a signal still holds on to. */
import { getEventListeners } from "node:events";

/** Its listeners, and the signals that were made of it. */
export function rememberedBy(signal: AbortSignal): number {
  const made = Object.getOwnPropertySymbols(signal)
    .filter(({ description }) => description === "kDependantSignals")
    .map(
      (name) => (signal as unknown as Record<symbol, Set<unknown> | undefined>)[name]?.size ?? 0,
    );
  return made.reduce((sum, size) => sum + size, getEventListeners(signal, "abort").length);
}
