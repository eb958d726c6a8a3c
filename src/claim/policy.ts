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
  /** Whether a close says that it is one, so that the broker refuses what we might have missed. */
  readonly positionIntent: boolean;
  /** What is done about a position that differs from the book, by the kind of difference. */
  readonly divergence: DivergencePolicies;
}

export const DIVERGENCE_KINDS = ["phantom", "orphan", "quantity", "side"] as const;
export type DivergenceKind = (typeof DIVERGENCE_KINDS)[number];

/**
 * `observe`: only tell. `adopt`: the book takes the broker's quantity over. `flatten`: that, and
 * the position is closed. `block-entries`: tell, and refuse entries in the symbol until it agrees.
 */
export const DIVERGENCE_POLICIES = ["observe", "adopt", "flatten", "block-entries"] as const;
export type DivergencePolicy = (typeof DIVERGENCE_POLICIES)[number];
export type DivergencePolicies = Readonly<Record<DivergenceKind, DivergencePolicy>>;

export const DEFAULT_CLAIM_POLICY: ClaimPolicy = {
  dedupeWindowMs: 45_000,
  sendDeadlineMs: 5_000,
  postDeadlineMs: 6_000,
  absenceWindowMs: 15_000,
  allowShort: false,
  clientIdIsIdentity: true,
  positionIntent: true,
  divergence: { phantom: "adopt", orphan: "adopt", quantity: "adopt", side: "adopt" },
};

/** So far lists and look-ups lag behind orders, at worst in published measurements. */
export const BROKER_LAG_MAX_MS = 10_000;

/** Reads that must agree before an order counts as absent. */
export const ABSENCE_READS = 3;

/**
 * So much of the time between two such reads counts at most: a clock that is set forward between
 * them must not prove an absence.
 */
export const ABSENCE_GAP_MAX_MS = 8_000;

/** How far the broker's clock may be from ours when an order's age is judged. */
export const CLOCK_TOLERANCE_MS = 10_000;
