/**
 * The audit trail in pages, the newest first, by filters. No index serves it, so that no order pays
 * for it: a span of time is found by halving, and the rest is looked through, a few thousand events
 * between two turns of the event loop and {@link LOOKED_MAX} for one page. So a page may be short,
 * or empty, and still not be the last; only `next: null` is the end.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { CLOCK_BEHIND_MAX_MS } from "../core/floored-clock.ts";
import type { AccountId, AgentId, ClaimKey } from "../core/ids.ts";
import { plainSymbol } from "../identity/symbol.ts";
import type { Ledger, ScannedEvents, StoredEvent } from "../ledger/ledger.ts";
import {
  AUDIT_TYPES,
  type AuditItem,
  type AuditStatus,
  type AuditType,
  agentOf,
  auditItem,
  guardAuditItem,
  isCommitted,
  isListed,
  type ListedEvent,
} from "./audit-item.ts";
import { lastBefore } from "./event-time.ts";

export interface AuditFilters {
  readonly agent?: AgentId | undefined;
  /** An agent group, or what the caller of an action that is no order called itself. */
  readonly agentName?: string | undefined;
  /** Only items of these types. */
  readonly types?: readonly AuditType[] | undefined;
  readonly action?: string | undefined;
  /** Any of these; all where it is left out. */
  readonly statuses?: readonly AuditStatus[] | undefined;
  /** Only what is over, or only what is not. */
  readonly isCommitted?: boolean | undefined;
  readonly symbol?: string | undefined;
  /** At or after. */
  readonly from?: EpochMs | undefined;
  /** Before. */
  readonly until?: EpochMs | undefined;
}

export interface AuditQuery extends AuditFilters {
  /** Only events with a lower number: the `next` of the page before. */
  readonly before?: number | undefined;
  /** At most so many, 1 to 1,000; default 100. */
  readonly limit?: number | undefined;
}

export interface AuditPage {
  readonly items: readonly AuditItem[];
  /** The `before` of the next page; null where this one is the last. */
  readonly next: number | null;
}

export type AuditLedger = Pick<
  Ledger,
  "claimsOf" | "events" | "guardClaimsOf" | "lastSequence" | "scan"
>;

export const AUDIT_LIMIT_MAX = 1_000;
const AUDIT_LIMIT = 100;
/** So many events are looked at for one page: some tenths of a second. */
export const LOOKED_MAX = 50_000;
/** So many are read at once, each with its claim: a few milliseconds. */
export const LOOK_MAX = 200;
/** Notes are written late, and processes on one ledger may have clocks that differ by so much. */
const MARGIN_MS = CLOCK_BEHIND_MAX_MS + 60_000;

/** Rejects with LatchError `invalid_query` for a limit that is none. */
export async function auditPage(
  ledger: AuditLedger,
  account: AccountId,
  query: AuditQuery,
): Promise<AuditPage> {
  const limit = limitOf(query);
  const span = await spanOf(ledger, query);
  const floor = Math.max(span.after, span.before - 1 - LOOKED_MAX);
  const items: AuditItem[] = [];
  for await (const look of looksAt(ledger, account, query, span)) {
    const wanted = look.items.slice(0, limit - items.length);
    items.push(...wanted);
    const last = items.at(-1);
    if (wanted.length < look.items.length && last) return { items, next: last.sequence };
    if (look.isOver) return { items, next: null };
    if (items.length === limit || look.reached <= floor + 1) return { items, next: look.reached };
  }
  return { items, next: null };
}

/** Numbers, both of which are outside. */
export interface Span {
  readonly after: number;
  readonly before: number;
}

export interface AuditLook {
  /** Empty where they were only to be counted. */
  readonly items: readonly AuditItem[];
  readonly count: number;
  readonly reached: number;
  readonly isOver: boolean;
}

/** The numbers between which all items of the query's span of time are. */
export async function spanOf(ledger: AuditLedger, query: AuditQuery): Promise<Span> {
  const { from, until, before = Number.POSITIVE_INFINITY } = query;
  const end =
    until === undefined ? await ledger.lastSequence() : await lastBefore(ledger, until + MARGIN_MS);
  const after = from === undefined ? 0 : await lastBefore(ledger, from - MARGIN_MS);
  return { after, before: Math.min(before, end + 1) };
}

/**
 * Look after look, from the newest item of the span to the oldest. Where `isCounted` says so, items
 * are counted, which is quicker by far than to look each one's claim up.
 */
export async function* looksAt(
  ledger: AuditLedger,
  account: AccountId,
  filters: AuditFilters,
  { after, before }: Span,
  isCounted = (): boolean => false,
): AsyncGenerator<AuditLook> {
  const { agent, symbol: asked, types = AUDIT_TYPES } = filters;
  const symbol = asked && plainSymbol(asked);
  const order = "newest_first" as const;
  const fixed = { account, agent, symbol, types, order, withActions: true };
  for (let reached = before; ; ) {
    const scan = { ...fixed, after, before: reached, limit: LOOK_MAX };
    const looked: ScannedEvents = await ledger.scan(scan);
    const { isOver } = looked;
    const fits = listedIn(looked.events, filters);
    reached = looked.reached;
    if (isCounted() && !needsItems(filters)) {
      yield { items: [], count: fits.length, reached, isOver };
    } else {
      const items = await itemsOf(ledger, fits, filters);
      yield { items, count: items.length, reached, isOver };
    }
    if (isOver) return;
    await turnOfTheLoop();
  }
}

/** Whether an event alone does not tell if it fits. */
function needsItems({ action, agentName, statuses, isCommitted }: AuditFilters): boolean {
  return [action, agentName, statuses, isCommitted].some((filter) => filter !== undefined);
}

/** What fits as far as the events themselves tell. */
function listedIn(
  events: readonly StoredEvent[],
  { agent, from = 0, until = Number.POSITIVE_INFINITY }: AuditFilters,
): readonly ListedEvent[] {
  return events
    .filter(({ at }) => at >= from && at < until)
    .filter(isListed)
    .filter((event) => agent === undefined || agentOf(event) === agent);
}

async function itemsOf(
  ledger: AuditLedger,
  events: readonly ListedEvent[],
  { action, agentName, statuses, isCommitted: isOver }: AuditFilters,
): Promise<readonly AuditItem[]> {
  const [orders, actions] = await Promise.all([
    claimsBehind(events, "claim", (keys) => ledger.claimsOf(keys)),
    claimsBehind(events, "guard", (keys) => ledger.guardClaimsOf(keys)),
  ]);
  const items = events.map((event) => {
    if (event.subject === "guard") return guardAuditItem(event, actions.get(nameOf(event.key)));
    const isOfClaim = event.subject === "claim";
    return auditItem(event, isOfClaim ? orders.get(nameOf(event.key)) : undefined);
  });
  return items.filter(
    (item) =>
      (action === undefined || item.action === action) &&
      (agentName === undefined || isNamed(item, agentName)) &&
      (statuses === undefined || statuses.includes(item.status)) &&
      (isOver === undefined || isCommitted(item) === isOver),
  );
}

function isNamed({ agent, guard }: AuditItem, name: string): boolean {
  return agent === name || guard?.agentId === name;
}

/** The claims of the events about `subject`, by their names. */
async function claimsBehind<Claim>(
  events: readonly ListedEvent[],
  subject: "claim" | "guard",
  look: (keys: readonly ClaimKey[]) => Promise<readonly (Claim | undefined)[]>,
): Promise<ReadonlyMap<string, Claim | undefined>> {
  const keys = new Map(
    events.flatMap((event) =>
      event.subject === subject ? [[nameOf(event.key), event.key] as const] : [],
    ),
  );
  const claims = keys.size === 0 ? [] : await look([...keys.values()]);
  return new Map([...keys.keys()].map((name, index) => [name, claims[index]]));
}

function nameOf({ agent, requestId }: ClaimKey): string {
  return JSON.stringify([agent, requestId]);
}

function limitOf({ limit = AUDIT_LIMIT }: AuditQuery): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= AUDIT_LIMIT_MAX) return limit;
  const wanted = `expected a whole number from 1 to ${AUDIT_LIMIT_MAX}`;
  throw new LatchError("invalid_query", `limit is ${limit}: ${wanted}`);
}
