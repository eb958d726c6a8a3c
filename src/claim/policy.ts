/** The durations and permissions that decisions depend on. All durations are milliseconds. */
export interface ClaimPolicy {
  /** How long an equal intent without an anchor counts as the same action after it filled. */
  readonly dedupeWindowMs: number;
  /** No POST starts later than this after its claim was opened or reopened. */
  readonly sendDeadlineMs: number;
  /** A POST that has not answered by then is given up, its outcome unknown. */
  readonly postDeadlineMs: number;
  /** The least span of the reads that prove an order absent. */
  readonly absenceWindowMs: number;
  /** Whether a sell may open a short position. */
  readonly allowShort: boolean;
  /** Whether a new id from the caller means another order; off, equal intents are compared. */
  readonly clientIdIsIdentity: boolean;
}

export const DEFAULT_CLAIM_POLICY: ClaimPolicy = {
  dedupeWindowMs: 45_000,
  sendDeadlineMs: 5_000,
  postDeadlineMs: 6_000,
  absenceWindowMs: 15_000,
  allowShort: false,
  clientIdIsIdentity: true,
};

/** Reads that must agree before an order counts as absent. */
export const ABSENCE_READS = 3;

/** How far the broker's clock may be from ours when an order's age is judged. */
export const CLOCK_TOLERANCE_MS = 10_000;
