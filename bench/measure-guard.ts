/**
 * Claim and settlement of an action that is no order, at the ledger, against a bare durable insert
 * and a bare durable update. Both are synced here too: no broker could tell either of them again.
 */
import { join } from "node:path";
import { systemClock } from "../src/core/clock.ts";
import { type AgentId, GUARD_ACCOUNT, type OwnerId, type RequestId } from "../src/core/ids.ts";
import type { Ledger } from "../src/ledger/ledger.ts";
import { openSqliteLedger } from "../src/ledger/sqlite/sqlite-ledger.ts";
import { BareStore, CLAIM_SIZED_BODY, SETTLED_SIZED_BODY } from "./bare-store.ts";
import { withFolder } from "./bench-folder.ts";
import { timed } from "./interleaved-rounds.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { median } from "./quantiles.ts";

const SECOND_MS = 1_000;
const LEASE_MS = 900_000;
/** As long as a real one, which is SHA-256 in hex. */
const TOKEN_HASH = "0".repeat(64);

export const GUARD: Measurement = {
  keys: ["claimSettleGuard1"],
  measure: (scale) => withFolder((folder) => measureIn(folder, scale)),
};

async function measureIn(folder: string, { rounds, turns }: Scale): Promise<readonly Figure[]> {
  const ledger = openSqliteLedger(join(folder, "latch.db"), systemClock);
  const bare = new BareStore(join(folder, "bare.db"));
  const found: { bare: number; guard: number }[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const bareMs = await timed(() => {
      for (let index = 0; index < turns; index += 1) {
        bare.insert(`${round}-${index}`, CLAIM_SIZED_BODY);
        bare.update(`${round}-${index}`, SETTLED_SIZED_BODY);
      }
    });
    const guardMs = await timed(async () => {
      for (let index = 0; index < turns; index += 1) await claimAndSettle(ledger, round, index);
    });
    const perSecond = (ms: number) => (turns * SECOND_MS) / ms;
    // The first round warms up.
    if (round >= 0) found.push({ bare: perSecond(bareMs), guard: perSecond(guardMs) });
  }
  await ledger.close();
  bare.close();
  const value = median(found.map(({ bare, guard }) => guard / bare));
  const pairsPerSecond = median(found.map(({ guard }) => guard));
  const barePerSecond = median(found.map((one) => one.bare));
  return [{ key: "claimSettleGuard1", value, parts: { pairsPerSecond, barePerSecond } }];
}

async function claimAndSettle(ledger: Ledger, round: number, index: number): Promise<void> {
  const requestId = `action-${round}-${index}` as RequestId;
  const key = { account: GUARD_ACCOUNT, agent: "bench" as AgentId, requestId };
  const said = { action: "payment.send", agentId: "worker-1", scope: null, payload: null };
  const attempt = { owner: "bench" as OwnerId, tokenHash: TOKEN_HASH, leaseMs: LEASE_MS };
  const now = systemClock.now();
  await ledger.guard(key, { type: "claim", ...said, ...attempt, now });
  const shown = { tokenHash: TOKEN_HASH, isTokenRequired: true };
  const result = { id: requestId, amount: "50.00", currency: "EUR", status: "succeeded" };
  const settled = { type: "settle", outcome: "done", result, ...shown, now } as const;
  const { claim } = await ledger.guard(key, settled);
  if (claim?.status !== "SETTLED") throw new Error(`an action is ${claim?.status}`);
}
