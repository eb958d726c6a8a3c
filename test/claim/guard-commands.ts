/** Commands about the claim of an action that is no order, and claims that came of them. */
import type {
  GuardClaimCommand,
  GuardCommand,
  GuardEvidenceCommand,
  GuardReleaseCommand,
  GuardSettleCommand,
  GuardVerdict,
} from "../../src/claim/decide-guard.ts";
import { decideGuard } from "../../src/claim/decide-guard.ts";
import { evolveGuard } from "../../src/claim/evolve-guard.ts";
import type { GuardClaim } from "../../src/claim/guard-claim.ts";
import { payloadFingerprint } from "../../src/claim/guard-terms.ts";
import {
  type AgentId,
  type ClaimKey,
  GUARD_ACCOUNT,
  type OwnerId,
  type RequestId,
} from "../../src/core/ids.ts";

export const NOW = Date.UTC(2026, 4, 21, 13, 42);
export const LEASE_MS = 900_000;
export const LAPSED = NOW + LEASE_MS;

export const KEY: ClaimKey = {
  account: GUARD_ACCOUNT,
  agent: "payments" as AgentId,
  requestId: "invoice-1042" as RequestId,
};

export function claimOf(fields: Partial<GuardClaimCommand> = {}): GuardClaimCommand {
  return {
    ...{ type: "claim", action: "payment.send", agentId: "worker-1", scope: null, payload: null },
    ...{ owner: "process-1" as OwnerId, tokenHash: "token-1", leaseMs: LEASE_MS, now: NOW },
    ...fields,
  };
}

export function payload(value: unknown) {
  return payloadFingerprint(KEY.requestId, value);
}

export function settle(fields: Partial<GuardSettleCommand> = {}): GuardSettleCommand {
  const shown = { tokenHash: "token-1", isTokenRequired: false, now: NOW + 1_000 };
  return { type: "settle", outcome: "done", result: { paid: true }, ...shown, ...fields };
}

export function release(fields: Partial<GuardReleaseCommand> = {}): GuardReleaseCommand {
  const shown = { tokenHash: "token-1", isTokenRequired: false, now: NOW + 1_000 };
  return {
    type: "release",
    evidence: "the provider has no such payment",
    fencing: null,
    ...shown,
    ...fields,
  };
}

export function doubt(tokenHash = "token-1"): GuardCommand {
  return { type: "doubt", reason: "the provider did not answer", tokenHash, now: NOW + 1_000 };
}

export function evidence(fields: Partial<GuardEvidenceCommand> = {}): GuardEvidenceCommand {
  return {
    ...{ type: "weigh", provenance: "verifier", outcome: "done", result: { paid: true } },
    ...{ evidence: "the provider shows it", fencing: null, now: NOW + 2_000 },
    ...fields,
  };
}

/** Decides and applies one command after another. */
export class GuardLife {
  claim: GuardClaim | undefined;

  constructor(...commands: readonly GuardCommand[]) {
    for (const command of commands) this.take(command);
  }

  take(command: GuardCommand): GuardVerdict {
    const verdict = decideGuard(this.claim, command);
    for (const event of verdict.events) {
      this.claim = evolveGuard(this.claim, KEY, event, command.now);
    }
    return verdict;
  }

  answer(command: GuardCommand): GuardVerdict["answer"] {
    return this.take(command).answer;
  }
}
