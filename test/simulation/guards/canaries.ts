/** Guards that must fail: one defect each, between the guard and its ledger or its disk. */
import type { Ledger } from "../../../src/ledger/ledger.ts";
import type { Invariant } from "../checkers/violation.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import { overriding } from "../tampering.ts";
import type { GuardTampering } from "./world.ts";

export interface GuardCanary {
  /** What the defective guard does. */
  readonly name: string;
  readonly caughtBy: Invariant;
  readonly tampering: GuardTampering;
}

export const GUARD_CANARIES: readonly GuardCanary[] = [
  {
    name: "opens an action again by its age",
    caughtBy: "I1",
    tampering: { ledger: (ledger) => afterLease(ledger, "absent") },
  },
  {
    name: "takes the end of a lease for the end of the action",
    caughtBy: "I4",
    tampering: { ledger: (ledger) => afterLease(ledger, "done") },
  },
  {
    name: "lets two callers proceed",
    caughtBy: "I3",
    tampering: { ledger: proceedsBeside },
  },
  {
    name: "leaves alone what its owner has left",
    caughtBy: "liveness",
    tampering: { ledger: neverLapses },
  },
  {
    name: "tells of an end that is not on disk",
    caughtBy: "I2",
    tampering: { disk: neverSyncs },
  },
];

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

function neverSyncs(disk: SimulatedDisk): void {
  const commit = disk.commit.bind(disk);
  disk.commit = (_, rows, run) => commit(false, rows, run);
}
