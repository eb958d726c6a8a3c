/** Guards that must fail: one defect each, in the guard or between it and what is around it. */
import type { Clock } from "../../../src/core/clock.ts";
import type { Guard, GuardVerifier } from "../../../src/guard/guard.ts";
import type { GuardDesk } from "../../../src/guard/guard-desk.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import type { Invariant } from "../checkers/violation.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import { overriding } from "../tampering.ts";
import type { GuardTampering } from "./world.ts";

export interface GuardCanary {
  /** What the defective guard does. */
  readonly name: string;
  readonly caughtBy: Invariant;
  /** The first one at which it was found, when that was last looked for: it is tried first. */
  readonly seed: number;
  readonly tampering: GuardTampering;
}

export const GUARD_CANARIES: readonly GuardCanary[] = [
  {
    name: "opens an action again by its age",
    caughtBy: "I1",
    seed: 6,
    tampering: { ledger: (ledger) => afterLease(ledger, "absent") },
  },
  {
    name: "takes the end of a lease for the end of the action",
    caughtBy: "I4",
    seed: 1,
    tampering: { ledger: (ledger) => afterLease(ledger, "done") },
  },
  {
    name: "lets two callers proceed",
    caughtBy: "I3",
    seed: 5,
    tampering: { ledger: proceedsBeside },
  },
  {
    name: "leaves alone what its owner has left",
    caughtBy: "liveness",
    seed: 2,
    tampering: { ledger: neverLapses },
  },
  {
    name: "tells of an end that is not on disk",
    caughtBy: "I2",
    seed: 17,
    tampering: { disk: neverSyncs },
  },
  {
    name: "believes what was read of an action while it ran",
    caughtBy: "I1",
    seed: 86,
    tampering: { verifier: believesAtOnce },
  },
  {
    name: "forgets which actions it runs",
    caughtBy: "I3",
    seed: 23,
    tampering: { guard: forgetsWhatRuns },
  },
  {
    name: "tells nobody that an attempt was done that had been released",
    caughtBy: "I1",
    seed: 234,
    tampering: { ledger: deafOnceSettled },
  },
  {
    name: "begins without a look at its lease",
    caughtBy: "I1",
    seed: 153,
    tampering: { ledger: endlessLeases },
  },
  {
    name: "takes every release for one that was found behind a late word",
    caughtBy: "I4",
    seed: 14,
    tampering: { ledger: answersAnyWord },
  },
];

function answersAnyWord(ledger: Ledger): Ledger {
  return overriding(ledger, {
    guard: (key, command) =>
      ledger.guard(key, command.type === "release" ? { ...command, isOfLateWord: true } : command),
  });
}

function afterLease(ledger: Ledger, outcome: "absent" | "done"): Ledger {
  return overriding(ledger, {
    guard: async (key, command) => {
      const first = await ledger.guard(key, command);
      if (command.type !== "claim" || first.answer.kind !== "unresolved") return first;
      const { now } = command;
      const found = {
        outcome,
        result: null,
        evidence: "its lease is over",
        fencing: null,
      } as const;
      await ledger.guard(key, { type: "weigh", provenance: "verifier", ...found, now });
      return ledger.guard(key, command);
    },
  });
}

function proceedsBeside(ledger: Ledger): Ledger {
  return overriding(ledger, {
    guard: async (key, command) => {
      const result = await ledger.guard(key, command);
      const isBeside = command.type === "claim" && result.answer.kind === "pending";
      return isBeside ? { ...result, answer: { kind: "proceed", isReopened: false } } : result;
    },
  });
}

function neverLapses(ledger: Ledger): Ledger {
  return overriding(ledger, {
    guard: async (key, command) => {
      if (command.type !== "lapse") return ledger.guard(key, command);
      const [claim] = await ledger.guardClaimsOf([key]);
      return { answer: { kind: "pending" }, claim, incident: null };
    },
  });
}

function believesAtOnce(verify: GuardVerifier, ledger: Ledger, clock: Clock): GuardVerifier {
  return async (claim, signal) => {
    const verdict = await verify(claim, signal);
    if (verdict.kind === "absent") {
      const { evidence = "" } = verdict;
      const said = { outcome: "absent", result: null, evidence, fencing: claim.fencing } as const;
      const word = { type: "weigh", provenance: "verifier", ...said, now: clock.now() } as const;
      await ledger.guard(claim.key, word);
    }
    return verdict;
  };
}

function forgetsWhatRuns(another: () => GuardDesk): Guard {
  return overriding<Guard>(another(), { execute: (input) => another().execute(input) });
}

function deafOnceSettled(ledger: Ledger): Ledger {
  return overriding(ledger, {
    guard: async (key, command) => {
      if (command.type !== "weigh") return ledger.guard(key, command);
      const [claim] = await ledger.guardClaimsOf([key]);
      const isEarlier = (command.fencing ?? Number.POSITIVE_INFINITY) < (claim?.fencing ?? 0);
      return claim?.status === "SETTLED" && isEarlier
        ? { answer: { kind: "settled", isRepeat: true }, claim, incident: null }
        : ledger.guard(key, command);
    },
  });
}

function endlessLeases(ledger: Ledger): Ledger {
  return overriding(ledger, {
    guard: async (key, command) => {
      const result = await ledger.guard(key, command);
      const { answer, claim } = result;
      if (answer.kind !== "proceed" || claim === undefined) return result;
      return { ...result, claim: { ...claim, leaseUntil: Number.POSITIVE_INFINITY } };
    },
  });
}

function neverSyncs(disk: SimulatedDisk): void {
  const commit = disk.commit.bind(disk);
  disk.commit = (_, rows, run) => commit(false, rows, run);
}
