/** `evolve(state, event) → state` for the claims of a guard. Pure; see evolve.ts. */
import type { EpochMs } from "../core/clock.ts";
import type { ClaimKey } from "../core/ids.ts";
import type { LateWord } from "./guard-action.ts";
import type { GuardClaim } from "./guard-claim.ts";
import type { GuardEvent } from "./guard-event.ts";
import { transition } from "./transitions.ts";

/**
 * So many released attempts are remembered by their tokens. The row is written anew with each event
 * and is what its events come to; a caller that tries every second must not make it grow.
 */
export const RELEASED_TOKENS_MAX = 16;

/** The claim after `event`, which happened at `at`. */
export function evolveGuard(
  claim: GuardClaim | undefined,
  key: ClaimKey,
  event: GuardEvent,
  at: EpochMs,
): GuardClaim {
  const status = transition(claim?.status ?? "NONE", event.type);
  // The table lets nothing else begin.
  if (claim === undefined) return begun(key, event as Claimed, at);
  return { ...changed(claim, event, at), status };
}

type Claimed = Extract<GuardEvent, { type: "guard_claimed" }>;

function begun(key: ClaimKey, event: Claimed, at: EpochMs): GuardClaim {
  const { type: _, ...said } = event;
  return {
    ...{ key, status: "OPEN", ...said },
    ...{ claimedAt: at, openedAt: at, fencing: 1, releasedTokens: [] },
    ...UNSETTLED,
  };
}

const UNSETTLED = {
  unknownBecause: null,
  outcome: null,
  provenance: null,
  settledAt: null,
  result: null,
  resultProblem: null,
  evidence: null,
} as const;

function changed(claim: GuardClaim, event: GuardEvent, at: EpochMs): GuardClaim {
  switch (event.type) {
    case "guard_reopened": {
      const { type: _, ...attempt } = event;
      return { ...claim, ...attempt, ...UNSETTLED, openedAt: at, fencing: claim.fencing + 1 };
    }
    case "guard_doubted":
      return { ...claim, unknownBecause: event.reason };
    case "guard_settled": {
      const { type: _, ...end } = event;
      return { ...withoutLateWord(claim), ...end, settledAt: at, unknownBecause: null };
    }
    case "guard_released": {
      const { provenance, evidence } = event;
      const releasedTokens = withToken(claim);
      const end = { outcome: "absent", provenance, evidence, settledAt: at } as const;
      const over = { ...end, result: null, unknownBecause: null, releasedTokens };
      return { ...withoutLateWord(claim), ...over };
    }
    case "settlement_surfaced":
      return surfaced(claim, event.outcome);
    case "settlement_refused":
      return event.waits === true ? waitingFor(claim, event.outcome) : claim;
    default:
      return claim;
  }
}

/** Whoever held the attempt that was released has said `outcome` of it. */
function surfaced(claim: GuardClaim, outcome: LateWord): GuardClaim {
  const isUnknown = outcome === "unknown";
  const said = isUnknown ? "does not know whether it was" : "says that it was not";
  const unknownBecause = `whoever held the attempt that was released ${said} absent`;
  const unsettled = { ...withoutLateWord(claim), ...UNSETTLED, unknownBecause };
  return isUnknown ? { ...unsettled, isLateWordUnknown: true } : unsettled;
}

/** That it was done or rejected says more than that its owner does not know. */
function waitingFor(claim: GuardClaim, outcome: LateWord): GuardClaim {
  const { waitingWord = outcome } = claim;
  return { ...claim, waitingWord: outcome === "unknown" ? waitingWord : outcome };
}

function withoutLateWord(claim: GuardClaim): GuardClaim {
  const { isLateWordUnknown: _, waitingWord: __, ...rest } = claim;
  return rest;
}

function withToken({ releasedTokens, tokenHash }: GuardClaim): readonly string[] {
  const others = releasedTokens.filter((one) => one !== tokenHash);
  return [...others, tokenHash].slice(-RELEASED_TOKENS_MAX);
}
