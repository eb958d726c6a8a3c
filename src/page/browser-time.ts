/** The browser's timers and clock; nothing else of the page reaches for them. */

/** Resolves after `durationMs`, or as soon as `signal` aborts. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    signal.addEventListener("abort", end, { once: true });
  });
}

/** A signal that aborts after `durationMs`, or with `other`; `end` lets go of its timer. */
export function deadline(
  durationMs: number,
  other: AbortSignal | undefined,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const over = new AbortController();
  const abort = () => over.abort();
  const timer = setTimeout(abort, durationMs);
  if (other?.aborted === true) abort();
  other?.addEventListener("abort", abort, { once: true });
  const end = () => {
    clearTimeout(timer);
    other?.removeEventListener("abort", abort);
  };
  return { signal: over.signal, end };
}

/** Now, by the browser's clock: only for what the sidecar cannot say because it is away. */
export function browserNow(): string {
  return new Date(Date.now()).toISOString();
}
