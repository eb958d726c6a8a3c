/**
 * Claim and settlement at the ledger, against a bare durable insert and a bare durable update: by
 * one caller, and by 64 at once. Only the claim is synced: the broker can tell the rest again.
 */
import { join } from "node:path";
import { systemClock } from "../src/core/clock.ts";
import { openSqliteLedger } from "../src/ledger/sqlite/sqlite-ledger.ts";
import { BareStore, CLAIM_SIZED_BODY, SETTLED_SIZED_BODY } from "./bare-store.ts";
import { withFolder } from "./bench-folder.ts";
import { byCallers, CALLERS } from "./callers.ts";
import { timed } from "./interleaved-rounds.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { median } from "./quantiles.ts";
import { claimAndSettle, claimRequests } from "./sample-claims.ts";

/** Many callers do so much more in the same time. */
const MORE = 8;
const SECOND_MS = 1_000;

export const CLAIM_SETTLE: Measurement = {
  keys: ["claimSettlePairs1", "claimSettlePairs64"],
  measure: (scale) => withFolder((folder) => measureIn(folder, scale)),
};

async function measureIn(folder: string, { rounds, turns }: Scale): Promise<readonly Figure[]> {
  const ledger = openSqliteLedger(join(folder, "latch.db"), systemClock);
  const bare = new BareStore(join(folder, "bare.db"));
  const found: { bare: number; one: number; many: number }[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const bareMs = await timed(() => {
      for (let index = 0; index < turns; index += 1) {
        bare.insert(`${round}-${index}`, CLAIM_SIZED_BODY);
        bare.update(`${round}-${index}`, SETTLED_SIZED_BODY);
      }
    });
    const [ones, manys] = [
      claimRequests(`one-${round}`, turns),
      claimRequests(`many-${round}`, turns * MORE),
    ];
    const oneMs = await timed(async () => {
      for (const request of ones) await claimAndSettle(ledger, request);
    });
    const manyMs = await timed(() =>
      byCallers(CALLERS, manys.length, (index) => claimAndSettle(ledger, manys[index])),
    );
    const perSecond = (ms: number, count: number) => (count * SECOND_MS) / ms;
    const first = { bare: perSecond(bareMs, turns), one: perSecond(oneMs, turns) };
    // The first round warms up.
    if (round >= 0) found.push({ ...first, many: perSecond(manyMs, turns * MORE) });
  }
  await ledger.close();
  bare.close();
  const barePerSecond = median(found.map((round) => round.bare));
  const figure = (key: Figure["key"], name: "one" | "many"): Figure => ({
    key,
    value: median(found.map((round) => round[name] / round.bare)),
    parts: { pairsPerSecond: median(found.map((round) => round[name])), barePerSecond },
  });
  return [figure("claimSettlePairs1", "one"), figure("claimSettlePairs64", "many")];
}
