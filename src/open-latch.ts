/**
 * The latch of one account, once its broker has said whose account it is: what it is made of, and
 * how its parts work together. Knows neither SQLite nor Alpaca.
 */
import type { KeyObject } from "node:crypto";
import type { Logger } from "pino";
import { AuditOfAccount } from "./audit/audit-of-account.ts";
import { type Book, sameClaim } from "./book/book.ts";
import type { AssetLookup, Broker, RateBudgetState, WireOrder } from "./broker/broker.ts";
import { wireOf } from "./broker/wire-order.ts";
import { type Claim, isAccepted } from "./claim/claim.ts";
import type { Config } from "./config.ts";
import { type EpochMs, earliest } from "./core/clock.ts";
import type { FlooredClock } from "./core/floored-clock.ts";
import type { AccountId, AgentId, BrokerOrderId, OwnerId, RequestId } from "./core/ids.ts";
import { testify } from "./fills/activity-witness.ts";
import { cancelOrders } from "./fills/cancel-orders.ts";
import { FillPoller } from "./fills/fill-poller.ts";
import { StreamUpdates } from "./fills/stream-updates.ts";
import { type CancelAnswer, claimNote, replaceNoteOf } from "./gateway/answer-note.ts";
import { Gateway } from "./gateway/gateway.ts";
import type { OrderAnswer } from "./gateway/order-answer.ts";
import type { ReplaceAnswer, ReplaceIntent } from "./gateway/replace-order.ts";
import { tracedOrder } from "./gateway/traced-order.ts";
import type { CloseOptions, ExecuteAnswer, ExecuteInput, Guard } from "./guard/guard.ts";
import type { GuardDesk } from "./guard/guard-desk.ts";
import { closeWait } from "./guard/guard-input.ts";
import { type IntentInput, parseIntent } from "./identity/intent-schema.ts";
import { plainSymbol } from "./identity/symbol.ts";
import type { Incident } from "./incident/incident.ts";
import type { Latch, RecoveredClaim, Recovery, SubmitOptions } from "./latch.ts";
import { incidentFor, incidentsFor } from "./ledger/account-incidents.ts";
import { allIncidents } from "./ledger/all-incidents.ts";
import type { Backup, BackupRequest } from "./ledger/backup.ts";
import type { ClaimFilters, ClaimsPage } from "./ledger/claims-query.ts";
import type { EventQuery, IncidentsQuery, Ledger, StoredEvent } from "./ledger/ledger.ts";
import { Flattening } from "./operator/flattening.ts";
import { type Operator, OperatorDesk } from "./operator/operator.ts";
import { checkEntry, type EntryCheck } from "./reconcile/entry-check.ts";
import { IncidentLog } from "./reconcile/incident-log.ts";
import { learnFee } from "./reconcile/learn-fee.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { guardTick } from "./schedule/guard-tick.ts";
import { latchTicks } from "./schedule/latch-ticks.ts";
import { LedgerPace } from "./schedule/ledger-pace.ts";
import { MarketCalendar } from "./schedule/market-calendar.ts";
import { type RunningSchedule, startSchedule } from "./schedule/schedule.ts";
import { Settlement, type SettlementOptions } from "./settlement/settlement.ts";
import { quietOnceClosed } from "./telemetry/quiet-log.ts";

/** How far back orders are read for whoever missed their updates: orders of the day. */
const WIRE_LOOKBACK_MS = 24 * 60 * 60 * 1_000;

/** What every latch is made of, whatever store and broker they are. */
export interface LatchParts {
  /** The broker's address, without a slash at its end. */
  readonly brokerUrl: string;
  readonly broker: Broker;
  readonly clock: FlooredClock;
  readonly config: Config;
  readonly ledger: Ledger;
  /** Copies the ledger while it is written. */
  readonly backUp: (request: BackupRequest) => Promise<Backup>;
  readonly log: Logger;
  /** Actions that are no orders. */
  readonly guard: GuardDesk;
  readonly owner: OwnerId;
  /** Signs the audit trail; without it nothing is signed. */
  readonly auditKey?: KeyObject;
}

interface OpenParts extends LatchParts {
  readonly account: AccountId;
}

export class OpenLatch implements Latch {
  readonly account: AccountId;
  readonly agent: AgentId;
  readonly brokerUrl: string;
  readonly guard: Guard;
  readonly audit: AuditOfAccount;
  readonly operator: Operator;
  readonly #parts: OpenParts;
  readonly #calendar: MarketCalendar;
  readonly #poller: FillPoller;
  readonly #updates: StreamUpdates;
  readonly #gateway: Gateway;
  readonly #reconciler: Reconciler;
  readonly #pace: LedgerPace;
  readonly #incidentLog = new IncidentLog(this);
  readonly #ticks = new Set<Promise<void>>();
  /** Aborts when the latch is closed. */
  readonly #stopping = new AbortController();
  #schedule: RunningSchedule | undefined;
  #closed: Promise<void> | undefined;
  #polledAt: EpochMs | undefined;

  constructor(parts: OpenParts) {
    const { account, config, log } = parts;
    const onItsOwn = { ...parts, log: quietOnceClosed(log, this.#stopping.signal) };
    this.account = account;
    this.agent = config.agent;
    this.brokerUrl = parts.brokerUrl;
    this.guard = parts.guard;
    this.#parts = parts;
    this.audit = new AuditOfAccount(parts);
    this.#pace = new LedgerPace(parts);
    this.#poller = new FillPoller(parts);
    this.#updates = new StreamUpdates(parts);
    const flattening = new Flattening({
      ...{ ...parts, agent: config.agent, submit: (intent) => this.submit(intent) },
    });
    this.#reconciler = new Reconciler({
      ...onItsOwn,
      divergence: config.policy.divergence,
      refreshFills: (symbols) => this.#poller.refresh(symbols),
      sightingOf: (claim) => this.#poller.sightingOf(claim),
      flatten: async (incident) => void (await flattening.goOn(incident)),
      witness: (claim) => testify(parts.broker, claim, WIRE_LOOKBACK_MS),
    });
    this.#calendar = new MarketCalendar(onItsOwn);
    this.operator = new OperatorDesk({
      ...parts,
      calendar: this.#calendar,
      positionsUnread: () => this.#reconciler.positionsUnread(),
      polledAt: () => this.#polledAt,
      nextDueAt: () => this.nextDueAt(),
      flatten: (incident) => flattening.start(incident),
      readOwnOrders: (symbol) => this.#reconciler.readOwnOrders(symbol),
    });
    this.#gateway = new Gateway({
      ...parts,
      policy: config.policy,
      waitMs: config.waitMs,
      refreshFills: (symbols) => this.#poller.refresh(symbols),
      learnFee: (symbol) => learnFee(parts, symbol),
      onFound: (lookup) => this.#poller.keepNews(() => wireOf(lookup)),
      onFailure: (error, claim) => {
        log.error({ err: error, requestId: claim.key.requestId }, "a claim could not be followed");
      },
    });
  }

  start(): void {
    const ticks = latchTicks({
      ...this.#parts,
      calendar: this.#calendar,
      lookAfter: () => this.tick(),
      comparePositions: () => this.comparePositions(),
      makeCheckpoint: this.audit.makeCheckpoint,
      backUp: this.#backUp(),
    });
    const { guard, log } = this.#parts;
    this.#schedule = startSchedule([...ticks, guardTick(guard, log)], log);
  }

  /** What makes a copy of the ledger; undefined where no directory for copies is set. */
  #backUp(): (() => Promise<Backup>) | undefined {
    const { config, clock, backUp } = this.#parts;
    const { backup } = config;
    if (backup === undefined) return undefined;
    return () => backUp({ ...backup, now: clock.now(), signal: this.#stopping.signal });
  }

  submit(input: IntentInput): Promise<OrderAnswer> {
    return this.submitFor(this.#parts.config.agent, input);
  }

  async submitFor(
    agent: AgentId,
    input: IntentInput,
    { policy: own, gone, waitMs }: SubmitOptions = {},
  ): Promise<OrderAnswer> {
    const { account, config, log } = this.#parts;
    const intent = parseIntent(input, account, agent);
    const policy = { ...config.policy, ...own };
    return tracedOrder(intent, log, () => this.#gateway.submit(intent, policy, gone, waitMs));
  }

  execute<Result>(input: ExecuteInput<Result>): Promise<ExecuteAnswer<Result>> {
    return this.guard.execute(input);
  }

  settlement(options: SettlementOptions): Settlement {
    return new Settlement(this.guard, options);
  }

  async replace(intent: ReplaceIntent): Promise<ReplaceAnswer> {
    const answer = await this.#gateway.replace(intent);
    const told = replaceNoteOf(answer);
    if (told === undefined) return answer;
    const { ledger, clock } = this.#parts;
    // The claim may have followed the order to the one in its place.
    const { brokerOrderId } = answer.kind === "replaced" ? answer.order : intent;
    // The broker has answered: a store that fails now loses the note, and not the answer.
    const found = ledger.claimOfOrder(this.account, brokerOrderId);
    const claim = await found.catch(() => undefined);
    if (claim !== undefined) ledger.note(claimNote(claim, told), clock.now());
    return answer;
  }

  async recordCancel(brokerOrderId: BrokerOrderId | null, answer: CancelAnswer): Promise<void> {
    const { ledger, clock } = this.#parts;
    const claims =
      brokerOrderId === null
        ? (await this.unsettledClaims()).filter(isAccepted)
        : [await ledger.claimOfOrder(this.account, brokerOrderId)];
    for (const claim of claims.filter((one) => one !== undefined)) {
      ledger.note(claimNote(claim, { type: "cancel_passed", ...answer }), clock.now());
    }
  }

  book(symbol: string): Promise<Book> {
    return this.#parts.ledger.book(this.account, plainSymbol(symbol));
  }

  books(): Promise<readonly Book[]> {
    return this.#parts.ledger.books(this.account);
  }

  unsettledClaims(): Promise<readonly Claim[]> {
    return this.#parts.ledger.unsettledClaims(this.account);
  }

  countByStatus(): Promise<Readonly<Record<string, number>>> {
    return this.#parts.ledger.countByStatus(this.account);
  }

  async claim(requestId: string, agent?: AgentId): Promise<Claim | undefined> {
    const { ledger, config } = this.#parts;
    const key = { account: this.account, requestId: requestId as RequestId };
    const own = await ledger.claimOf({ ...key, agent: agent ?? config.agent });
    if (own !== undefined || agent !== undefined) return own;
    return (await ledger.claims({ ...key, limit: 1 })).claims[0];
  }

  claims({ symbol, ...filters }: ClaimFilters = {}): Promise<ClaimsPage> {
    const plain = symbol && plainSymbol(symbol);
    return this.#parts.ledger.claims({ ...filters, symbol: plain, account: this.account });
  }

  events(query?: EventQuery): Promise<readonly StoredEvent[]> {
    return this.#parts.ledger.events(query);
  }

  lastSequence(): Promise<number> {
    return this.#parts.ledger.lastSequence();
  }

  rateBudget(): RateBudgetState {
    return this.#parts.broker.rateBudget();
  }

  async tick(): Promise<void> {
    const round = this.#lookAfter();
    this.#ticks.add(round);
    try {
      await round;
      this.#polledAt = this.#parts.clock.now();
    } finally {
      this.#ticks.delete(round);
    }
  }

  async recover(earlier?: Recovery): Promise<Recovery> {
    const before = await this.unsettledClaims();
    const unlooked = await this.#gateway.lookAt(before);
    const { unread, missing } = await this.#poller.lookOnce(before);
    await this.tick();
    const { ledger } = this.#parts;
    const found = earlier?.claims.map(({ claim }) => claim) ?? before;
    const after = await Promise.all(
      found.map(async (claim) => (await ledger.claimOf(claim.key)) ?? claim),
    );
    return {
      claims: after.map((claim) => ({ claim, became: becameOf(claim, unread) })),
      unread: unlooked.length + unread.length - missing.length,
    };
  }

  cancelOrders(withinMs: number): Promise<readonly Claim[] | undefined> {
    return cancelOrders({ ...this.#parts, poller: this.#poller }, withinMs);
  }

  asset(assetId: string): Promise<AssetLookup> {
    return this.#parts.broker.asset(assetId);
  }

  async readOrders(): Promise<boolean> {
    return (await this.#poller.lookAt(await this.unsettledClaims())).length === 0;
  }

  async orderWire(brokerOrderId: BrokerOrderId): Promise<string | undefined> {
    const reading = await this.#parts.broker.orderWire(brokerOrderId);
    return reading.kind === "read" ? reading.value : undefined;
  }

  async orderWiresSince(since: EpochMs | undefined): Promise<readonly WireOrder[] | undefined> {
    const { broker, clock } = this.#parts;
    const after = (since ?? clock.now()) - WIRE_LOOKBACK_MS;
    const recent = await broker.orderWires({ status: "all", after });
    const open = await broker.orderWires({ status: "open" });
    if (recent.kind === "unknown" || open.kind === "unknown") return undefined;
    return [...open.value, ...recent.value];
  }

  comparePositions(): Promise<void> {
    return this.#reconciler.compare();
  }

  incidents(query?: IncidentsQuery): Promise<readonly Incident[]> {
    return incidentsFor(this.#parts.ledger, this.account, query);
  }

  incident(id: number): Promise<Incident | undefined> {
    return incidentFor(this.#parts.ledger, this.account, id);
  }

  async entryCheck(asked: string): Promise<EntryCheck> {
    const symbol = plainSymbol(asked);
    const open = await allIncidents(this, { symbol, isOpen: true });
    return checkEntry(symbol, open, this.#parts.config.policy);
  }

  async applyUpdate(order: WireOrder): Promise<void> {
    if (this.#closed === undefined) await this.#updates.record(order);
  }

  onOrdersMoved(listener: (orders: readonly WireOrder[]) => void): void {
    this.#poller.onNews(listener);
  }

  nextDueAt(): EpochMs | undefined {
    return earliest([this.#poller, this.#gateway, this.#reconciler].map((one) => one.nextDueAt()));
  }

  async close(options?: CloseOptions): Promise<void> {
    const waitMs = closeWait(options);
    this.#closed ??= this.#shutDown(waitMs);
    return this.#closed;
  }

  async #lookAfter(): Promise<void> {
    const claims = await this.unsettledClaims();
    await this.#pace.keepUpWith(claims);
    await this.#gateway.tend(claims);
    await this.#poller.tick(claims);
    await this.#reconciler.tick(await this.unsettledClaims());
    await this.#sayIncidents();
  }

  async #sayIncidents(): Promise<void> {
    for (const { level, message, fields } of await this.#incidentLog.lines()) {
      this.#parts.log[level](fields, message);
    }
  }

  /** The ledger goes last: what is cut off at the broker is still to be recorded as unknown. */
  async #shutDown(waitMs: number): Promise<void> {
    this.#stopping.abort();
    const actions = this.#parts.guard.close(waitMs);
    const stopped = this.#schedule?.stop();
    const ended = this.#gateway.close();
    await this.#parts.broker.close();
    await stopped;
    await ended;
    await Promise.allSettled([...this.#ticks, actions]);
    await this.#parts.ledger.close();
  }
}

/** `unread`: what the broker had and does not show now is not known to work. */
function becameOf(claim: Claim, unread: readonly Claim[]): RecoveredClaim["became"] {
  if (claim.status === "SETTLED") return "settled";
  const isShown = isAccepted(claim) && !unread.some(({ key }) => sameClaim(key, claim.key));
  return isShown ? "working" : "unknown";
}
