/**
 * Wires the parts together; the only file that names a store or a broker. Everything above it asks
 * for a {@link Latch} and knows neither the stores nor Alpaca.
 */
import type { KeyObject } from "node:crypto";
import { resolve } from "node:path";
import { type Logger, pino } from "pino";
import { defaultKeyFile, openSigningKey } from "./audit/signing-key.ts";
import { createAlpacaBroker } from "./broker/alpaca/alpaca-broker.ts";
import { createAlpacaMarketData } from "./broker/alpaca/alpaca-market-data.ts";
import { normalizeBaseUrl } from "./broker/alpaca/alpaca-options.ts";
import { noteLimits } from "./broker/alpaca/noted-limits.ts";
import { RateBudget } from "./broker/alpaca/rate-budget.ts";
import type { MarketData } from "./broker/market-data.ts";
import { type Config, processEnvironment, resolveConfig, type Settings } from "./config.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { FlooredClock } from "./core/floored-clock.ts";
import type { OwnerId } from "./core/ids.ts";
import { type RandomSource, systemRandom } from "./core/random.ts";
import { isServerStore } from "./core/store-place.ts";
import { type BrokerReads, readBroker } from "./doctor/broker-checks.ts";
import { type MarketDataReads, readMarketData } from "./doctor/data-checks.ts";
import { LiveFeed } from "./feed/live-feed.ts";
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
import { refuseMissing } from "./ledger/sqlite/open-database.ts";
import { readSqliteContent, writeSqliteContent } from "./ledger/sqlite/sqlite-content.ts";
import { openSqliteLedger } from "./ledger/sqlite/sqlite-ledger.ts";
import type { StoreLook } from "./ledger/store-look.ts";
import { LatchInWaiting, type PreparedLatch } from "./prepared-latch.ts";
import { MarketCalendar } from "./schedule/market-calendar.ts";
import type { Feed } from "./strategy/feed.ts";

/** What comes from outside besides settings: time, randomness, network, log. */
export interface Surroundings {
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
  readonly fetchApi?: typeof fetch | undefined;
  readonly logger?: Logger | undefined;
  /** Off, nothing runs by itself: the caller calls {@link Latch.tick}. Default on. */
  readonly schedule?: boolean | undefined;
}

export type LatchOptions = Settings & Surroundings;

/**
 * Throws LatchError: `invalid_option`, `store_*`, `broker_unavailable` or `keys_refused`; nothing
 * was sent.
 */
export async function openLatch(options: LatchOptions = {}): Promise<Latch> {
  const { clock, random, fetchApi, logger, schedule, ...settings } = options;
  const config = resolveConfig(settings, processEnvironment);
  const prepared = prepareLatch(config, { clock, random, fetchApi, logger, schedule });
  try {
    return await prepared.open();
  } catch (error) {
    await Promise.allSettled([prepared.close()]);
    throw error;
  }
}

/**
 * Opens the ledger and the key that signs its audit trail, and asks the broker nothing yet. Throws
 * `invalid_option`, `store_*` and `audit_key_unusable`.
 */
export function prepareLatch(config: Config, surroundings: Surroundings): PreparedLatch {
  const { random = systemRandom, fetchApi, logger, schedule } = surroundings;
  const clock = new FlooredClock(surroundings.clock ?? systemClock);
  const log = logger ?? pino({ name: "tradelatch", level: "warn" }, pino.destination(2));
  const broker = createAlpacaBroker({
    keyId: config.keyId,
    secret: config.secret,
    clock,
    budget: budgetOf(config.requestsPerMinute, clock),
    submitDeadlineMs: config.policy.postDeadlineMs,
    ...(config.baseUrl === undefined ? {} : { baseUrl: config.baseUrl }),
    ...(fetchApi === undefined ? {} : { fetchApi }),
  });
  const ledger = openLedger(config.store, clock);
  const auditKey = keyOf(config, ledger);
  const owner = random.uuid() as OwnerId;
  const brokerUrl = normalizeBaseUrl(config.baseUrl);
  const backUp = (request: BackupRequest) => backUpSqliteLedger(config.store, request);
  const parts = { brokerUrl, broker, clock, config, ledger, backUp, log, owner, auditKey };
  return new LatchInWaiting(parts, schedule ?? true);
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
 * Copies a ledger, whether a process has it open or not. Rejects with LatchError `backup_failed`.
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
  options: CopyOptions & { readonly clock?: Clock } = {},
): Promise<LedgerCopy> {
  const { clock = systemClock } = options;
  const read: ReadContent = (work) =>
    isServerStore(from) ? readPostgresContent(from, clock, work) : readSqliteContent(from, work);
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

/** The feed of a live day, and what ends the reads that are under way. */
export interface OpenFeed {
  readonly feed: Feed;
  readonly data: MarketData;
  close(): Promise<void>;
}

/** Throws LatchError `invalid_option` for an address that cannot be used; asks nobody yet. */
export function openLiveFeed(config: Config, surroundings: Surroundings): OpenFeed {
  const { clock = systemClock, random = systemRandom, fetchApi, logger } = surroundings;
  const log = logger ?? pino({ name: "tradelatch", level: "warn" }, pino.destination(2));
  const { keyId, secret, baseUrl } = config;
  const common = { keyId, secret, clock, ...(fetchApi === undefined ? {} : { fetchApi }) };
  const data = createAlpacaMarketData({ ...common, baseUrl, ...config.data });
  const address = baseUrl === undefined ? {} : { baseUrl };
  const broker = createAlpacaBroker({ ...common, ...address, budget: new RateBudget({ clock }) });
  const calendar = new MarketCalendar({ broker, clock, log });
  const feed = new LiveFeed({ data, calendar, clock, random, log });
  return { feed, data, close: () => broker.close() };
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

function openLedger(store: string, clock: Clock): Ledger {
  return isServerStore(store) ? openPostgresLedger(store, clock) : openSqliteLedger(store, clock);
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
  | "incident"
  | "incidents"
  | "lastSequence"
  | "resolveIncident"
  | "scan"
>;

/**
 * Opens a ledger that exists, also while others have it open; makes none. Throws `store_*`;
 * of a database, its first call does.
 */
export function openRecords(store: string, clock: Clock = systemClock): Records {
  if (isServerStore(store)) return openPostgresLedger(store, clock, { isMade: false });
  refuseMissing(resolve(store));
  return openSqliteLedger(store, clock);
}
