/**
 * When a client may send the same order again: short enough for its patience, and far below half of
 * the dedupe window; long enough that the twenty tries of the most stubborn client outlast a minute
 * of the broker's rate limit.
 */
export const RETRY_AFTER = { "retry-after": "5" } as const;
