/**
 * One signal for several, parted from them once what it is for is over. On Node 20 a signal by
 * `AbortSignal.any` is remembered by its sources as long as these live, and one source may live as
 * long as the process.
 */
export async function withAnyOf<Result>(
  signals: readonly AbortSignal[],
  work: (any: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const any = new AbortController();
  const abort = ({ target }: Event) => any.abort((target as AbortSignal).reason);
  for (const signal of signals) {
    if (signal.aborted) any.abort(signal.reason);
    else signal.addEventListener("abort", abort, { once: true });
  }
  try {
    return await work(any.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener("abort", abort);
  }
}
