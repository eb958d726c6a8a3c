/**
 * The report of a session: the counts of the event log, what is open now, and what was realized.
 * Reads the ledger only; the broker is not asked.
 */

import { phaseOf } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import type { EpochMs } from "../core/clock.ts";
import { toFixed } from "../core/decimal.ts";
import { type AccountId, GUARD_ACCOUNT } from "../core/ids.ts";
import { claimName } from "../core/key-names.ts";
import { openIncidentsFor } from "../ledger/account-incidents.ts";
import { accountOf } from "../ledger/event-chain.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";
import { eventsBetween } from "./event-pages.ts";
import { profitBetween } from "./session-profit.ts";
import { reportSession, type SessionReport } from "./session-report.ts";

export interface AfterCloseReport extends SessionReport {
  /** The span that is reported, RFC 3339. */
  readonly from: string;
  readonly until: string;
  /** Claims that are not settled, and those of them whose outcome nobody knows. */
  readonly openClaims: number;
  readonly unknownOutcomes: number;
  readonly openIncidents: number;
  /** US dollars by symbol; null where it is not known. */
  readonly realizedUsd: Readonly<Record<string, string | null>>;
}

export async function reportAfterClose(
  { account, ledger }: { readonly account: AccountId; readonly ledger: Ledger },
  from: EpochMs,
  until: EpochMs,
): Promise<AfterCloseReport> {
  const logged = await eventsBetween(ledger, from, until);
  // Of actions that are no orders, the incidents are for whoever looks after an account.
  const ours = [account, GUARD_ACCOUNT];
  const events = logged.filter((event) => ours.includes(accountOf(event)));
  const claims = await repeatedClaims(ledger, events);
  const open = await ledger.unsettledClaims(account);
  const profits = await profitBetween(ledger, account, from, until);
  return {
    from: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
    ...reportSession(events, (key) => claims.get(claimName(key))),
    openClaims: open.length,
    unknownOutcomes: open.filter((claim) => phaseOf(claim) === "unknown").length,
    openIncidents: (await openIncidentsFor(ledger, account)).length,
    realizedUsd: Object.fromEntries(
      Object.entries(profits).map(([symbol, usd]) => [
        symbol,
        usd === null ? null : toFixed(usd, 2),
      ]),
    ),
  };
}

/** The claims whose price tells what a duplicate would have been worth. */
async function repeatedClaims(
  ledger: Ledger,
  events: readonly StoredEvent[],
): Promise<ReadonlyMap<string, Claim>> {
  const found = new Map<string, Claim>();
  for (const event of events) {
    if (event.subject !== "claim" || event.body.type !== "repeat_answered") continue;
    if (found.has(claimName(event.key))) continue;
    const claim = await ledger.claimOf(event.key);
    if (claim !== undefined) found.set(claimName(event.key), claim);
  }
  return found;
}
