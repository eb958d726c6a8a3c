/**
 * Claims in PostgreSQL with 64 callers at once, against the bare insert with as many callers on the
 * same server through the same driver.
 */
import type { Claim } from "../src/claim/claim.ts";
import { systemClock } from "../src/core/clock.ts";
import { openPostgresLedger } from "../src/ledger/postgres/postgres-ledger.ts";
import { BarePostgres } from "./bare-postgres.ts";
import { CLAIM_SIZED_BODY } from "./bare-store.ts";
import { byCallers, CALLERS } from "./callers.ts";
import { timed } from "./interleaved-rounds.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { withDatabase } from "./postgres-database.ts";
import { median } from "./quantiles.ts";
import { claimOne, claimRequests, settleOne } from "./sample-claims.ts";

/** Many callers do so much more in the same time. */
const MORE = 4;
const SECOND_MS = 1_000;

export const POSTGRES: Measurement = {
  keys: ["postgresClaims64"],
  measure: (scale) => withDatabase((url) => measureIn(url, scale)),
};

async function measureIn(url: string, { rounds, turns }: Scale): Promise<readonly Figure[]> {
  const ledger = openPostgresLedger(url, systemClock);
  const bare = await BarePostgres.open(url);
  const count = turns * MORE;
  const found: { readonly bare: number; readonly claims: number }[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const bareMs = await timed(() =>
      byCallers(CALLERS, count, async (index) => {
        if (!(await bare.claim(`${round}-${index}`, CLAIM_SIZED_BODY))) throw new Error("a repeat");
      }),
    );
    const requests = claimRequests(`many-${round}`, count);
    const claims: Claim[] = [];
    const claimsMs = await timed(() =>
      byCallers(CALLERS, count, async (index) => {
        claims.push(await claimOne(ledger, requests[index]));
      }),
    );
    // Outside of the time: an equal order of the next round would wait for this one's answer.
    await byCallers(CALLERS, count, (index) => settleOne(ledger, claims[index]));
    const perSecond = (ms: number) => (count * SECOND_MS) / ms;
    // The first round warms up.
    if (round >= 0) found.push({ bare: perSecond(bareMs), claims: perSecond(claimsMs) });
  }
  await ledger.close();
  await bare.close();
  return [
    {
      key: "postgresClaims64",
      value: median(found.map(({ claims, bare: inserts }) => claims / inserts)),
      parts: {
        claimsPerSecond: median(found.map(({ claims }) => claims)),
        barePerSecond: median(found.map((round) => round.bare)),
      },
    },
  ];
}
