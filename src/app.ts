/**
 * Wires the parts together; the only file that names a store or a broker. Everything above it asks
 * for a {@link Latch} and knows neither the stores nor Alpaca.
 */
import type { KeyObject } from "node:crypto";
import { type Logger, pino } from "pino";
import { defaultKeyFile, openSigningKey, requireKeyPlace } from "./audit/signing-key.ts";
import { createAlpacaBroker } from "./broker/alpaca/alpaca-broker.ts";
import { createAlpacaMarketData } from "./broker/alpaca/alpaca-market-data.ts";
import { normalizeBaseUrl } from "./broker/alpaca/alpaca-options.ts";
import { noteLimits } from "./broker/alpaca/noted-limits.ts";
import { RateBudget } from "./broker/alpaca/rate-budget.ts";
import type { Broker } from "./broker/broker.ts";
import type { MarketData } from "./broker/market-data.ts";
import { noBroker } from "./broker/no-broker.ts";
import { type Config, processEnvironment, resolveConfig, type Settings } from "./config.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { LatchError } from "./core/errors.ts";
import { FlooredClock } from "./core/floored-clock.ts";
import { folderFault } from "./core/folder-fault.ts";
import type { OwnerId } from "./core/ids.ts";
import { type RandomSource, systemRandom } from "./core/random.ts";
import { isServerStore } from "./core/store-place.ts";
import { type BrokerReads, readBroker } from "./doctor/broker-checks.ts";
import { type MarketDataReads, readMarketData } from "./doctor/data-checks.ts";
import { FeedClock } from "./feed/feed-clock.ts";
import { CALENDAR_PAUSE_MS, LiveFeed } from "./feed/live-feed.ts";
import type { GuardVerifier, OpenedGuard } from "./guard/guard.ts";
import { GuardDesk } from "./guard/guard-desk.ts";
import { requireVerifiers } from "./guard/verifiers.ts";
import type { Latch } from "./latch.ts";
import type { Backup, BackupRequest } from "./ledger/backup.ts";
import { type CopyOptions, copyLedger, type LedgerCopy } from "./ledger/copy-ledger.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { ReadContent, WriteContent } from "./ledger/ledger-content.ts";
import { lookAtPostgresLedger } from "./ledger/postgres/look-at-ledger.ts";
import { readPostgresContent, writePostgresContent } from "./ledger/postgres/postgres-content.ts";
import { openPostgresLedger } from "./ledger/postgres/postgres-ledger.ts";
import { backUpSqliteLedger } from "./ledger/sqlite/backup.ts";
import { lookAtSqliteLedger } from "./ledger/sqlite/look-at-ledger.ts";
import type { OnMigration } from "./ledger/sqlite/on-migration.ts";
import { migrateUnused } from "./ledger/sqlite/open-database.ts";
import { readSqliteContent, writeSqliteContent } from "./ledger/sqlite/sqlite-content.ts";
import { openSqliteLedger } from "./ledger/sqlite/sqlite-ledger.ts";
import type { StoreLook } from "./ledger/store-look.ts";
import { LatchInWaiting, type PreparedLatch } from "./prepared-latch.ts";
import { MarketCalendar } from "./schedule/market-calendar.ts";
import type { Settling } from "./settlement/settlement.ts";
import type { Feed } from "./strategy/feed.ts";
import { traceFields } from "./telemetry/log-fields.ts";
import { logStream } from "./telemetry/log-stream.ts";

/** What comes from outside besides settings: time, randomness, network, log. */
export interface Surroundings {
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
  readonly fetchApi?: typeof fetch | undefined;
  readonly logger?: Logger | undefined;
  /** Off, nothing runs by itself: the caller calls {@link Latch.tick}. Default on. */
  readonly schedule?: boolean | undefined;
  /** Who reads the provider for actions whose end nobody knows, by action; asked at the start. */
  readonly verifiers?: Readonly<Record<string, GuardVerifier>> | undefined;
}

/** A migration of millions of events takes minutes, in which nothing else is done. */
const MIGRATION_SAID_EVERY_MS = 10_000;

export type LatchOptions = Settings & Surroundings;

/**
 * Throws LatchError: `invalid_option`, `store_*`, `broker_unavailable` or `keys_refused`; nothing
 * was sent.
 */
export async function openLatch(options: LatchOptions = {}): Promise<Latch> {
  const { clock, random, fetchApi, logger, schedule, verifiers, ...settings } = options;
  const config = resolveConfig(settings, processEnvironment);
  const surroundings = { clock, random, fetchApi, logger, schedule, verifiers };
  const prepared = prepareLatch(config, surroundings);
  try {
    const latch = await prepared.open();
    await latch.guard.recover();
    return latch;
  } catch (error) {
    await Promise.allSettled([prepared.close()]);
    throw error;
  }
}

/** What a guard without a broker takes; everything else is about orders. */
export interface GuardOptions
  extends Omit<Surroundings, "fetchApi">,
    Pick<Settings, "store" | "agent" | "guardLeaseMs" | "backupDir" | "backupKeep" | "auditKey"> {}

/** What {@link openGuard} gives. */
export interface SettlingGuard extends OpenedGuard, Settling {}

/**
 * A guard by itself: for payments, e-mails, tool calls, and whatever else must not happen twice.
 * Vanished owners' claims are put in question, and `verifiers` asked, before it resolves. Throws
 * LatchError: `invalid_option` or `store_*`.
 *
 * @example
 * ```ts
 * const guard = await openGuard({ store: "actions.db", agent: "payments" });
 * ```
 */
export async function openGuard(options: GuardOptions = {}): Promise<SettlingGuard> {
  const latch = await openLatch({ ...options, broker: "none" });
  const { guard } = latch;
  return {
    claim: (input) => guard.claim(input),
    settle: (input) => guard.settle(input),
    release: (input) => guard.release(input),
    doubt: (input) => guard.doubt(input),
    resolve: (input) => guard.resolve(input),
    get: (requestId, agent) => guard.get(requestId, agent),
    list: (query) => guard.list(query),
    wait: (requestId, waiting) => guard.wait(requestId, waiting),
    execute: (input) => guard.execute(input),
    registerVerifier: (action, verifier) => guard.registerVerifier(action, verifier),
    recover: () => guard.recover(),
    settlement: (settling) => latch.settlement(settling),
    close: (closing) => latch.close(closing),
  };
}

/**
 * Opens the ledger and the key that signs its audit trail, and asks the broker nothing yet. Throws
 * `invalid_option`, `store_*` and `audit_key_unusable`.
 */
export function prepareLatch(config: Config, surroundings: Surroundings): PreparedLatch {
  const { random = systemRandom, fetchApi, logger, schedule, verifiers } = surroundings;
  if (verifiers !== undefined) requireVerifiers(verifiers);
  requireBackupFolder(config);
  const clock = new FlooredClock(surroundings.clock ?? systemClock);
  const own = { name: "tradelatch", level: "warn", mixin: traceFields };
  const log = logger ?? pino(own, logStream());
  const broker = config.broker === "none" ? noBroker() : alpacaOf(config, clock, fetchApi);
  requireKeyPlace(config.auditKey, config.store);
  const ledger = openLedger(config.store, clock, log);
  const auditKey = keyOf(config, ledger);
  const owner = random.uuid() as OwnerId;
  const brokerUrl = config.broker === "none" ? "none" : normalizeBaseUrl(config.baseUrl);
  const backUp = (request: BackupRequest) => backUpSqliteLedger(config.store, request);
  const { agent, guardLeaseMs: leaseMs } = config;
  const common = { clock, ledger, log, owner };
  const guard = new GuardDesk({ ...common, random, agent, leaseMs, verifiers });
  const parts = { ...common, brokerUrl, broker, config, backUp, auditKey, guard };
  return new LatchInWaiting(parts, schedule ?? true);
}

/** At night nobody is there to make it. */
function requireBackupFolder({ backup }: Config): void {
  const fault = backup && folderFault(backup.directory);
  if (backup === undefined || fault === undefined) return;
  const received = `backupDir (--backup-dir, TRADELATCH_BACKUP_DIR) is ${backup.directory}`;
  const remedy = "make it for this user, or name another folder";
  throw new LatchError("invalid_option", `${received}: ${fault}; ${remedy}`);
}

function alpacaOf(config: Config, clock: Clock, fetchApi: typeof fetch | undefined): Broker {
  return createAlpacaBroker({
    keyId: config.keyId,
    secret: config.secret,
    clock,
    budget: budgetOf(config.requestsPerMinute, clock),
    submitDeadlineMs: config.policy.postDeadlineMs,
    ...(config.baseUrl === undefined ? {} : { baseUrl: config.baseUrl }),
    ...(fetchApi === undefined ? {} : { fetchApi }),
  });
}

/** Made at the first start, once there is a ledger that it is the key of. */
function keyOf({ auditKey, store }: Config, ledger: Ledger): KeyObject {
  try {
    return openSigningKey(auditKey ?? defaultKeyFile(store));
  } catch (error) {
    ledger.close().catch(() => undefined);
    throw error;
  }
}

/** A quarter of the requests is kept for orders. */
function budgetOf(maxRequests: number, clock: Clock): RateBudget {
  return new RateBudget({ clock, maxRequests, orderReserve: Math.floor(maxRequests / 4) });
}

/**
 * Copies a ledger, whether a process has it open or not. Rejects with LatchError `store_missing` or
 * `backup_failed`.
 */
export function backUpStore(store: string, request: BackupRequest): Promise<Backup> {
  return backUpSqliteLedger(store, request);
}

/**
 * Copies a whole ledger to a place that has none; rejects as {@link copyLedger} does, and with
 * `invalid_option` for a store that is none.
 */
export function copyStore(
  from: string,
  to: string,
  options: CopyOptions & { readonly clock?: Clock; readonly onMigration?: OnMigration } = {},
): Promise<LedgerCopy> {
  const { clock = systemClock, onMigration } = options;
  const read: ReadContent = (work) =>
    isServerStore(from)
      ? readPostgresContent(from, clock, work)
      : readSqliteContent(from, work, onMigration);
  const write: WriteContent = (work) =>
    isServerStore(to) ? writePostgresContent(to, clock, work) : writeSqliteContent(to, work);
  return copyLedger(read, write, options);
}

/** Looks at a store without opening it; nothing is made or changed. Rejects with `store_*`. */
export async function lookAtStore(store: string, clock: Clock = systemClock): Promise<StoreLook> {
  return isServerStore(store) ? lookAtPostgresLedger(store, clock) : lookAtSqliteLedger(store);
}

/**
 * Asks the broker for its account and calendar, and sends no order. Throws `invalid_option` for an
 * address that cannot be used.
 */
export async function readBrokerFor(
  { keyId, secret, baseUrl }: Pick<Config, "keyId" | "secret" | "baseUrl">,
  hasKeys: boolean,
  clock: Clock = systemClock,
): Promise<BrokerReads> {
  const { fetchApi, last: limit } = noteLimits();
  const budget = new RateBudget({ clock });
  const address = baseUrl === undefined ? {} : { baseUrl };
  const broker = createAlpacaBroker({ keyId, secret, clock, budget, fetchApi, ...address });
  try {
    return await readBroker(broker, clock, { url: normalizeBaseUrl(baseUrl), hasKeys, limit });
  } finally {
    await broker.close();
  }
}

function openLedger(store: string, clock: Clock, log: Logger): Ledger {
  if (isServerStore(store)) return openPostgresLedger(store, clock);
  let saidAt: number | undefined;
  return openSqliteLedger(store, clock, (done, total) => {
    if (saidAt !== undefined && clock.now() - saidAt < MIGRATION_SAID_EVERY_MS) return;
    saidAt = clock.now();
    log.warn({ done, total }, "the ledger is of an older program and is migrated; let it finish");
  });
}

/** The feed of a live day, and what ends the reads that are under way. */
export interface OpenFeed {
  readonly feed: Feed;
  readonly data: MarketData;
  /** The feed's; whatever is compared with its bars goes by it. */
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Throws LatchError `invalid_option` for an address that cannot be used; asks nobody yet. */
export function openLiveFeed(config: Config, surroundings: Surroundings): OpenFeed {
  const { clock: machine = systemClock, random = systemRandom, fetchApi, logger } = surroundings;
  const log = logger ?? pino({ name: "tradelatch", level: "warn" }, logStream());
  const { keyId, secret, baseUrl } = config;
  const common = { keyId, secret, ...(fetchApi === undefined ? {} : { fetchApi }) };
  const data = createAlpacaMarketData({ ...common, clock: machine, baseUrl, ...config.data });
  const clock = new FeedClock(machine, data, log);
  const budget = new RateBudget({ clock });
  const address = baseUrl === undefined ? {} : { baseUrl };
  const broker = createAlpacaBroker({ ...common, ...address, clock, budget });
  const calendar = new MarketCalendar({ broker, clock, log, retryMs: CALENDAR_PAUSE_MS });
  const feed = new LiveFeed({ data, calendar, clock, random, log });
  return { feed, data, clock, close: () => broker.close() };
}

/** Reads and streams market data for a moment, as a live feed would. Throws `invalid_option`. */
export function readMarketDataFor(
  { keyId, secret, baseUrl, data }: Pick<Config, "keyId" | "secret" | "baseUrl" | "data">,
  isNeeded: boolean,
  clock: Clock = systemClock,
): Promise<MarketDataReads> {
  const reader = createAlpacaMarketData({ keyId, secret, clock, baseUrl, ...data });
  return readMarketData(reader, clock, isNeeded);
}

/** What a command reads in a ledger, and does as its operator; no broker is asked. */
export type Records = Pick<
  Ledger,
  | "accounts"
  | "books"
  | "checkpoints"
  | "claimOf"
  | "claimOfOrder"
  | "claimsOf"
  | "claims"
  | "close"
  | "countByStatus"
  | "events"
  | "guardClaimsOf"
  | "countGuardClaims"
  | "incident"
  | "incidents"
  | "lastSequence"
  | "resolveIncident"
  | "scan"
  | "unsettledGuardClaims"
>;

/**
 * Opens a ledger that exists, also while others have it open, unless that is an older program's;
 * makes none. Throws `store_*`; of a database, its first call does.
 */
export function openRecords(
  store: string,
  clock: Clock = systemClock,
  onMigration?: OnMigration,
): Records {
  if (isServerStore(store)) return openPostgresLedger(store, clock, { isMade: false });
  migrateUnused(store, onMigration);
  return openSqliteLedger(store, clock);
}
