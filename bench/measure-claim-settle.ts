/**
 * Claim and settlement at the ledger, against a bare durable insert and a bare durable update: by
 * one caller, and by 64 at once. Only the claim is synced: the broker can tell the rest again. How
 * many bare rows, without events and with them, so many at once come to is told beside it.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { systemClock } from "../src/core/clock.ts";
import { openSqliteLedger } from "../src/ledger/sqlite/sqlite-ledger.ts";
import { BareGroup } from "./bare-group.ts";
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

interface Round {
  readonly bare: number;
  readonly one: number;
  readonly many: number;
  readonly bareRows: number;
  readonly bareEvents: number;
}

async function measureIn(folder: string, { rounds, turns }: Scale): Promise<readonly Figure[]> {
  const ledger = openSqliteLedger(join(folder, "latch.db"), systemClock);
  const bare = new BareStore(join(folder, "bare.db"));
  const rows = new BareGroup(join(folder, "rows.db"), { events: false });
  const events = new BareGroup(join(folder, "events.db"), { events: true });
  const found: Round[] = [];
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
    const groups = groupsOf(turns * MORE);
    const [rowsMs, eventsMs] = [
      await timed(() => groups.forEach((ids) => void rows.pairs(ids))),
      await timed(() => groups.forEach((ids) => void events.pairs(ids))),
    ];
    // The first round warms up.
    if (round < 0) continue;
    const manyPerSecond = (ms: number) => perSecond(ms, turns * MORE);
    found.push({
      bare: perSecond(bareMs, turns),
      one: perSecond(oneMs, turns),
      many: manyPerSecond(manyMs),
      bareRows: manyPerSecond(rowsMs),
      bareEvents: manyPerSecond(eventsMs),
    });
  }
  await ledger.close();
  for (const store of [bare, rows, events]) store.close();
  const medianOf = (name: keyof Round) => median(found.map((round) => round[name]));
  const figure = (key: Figure["key"], name: "one" | "many", beside = {}): Figure => ({
    key,
    value: median(found.map((round) => round[name] / round.bare)),
    parts: { pairsPerSecond: medianOf(name), barePerSecond: medianOf("bare"), ...beside },
  });
  const beside = {
    bareRowsPerSecond: medianOf("bareRows"),
    bareRowsAndEventsPerSecond: medianOf("bareEvents"),
  };
  return [figure("claimSettlePairs1", "one"), figure("claimSettlePairs64", "many", beside)];
}

function perSecond(ms: number, count: number): number {
  return (count * SECOND_MS) / ms;
}

/** Ids of claims as random as theirs are, 64 to a commit. */
function groupsOf(count: number): readonly (readonly string[])[] {
  const ids = Array.from({ length: count }, () => randomBytes(32).toString("hex"));
  return Array.from({ length: Math.ceil(count / CALLERS) }, (_, group) =>
    ids.slice(group * CALLERS, (group + 1) * CALLERS),
  );
}
