/** The lists that a ledger in memory gives: small, so that they are made anew each time. */
import { type Claim, endedShortAt } from "../../src/claim/claim.ts";
import type { AccountId } from "../../src/core/ids.ts";
import type { Incident } from "../../src/incident/incident.ts";
import {
  type ClaimsPage,
  type ClaimsQuery,
  invalidCursor,
  limitOf,
} from "../../src/ledger/claims-query.ts";
import { accountOf } from "../../src/ledger/event-chain.ts";
import { scanned, stretchOf } from "../../src/ledger/event-scan.ts";
import {
  type EventScan,
  INCIDENTS_DEFAULT,
  type IncidentsQuery,
  type ScannedEvents,
} from "../../src/ledger/ledger.ts";
import { byTime, type MemoryRows, nameOf } from "./memory-rows.ts";

/** Throws LatchError `invalid_query`. The cursor names the last claim that was given. */
export function claimsPage(rows: MemoryRows, query: ClaimsQuery): ClaimsPage {
  const limit = limitOf(query);
  const wanted = [...byTime([...rows.claims.values()])]
    .reverse()
    .filter((claim) => isWanted(claim, query));
  const first = startOf(wanted, query.cursor);
  const claims = wanted.slice(first, first + limit);
  const last = claims.at(-1);
  const isLast = last === undefined || first + limit >= wanted.length;
  return { claims, next: isLast ? null : cursorOf(last) };
}

function cursorOf({ key }: Claim): string {
  return Buffer.from(nameOf(key)).toString("base64url");
}

function startOf(claims: readonly Claim[], cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const place = claims.findIndex((claim) => cursorOf(claim) === cursor);
  if (place < 0) throw invalidCursor(cursor);
  return place + 1;
}

function isWanted(claim: Claim, query: ClaimsQuery): boolean {
  const { key, intent, status, claimedAt } = claim;
  const { account, agent, requestId, symbol, statuses } = query;
  const { from = 0, until = Infinity, endedShortFrom } = query;
  return (
    key.account === account &&
    (agent === undefined || key.agent === agent) &&
    (requestId === undefined || key.requestId === requestId) &&
    (symbol === undefined || intent.symbol === symbol) &&
    (statuses === undefined || statuses.includes(status)) &&
    (endedShortFrom === undefined || (endedShortAt(claim) ?? -1) >= endedShortFrom) &&
    claimedAt >= from &&
    claimedAt < until
  );
}

export function countByStatus(rows: MemoryRows, account: AccountId): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { key, status } of rows.claims.values()) {
    if (key.account === account) counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

export function incidentsList(
  rows: MemoryRows,
  account: AccountId,
  { symbol, isOpen, before = Infinity, limit = INCIDENTS_DEFAULT }: IncidentsQuery,
): readonly Incident[] {
  return [...rows.incidentsById.values()]
    .filter((incident) => incident.account === account && incident.id < before)
    .filter((incident) => symbol === undefined || incident.symbol === symbol)
    .filter(({ resolution }) => isOpen === undefined || (resolution === null) === isOpen)
    .reverse()
    .slice(0, limit);
}

export function scanEvents({ events }: MemoryRows, scan: EventScan): ScannedEvents {
  const { account, agent, requestId, symbol, types, order, limit, withActions } = scan;
  const last = events.length;
  const stretch = stretchOf(scan, last);
  const looked = events.slice(stretch.above, Math.max(stretch.above, stretch.below - 1));
  const fits = looked.filter((event) => {
    const key = event.subject === "book" ? undefined : event.key;
    return (
      (accountOf(event) === account || (withActions === true && event.subject === "guard")) &&
      (agent === undefined || key === undefined || key.agent === agent) &&
      (requestId === undefined || key?.requestId === requestId) &&
      (symbol === undefined || event.symbol === symbol) &&
      (types === undefined || types.includes(event.body.type))
    );
  });
  const found = order === "newest_first" ? fits.reverse() : fits;
  return scanned(scan, stretch, last, found.slice(0, limit));
}
