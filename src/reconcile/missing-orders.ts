/**
 * Orders that the broker has taken, and says that it does not have. That proves neither a cancel
 * nor a fill, so nothing follows for the claim: people are told once the reads have agreed on it
 * for a while, and that it is over once the order is shown again, by whatever program it was told.
 */

import { type Claim, isAtWork } from "../claim/claim.ts";
import type { OrderSighting } from "../claim/evidence.ts";
import type { Clock } from "../core/clock.ts";
import type { AccountId } from "../core/ids.ts";
import { subjectOfClaim } from "../incident/incident.ts";
import { openIncidents } from "../ledger/all-incidents.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface MissingOrdersPorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Of a claim's order; undefined where this process has not tried to read it yet. */
  readonly sightingOf: (claim: Claim) => OrderSighting | undefined;
}

/** For how long the broker has said that it does not have the order; undefined: it does not. */
export function missingFor(
  { sightingOf }: Pick<MissingOrdersPorts, "sightingOf">,
  claim: Claim,
): number | undefined {
  const sighting = isAtWork(claim) ? sightingOf(claim) : undefined;
  return sighting?.isShown === false ? sighting.spanMs : undefined;
}

export class FoundOrders {
  readonly #ports: MissingOrdersPorts;
  /** What open incidents about unknown outcomes are about; undefined where it is to be read. */
  #unknown: Set<string> | undefined;

  constructor(ports: MissingOrdersPorts) {
    this.#ports = ports;
  }

  /** Another incident may have been opened. */
  forget(): void {
    this.#unknown = undefined;
  }

  /** Ends the incidents about orders of `claims` that are shown again, and gives their claims. */
  async end(claims: readonly Claim[]): Promise<readonly Claim[]> {
    const { account, ledger, clock, sightingOf } = this.#ports;
    const shown = claims.filter((claim) => {
      const sighting = isAtWork(claim) ? sightingOf(claim) : undefined;
      return sighting?.isShown && sighting.failing === null;
    });
    if (shown.length === 0) return [];
    this.#unknown ??= await this.#read();
    const unknown = this.#unknown;
    const found = shown.filter(({ key }) => unknown.has(subjectOfClaim(key)));
    for (const { key, orderStatus } of found) {
      const reason = `the broker shows the order again: ${orderStatus}`;
      const end = { verdict: "outcome_known", provenance: "venue", reason } as const;
      await ledger.endIncident(account, subjectOfClaim(key), end, clock.now());
      unknown.delete(subjectOfClaim(key));
    }
    return found;
  }

  async #read(): Promise<Set<string>> {
    const { account, ledger } = this.#ports;
    const open = await openIncidents(ledger, account);
    const unknown = open.filter(({ kind }) => kind === "unknown_outcome");
    return new Set(unknown.map(({ subject }) => subject));
  }
}
