/** What `tradelatch audit` reads in a ledger: the list, one claim's life, and its verification. */

import type { Records } from "../app.ts";
import type { AuditItem } from "../audit/audit-item.ts";
import { type AuditFilters, type AuditPage, auditPage } from "../audit/audit-trail.ts";
import { attemptsIn, evidenceIn, historyOf } from "../audit/claim-history.ts";
import { guardHistoryOf } from "../audit/guard-history.ts";
import { checkStore, type OnProgress, type StoreVerdict } from "../audit/store-check.ts";
import type { Claim } from "../claim/claim.ts";
import { InvariantError, LatchError } from "../core/errors.ts";
import {
  type AccountId,
  type AgentId,
  type BrokerOrderId,
  GUARD_ACCOUNT,
  type RequestId,
} from "../core/ids.ts";
import { placeOfStore } from "../core/store-place.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import { auditItemView } from "../sidecar/native-audit-schema.ts";
import { claimView } from "../sidecar/native-claim-schema.ts";
import { eventView } from "../sidecar/native-event-schema.ts";
import { guardClaimView } from "../sidecar/native-guard-schema.ts";
import { timeText } from "../sidecar/native-schemas.ts";
import { auditListText } from "./audit-list.ts";
import { auditPageText } from "./audit-page.ts";
import { guardPageText } from "./guard-page.ts";
import { widthOf } from "./page-width.ts";
import { ProgressBar } from "./progress-bar.ts";
import {
  type ReadSurroundings,
  type RecordsOptions,
  readRecords,
  withRecords,
} from "./read-records.ts";
import { commandLine, flag } from "./typed-command.ts";
import { wrapped } from "./wrapped-text.ts";

export interface ListOptions extends RecordsOptions {
  readonly agent?: string;
  readonly action?: string;
  readonly status?: AuditFilters["statuses"];
  readonly symbol?: string;
  readonly from?: number;
  readonly until?: number;
  readonly before?: number;
  readonly limit: number;
}

export interface ShowOptions extends RecordsOptions {
  readonly agent?: string;
}

export interface AuditSurroundings extends ReadSurroundings {
  readonly stop: AbortSignal;
}

const NUMBER = new Intl.NumberFormat("en-US");
const EVENT_NUMBER = /^[1-9]\d{0,14}$/;
/** Several agents may have a claim of one id; so many are told apart. */
const NAMED_MAX = 5;

export async function list(options: ListOptions, surroundings: AuditSurroundings): Promise<void> {
  const { output } = surroundings;
  await readRecords(options, surroundings, async (records, account) => {
    const page = await pageOf(records, account, options, surroundings);
    if (options.json === true) {
      const items = page.items.map(auditItemView);
      output.line(asJson({ account: account ?? null, items, next: page.next }));
      return;
    }
    const olderCommand = page.next === null ? null : olderOf(options, page.next);
    const { items } = page;
    const { color } = output;
    output.line(auditListText({ items, olderCommand }, { width: widthOf(output), color }));
  });
}

/** As many as were asked for, over pages that may be short. */
async function pageOf(
  records: Records,
  account: AccountId | undefined,
  { agent, action, status, symbol, from, until, before, limit }: ListOptions,
  { output, clock, stop }: AuditSurroundings,
): Promise<AuditPage> {
  const filters = { agent: agent as AgentId | undefined, action, statuses: status, symbol };
  const bar = new ProgressBar(output, clock, "Looking");
  const items: AuditItem[] = [];
  let next: number | null | undefined = before;
  const top = before ?? (await records.lastSequence()) + 1;
  try {
    do {
      stop.throwIfAborted();
      const rest = limit - items.length;
      const query = { ...filters, from, until, before: next ?? undefined, limit: rest };
      const page: AuditPage = await auditPage(records, account ?? GUARD_ACCOUNT, query);
      items.push(...page.items);
      next = page.next;
      bar.update(top - (next ?? 0), top);
    } while (next !== null && items.length < limit);
  } finally {
    bar.end();
  }
  return { items, next };
}

function olderOf(options: ListOptions, next: number): string {
  const { agent, action, status = [], symbol, from, until } = options;
  const words = [
    ...[...flag("agent", agent), ...flag("action", action)],
    ...[...status.flatMap((one) => flag("status", one)), ...flag("symbol", symbol)],
    ...[...flag("from", timeOf(from)), ...flag("until", timeOf(until))],
  ];
  return commandLine(["audit", "list", ...words, "--before", String(next)], options);
}

function timeOf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : timeText(at);
}

export async function show(
  name: string,
  options: ShowOptions,
  surroundings: AuditSurroundings,
): Promise<void> {
  const { output, clock } = surroundings;
  await readRecords(options, surroundings, async (records, account) => {
    const claim = account && (await claimNamed(records, account, name, options.agent));
    const bar = new ProgressBar(output, clock, "Looking");
    const onProgress = (done: number, total: number) => {
      surroundings.stop.throwIfAborted();
      bar.update(done, total);
    };
    if (claim === undefined) {
      await showAction(records, name, options, { ...surroundings, onProgress });
      bar.end();
      return;
    }
    const events = await historyOf(records, claim, onProgress).finally(() => bar.end());
    if (options.json !== true) {
      output.line(auditPageText({ claim, events }, widthOf(output)));
      return;
    }
    const withTime = <Value extends { readonly at: number }>(value: Value) => {
      return { ...value, at: timeText(value.at) };
    };
    const [attempts, evidence] = [attemptsIn(events), evidenceIn(events)];
    output.line(
      asJson({
        claim: claimView(claim),
        attempts: attempts.map(withTime),
        evidence: evidence.map(withTime),
        events: events.map(eventView),
      }),
    );
  });
}

/** An action that is no order, by its request id or the number of one of its events. */
async function showAction(
  records: Records,
  name: string,
  { agent, json }: ShowOptions,
  { output, onProgress }: AuditSurroundings & { readonly onProgress: OnProgress },
): Promise<void> {
  const of = agent as AgentId | undefined;
  const named = await guardHistoryOf(records, name as RequestId, of, onProgress);
  const found = named.length > 0 ? undefined : await eventNumbered(records, name);
  const events =
    found?.subject === "guard"
      ? await guardHistoryOf(records, found.key.requestId, found.key.agent, onProgress)
      : named;
  const [key, ...others] = new Map(events.map((event) => [event.key.agent, event.key])).values();
  if (key === undefined) throw notFound(name, found);
  if (others.length > 0) throw severalAgents(name, [key, ...others]);
  const [claim] = await records.guardClaimsOf([key]);
  if (claim === undefined) throw new InvariantError(`the action ${name} has no row`);
  output.line(
    json === true
      ? asJson({ claim: guardClaimView(claim), events: events.map(eventView) })
      : guardPageText(claim, events, widthOf(output)),
  );
}

/** An intent that was turned away has a number in the list, and never became a claim. */
function notFound(name: string, event: StoredEvent | undefined): LatchError {
  const message =
    event?.subject === "book"
      ? `event ${name} is of the book of ${event.symbol}, not of a claim: ${event.body.type}`
      : `no claim is known as ${JSON.stringify(name)}`;
  return new LatchError("claim_not_found", message);
}

function severalAgents(name: string, keys: readonly { readonly agent: AgentId }[]): LatchError {
  const message = `several agents have a claim ${JSON.stringify(name)}: name one with --agent`;
  const agents = keys.map(({ agent }) => agent).join(", ");
  return new LatchError("invalid_option", `${message}: ${agents}`);
}

/** By its request id, its order's id, or the number of one of its events. */
async function claimNamed(
  records: Records,
  account: AccountId,
  name: string,
  agent: string | undefined,
): Promise<Claim | undefined> {
  const query = { account, requestId: name as RequestId, agent: agent as AgentId | undefined };
  const { claims } = await records.claims({ ...query, limit: NAMED_MAX });
  const [first, second] = claims;
  if (first !== undefined && second === undefined) return first;
  if (second !== undefined) {
    throw severalAgents(
      name,
      claims.map(({ key }) => key),
    );
  }
  const ofOrder = await records.claimOfOrder(account, name as BrokerOrderId);
  if (ofOrder !== undefined) return ofOrder;
  const event = await eventNumbered(records, name);
  if (event?.subject !== "claim" || event.key.account !== account) return undefined;
  return records.claimOf(event.key);
}

async function eventNumbered(records: Records, name: string): Promise<StoredEvent | undefined> {
  if (!EVENT_NUMBER.test(name)) return undefined;
  const [event] = await records.events({ after: Number(name) - 1, limit: 1 });
  return event;
}

export async function verify(
  options: RecordsOptions,
  surroundings: AuditSurroundings,
): Promise<void> {
  const { output, clock, stop } = surroundings;
  await withRecords(options, surroundings, async (records, store) => {
    const bar = new ProgressBar(output, clock, "Verifying");
    const onProgress = (done: number, total: number) => {
      stop.throwIfAborted();
      bar.update(done, total);
    };
    const found = await checkStore(records, onProgress).finally(() => bar.end());
    const { end, fault, ...rest } = found;
    if (options.json === true) {
      const said = { ...end, ...rest, fault: fault ?? null };
      output.line(asJson({ ok: fault === undefined, ...said }));
    }
    if (fault !== undefined) {
      throw new LatchError("audit_broken", `${placeOfStore(store)}: ${fault.message}`);
    }
    if (options.json === true) return;
    for (const text of verifiedText(found, widthOf(output))) output.line(text);
  });
}

/** What was found to be well, and where nothing could be found out. */
function verifiedText(found: StoreVerdict, width: number): readonly string[] {
  const { end, wereRowsCompared, checkpoints, keys, signedThrough } = found;
  const { length } = end.accounts;
  const accounts = `${length} ${length === 1 ? "account" : "accounts"}`;
  const fit = checkpoints === 1 ? "checkpoint fits" : "checkpoints fit";
  const [behind, there] =
    signedThrough === 0 ? ["", ""] : [` behind event ${signedThrough}`, " there"];
  const unseen = `a tail that was cut off${there} would not be seen`;
  const signed = `Nothing is signed${behind} yet: ${unseen}.`;
  return [
    `${NUMBER.format(end.sequence)} events of ${accounts}: every hash fits.`,
    ...(checkpoints === 0 ? [] : [`${NUMBER.format(checkpoints)} ${fit}, signed by`]),
    ...keys.map((key) => `  ${key}`),
    wereRowsCompared
      ? "Claims, books and incidents are what the events come to."
      : "Claims and books were not compared: the ledger was written to all the while.",
    ...(signedThrough === end.sequence ? [] : wrapped("", signed, width)),
  ];
}

function asJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
