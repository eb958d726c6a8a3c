/**
 * Wires the parts together; the only file that names a store or a broker. Everything above it asks
 * for a {@link Latch} and knows neither SQLite nor Alpaca.
 */
import { type Logger, pino } from "pino";
import type { Book } from "./book/book.ts";
import { createAlpacaBroker } from "./broker/alpaca/alpaca-broker.ts";
import { normalizeBaseUrl } from "./broker/alpaca/alpaca-options.ts";
import { RateBudget } from "./broker/alpaca/rate-budget.ts";
import type { Broker, WireOrder } from "./broker/broker.ts";
import { type Claim, isAccepted } from "./claim/claim.ts";
import type { ClaimPolicy } from "./claim/policy.ts";
import { type Config, processEnvironment, resolveConfig, type Settings } from "./config.ts";
import { type Clock, type EpochMs, systemClock } from "./core/clock.ts";
import { LatchError } from "./core/errors.ts";
import type { AccountId, AgentId, BrokerOrderId, OwnerId } from "./core/ids.ts";
import { type RandomSource, systemRandom } from "./core/random.ts";
import { FillPoller } from "./fills/fill-poller.ts";
import { Gateway } from "./gateway/gateway.ts";
import type { OrderAnswer } from "./gateway/order-answer.ts";
import { type IntentInput, parseIntent } from "./identity/intent-schema.ts";
import type { EventQuery, Ledger, StoredEvent } from "./ledger/ledger.ts";
import { openSqliteLedger } from "./ledger/sqlite/sqlite-ledger.ts";
import { FILL_POLL_CRON, type RunningSchedule, startSchedule } from "./schedule/schedule.ts";

/** What comes from outside besides settings: time, randomness, network, log. */
export interface Surroundings {
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly fetchApi?: typeof fetch;
  readonly logger?: Logger;
  /** Off, nothing runs by itself: the caller calls {@link Latch.tick}. Default on. */
  readonly schedule?: boolean;
}

export type LatchOptions = Settings & Surroundings;

/**
 * The gateway of one agent group in one account.
 *
 * @example
 * ```ts
 * const latch = await openLatch({ store: "latch.db", agent: "momentum" });
 * const answer = await latch.submit({
 *   symbol: "TQQQ", side: "buy", effect: "open", quantity: "6",
 *   anchor: { bar: "2026-05-21T09:42", stage: "base" },
 * });
 * ```
 */
export interface Latch {
  readonly account: AccountId;
  /** The broker's address, without a slash at its end. */
  readonly brokerUrl: string;
  /** One logical action, at most one order; the answer says which of the four ways it went. */
  submit(intent: IntentInput): Promise<OrderAnswer>;
  /** The same for another agent group of the account. */
  submitFor(agent: AgentId, intent: IntentInput, options?: SubmitOptions): Promise<OrderAnswer>;
  book(symbol: string): Promise<Book>;
  books(): Promise<readonly Book[]>;
  /** Claims that are not settled, oldest first. */
  unsettledClaims(): Promise<readonly Claim[]>;
  countByStatus(): Promise<Readonly<Record<string, number>>>;
  /** The event log, from disk only. */
  events(query?: EventQuery): Promise<readonly StoredEvent[]>;
  /** One round of looking after what is at work: fills, lost answers, dead owners' claims. */
  tick(): Promise<void>;
  /**
   * Looks once at everything that is not settled, by evidence from the broker; what came of it.
   * Call it before the first order of a process.
   */
  recover(): Promise<Recovery>;
  /**
   * Asks the broker to cancel every working order, and waits until those of ours have ended; false
   * where they have not within `withinMs`, or the broker could not be asked.
   */
  cancelOrders(withinMs: number): Promise<boolean>;
  /** An order in the broker's own JSON; undefined when it cannot be read now. */
  orderWire(brokerOrderId: BrokerOrderId): Promise<string | undefined>;
  /**
   * Orders in the broker's own JSON that may have changed since `since`: the open ones, and those
   * submitted within a day before it; undefined when they cannot be read now.
   */
  orderWiresSince(since: EpochMs | undefined): Promise<readonly WireOrder[] | undefined>;
  /** When a tick would next read something, as the last one left it; undefined: nothing to read. */
  nextDueAt(): EpochMs | undefined;
  /**
   * Ends what is under way: who waits for an answer gets PENDING, a POST that was cut off is on
   * record as unknown and taken up again at the next start. Then writes what is buffered.
   */
  close(): Promise<void>;
}

export interface SubmitOptions {
  /** What differs for this agent from the settings. */
  readonly policy?: Partial<ClaimPolicy> | undefined;
  /** Aborts when the caller goes away: an answer no longer reaches it. */
  readonly gone?: AbortSignal | undefined;
}

/** How far back orders are read for whoever missed their updates: orders of the day. */
const WIRE_LOOKBACK_MS = 24 * 60 * 60 * 1_000;

/** Between two looks at orders whose cancel was asked for. */
const CANCEL_PAUSE_MS = 250;

/** What a start found. */
export interface Recovery {
  /** Claims that were not settled when the process began. */
  readonly found: number;
  /** Those of them that were settled by what the broker shows. */
  readonly settled: number;
  /** Those whose order is at work. */
  readonly working: number;
  /** Those of which nobody knows yet, or whose refusal waits for a verdict. */
  readonly unknown: number;
}

/** Throws LatchError: `invalid_option`, `store_*`, or `broker_unavailable`; nothing was sent. */
export async function openLatch(options: LatchOptions = {}): Promise<Latch> {
  const { clock = systemClock, random = systemRandom, fetchApi, logger, schedule } = options;
  const config = resolveConfig(settingsOf(options), processEnvironment);
  const log = logger ?? pino({ name: "tradelatch", level: "warn" }, pino.destination(2));
  const broker = createAlpacaBroker({
    keyId: config.keyId,
    secret: config.secret,
    clock,
    budget: new RateBudget({ clock }),
    submitDeadlineMs: config.policy.postDeadlineMs,
    ...(config.baseUrl === undefined ? {} : { baseUrl: config.baseUrl }),
    ...(fetchApi === undefined ? {} : { fetchApi }),
  });
  const ledger = openSqliteLedger(config.store, clock);
  try {
    const account = await adoptAccount(broker, ledger, clock);
    const owner = random.uuid() as OwnerId;
    const latch = new OpenLatch({ account, broker, clock, config, ledger, log, owner });
    if (schedule ?? true) latch.start();
    return latch;
  } catch (error) {
    await Promise.allSettled([ledger.close(), broker.close()]);
    throw error;
  }
}

function settingsOf(options: LatchOptions): Settings {
  const { clock: _, random: __, fetchApi: ___, logger: ____, schedule: _____, ...rest } = options;
  return rest;
}

/** Finds out whose account this is and, at the first start, what it holds. */
async function adoptAccount(broker: Broker, ledger: Ledger, clock: Clock): Promise<AccountId> {
  const account = await broker.account();
  if (account.kind === "unknown") {
    throw new LatchError("broker_unavailable", `the account cannot be read: ${account.reason}`);
  }
  const positions = await broker.positions();
  if (positions.kind === "unknown") {
    throw new LatchError("broker_unavailable", `positions cannot be read: ${positions.reason}`);
  }
  const opening = positions.value.map(({ symbol, quantity, averageEntryPrice }) => ({
    symbol,
    quantity,
    averagePrice: averageEntryPrice,
  }));
  await ledger.adoptOpening(account.value.accountId, opening, clock.now());
  return account.value.accountId;
}

interface Parts {
  readonly account: AccountId;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly config: Config;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly owner: OwnerId;
}

class OpenLatch implements Latch {
  readonly account: AccountId;
  readonly brokerUrl: string;
  readonly #parts: Parts;
  readonly #poller: FillPoller;
  readonly #gateway: Gateway;
  readonly #ticks = new Set<Promise<void>>();
  #schedule: RunningSchedule | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: Parts) {
    const { account, config, log } = parts;
    this.account = account;
    this.brokerUrl = normalizeBaseUrl(config.baseUrl);
    this.#parts = parts;
    this.#poller = new FillPoller(parts);
    this.#gateway = new Gateway({
      ...parts,
      policy: config.policy,
      waitMs: config.waitMs,
      refreshFills: (symbol) => this.#poller.refresh(symbol),
      onFailure: (error, claim) => {
        log.error({ err: error, requestId: claim.key.requestId }, "a claim could not be followed");
      },
    });
  }

  start(): void {
    const { log } = this.#parts;
    const run = () =>
      this.tick().catch((error: unknown) => log.error({ err: error }, "a tick failed"));
    this.#schedule = startSchedule([{ name: "fill-poll", cron: FILL_POLL_CRON, run }], log);
  }

  submit(input: IntentInput): Promise<OrderAnswer> {
    return this.submitFor(this.#parts.config.agent, input);
  }

  async submitFor(
    agent: AgentId,
    input: IntentInput,
    options: SubmitOptions = {},
  ): Promise<OrderAnswer> {
    const { account, config, log } = this.#parts;
    const intent = parseIntent(input, account, agent);
    const policy = { ...config.policy, ...options.policy };
    const answer = await this.#gateway.submit(intent, policy, options.gone);
    const { status, requestId } = answer;
    const { symbol, side, decisionId } = intent;
    log.info({ status, requestId, agent, symbol, side, decisionId }, "order answered");
    return answer;
  }

  book(symbol: string): Promise<Book> {
    return this.#parts.ledger.book(this.account, symbol);
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

  events(query?: EventQuery): Promise<readonly StoredEvent[]> {
    return this.#parts.ledger.events(query);
  }

  async tick(): Promise<void> {
    const round = this.#lookAfter();
    this.#ticks.add(round);
    try {
      await round;
    } finally {
      this.#ticks.delete(round);
    }
  }

  async recover(): Promise<Recovery> {
    const before = await this.unsettledClaims();
    await this.#gateway.lookAt(before);
    await this.tick();
    const after = await this.unsettledClaims();
    const working = after.filter(isAccepted).length;
    return {
      found: before.length,
      settled: before.length - after.length,
      working,
      unknown: after.length - working,
    };
  }

  async cancelOrders(withinMs: number): Promise<boolean> {
    const { broker, clock } = this.#parts;
    const giveUpAt = clock.now() + withinMs;
    const asked = await broker.cancelOrders();
    if (asked.kind === "unknown") return false;
    for (;;) {
      const working = (await this.unsettledClaims()).filter(isAccepted);
      if (working.length === 0) return true;
      if (clock.now() >= giveUpAt) return false;
      const symbols = new Set(working.map(({ intent }) => intent.symbol));
      for (const symbol of symbols) await this.#poller.refresh(symbol);
      await clock.sleep(CANCEL_PAUSE_MS);
    }
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

  nextDueAt(): EpochMs | undefined {
    const due = [this.#poller.nextDueAt(), this.#gateway.nextDueAt()];
    const times = due.filter((at) => at !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #lookAfter(): Promise<void> {
    const claims = await this.unsettledClaims();
    await this.#gateway.tend(claims);
    await this.#poller.tick(claims);
  }

  /** The ledger goes last: what is cut off at the broker is still to be recorded as unknown. */
  async #shutDown(): Promise<void> {
    const stopped = this.#schedule?.stop();
    const ended = this.#gateway.close();
    await this.#parts.broker.close();
    await stopped;
    await ended;
    await Promise.allSettled(this.#ticks);
    await this.#parts.ledger.close();
  }
}
