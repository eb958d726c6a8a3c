/**
 * What a list of claims may be asked for, and what every store checks before it looks. Newest
 * first; a page may hold fewer claims than were asked for, also none, and still not be the last:
 * only `next: null` is the end. So no page costs more than a bounded look, whatever is filtered.
 */
import type { Claim } from "../claim/claim.ts";
import type { ClaimStatus } from "../claim/transitions.ts";
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { AccountId, AgentId, RequestId } from "../core/ids.ts";

export interface ClaimFilters {
  /** Several agents may have a claim of one id. */
  readonly requestId?: RequestId | undefined;
  readonly agent?: AgentId | undefined;
  readonly symbol?: string | undefined;
  /** Any of these; all where it is left out. */
  readonly statuses?: readonly ClaimStatus[] | undefined;
  /** Claimed at or after. */
  readonly from?: EpochMs | undefined;
  /** Claimed before. */
  readonly until?: EpochMs | undefined;
  /** The `next` of the page before, under the same filters. */
  readonly cursor?: string | undefined;
  /** At most so many, 1 to 500; default 100. */
  readonly limit?: number | undefined;
}

export interface ClaimsQuery extends ClaimFilters {
  readonly account: AccountId;
  /** Settled with fewer shares than asked for, and ended at or after. */
  readonly endedShortFrom?: EpochMs | undefined;
}

export interface ClaimsPage {
  readonly claims: readonly Claim[];
  /** The cursor of the next page; null where this one is the last. */
  readonly next: string | null;
}

/** Where a page begins: below this place in the order of time and row id. */
export interface Place {
  readonly at: EpochMs;
  readonly id: number;
}

export const CLAIMS_LIMIT_MAX = 500;
/** How many claims one page looks at before it ends without having found enough. */
export const SCAN_MAX = 20_000;
const CURSOR = /^(\d{1,16})\.(\d{1,16})$/;
const CLAIMS_LIMIT = 100;

/** The query's limit; throws LatchError `invalid_query` for it or a time that is out of range. */
export function limitOf({ limit = CLAIMS_LIMIT, from = 0, until = 0 }: ClaimFilters): number {
  for (const [name, at] of Object.entries({ from, until })) {
    if (Number.isFinite(at)) continue;
    throw new LatchError("invalid_query", `${name} is ${at}: expected milliseconds since 1970`);
  }
  if (Number.isInteger(limit) && limit >= 1 && limit <= CLAIMS_LIMIT_MAX) return limit;
  const wanted = `expected a whole number from 1 to ${CLAIMS_LIMIT_MAX}`;
  throw new LatchError("invalid_query", `limit is ${limit}: ${wanted}`);
}

const SHOWN_CHARACTERS = 100;

export function invalidCursor(cursor: string): LatchError {
  const shown = JSON.stringify(cursor.slice(0, SHOWN_CHARACTERS));
  return new LatchError("invalid_query", `cursor is ${shown}: expected the next of a page before`);
}

/** Throws LatchError `invalid_query` for a cursor that {@link cursorOf} has not made. */
export function startOf({ cursor, until = Number.MAX_SAFE_INTEGER }: ClaimsQuery): Place {
  // Row ids begin at 1: nothing that was claimed at `until` is below this place.
  const end = { at: until, id: 0 };
  if (cursor === undefined) return end;
  const [, at, id] = CURSOR.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
  const place = { at: Number(at), id: Number(id) };
  if (at === undefined || cursorOf(place) !== cursor) throw invalidCursor(cursor);
  return place.at < end.at ? place : end;
}

export function cursorOf({ at, id }: Place): string {
  return Buffer.from(`${at}.${id}`, "latin1").toString("base64url");
}

/** Whether only claims are wanted that are few, however long the history is. */
export function isUnsettledOnly(statuses: readonly ClaimStatus[] | undefined): boolean {
  return statuses !== undefined && !statuses.includes("SETTLED");
}
