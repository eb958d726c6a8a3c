/**
 * Wires the parts together; the only file that names a store or a broker. Everything above it asks
 * for a {@link Latch} and knows neither SQLite nor Alpaca.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type Logger, pino } from "pino";
import { createAlpacaBroker } from "./broker/alpaca/alpaca-broker.ts";
import { normalizeBaseUrl } from "./broker/alpaca/alpaca-options.ts";
import { RateBudget } from "./broker/alpaca/rate-budget.ts";
import type { Claim } from "./claim/claim.ts";
import type { ClaimPolicy } from "./claim/policy.ts";
import { type Config, processEnvironment, resolveConfig, type Settings } from "./config.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { LatchError } from "./core/errors.ts";
import type { AccountId, AgentId, OwnerId, RequestId } from "./core/ids.ts";
import { type RandomSource, systemRandom } from "./core/random.ts";
import { knownAnswer } from "./gateway/known-answer.ts";
import type { OrderAnswer } from "./gateway/order-answer.ts";
import { canonicalHash } from "./identity/canonical-json.ts";
import { type IntentInput, parseIntent } from "./identity/intent-schema.ts";
import { type Latch, type LatchParts, OpenLatch } from "./latch.ts";
import type { Backup, BackupRequest } from "./ledger/backup.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { backUpSqliteLedger } from "./ledger/sqlite/backup.ts";
import { openSqliteLedger } from "./ledger/sqlite/sqlite-ledger.ts";

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

/** What keeps an order from being taken, in a sentence; null where nothing does. */
export interface Health {
  readonly store: string | null;
  readonly broker: string | null;
}

/** A latch whose broker has not said yet whose account this is. */
export interface PreparedLatch {
  /** The broker's address, without a slash at its end. */
  readonly brokerUrl: string;
  /**
   * Asks the broker for the account, and at the first start takes over its positions. Throws
   * LatchError: `broker_unavailable`, and may be called again; or `keys_refused`.
   */
  open(): Promise<Latch>;
  /**
   * The answer to a request that came before, by the ledger alone, for as long as no order can be
   * taken; undefined where the request is not known or would be sent again.
   */
  answerKnown(
    agent: AgentId,
    intent: IntentInput,
    policy?: Partial<ClaimPolicy>,
  ): Promise<OrderAnswer | undefined>;
  /** A claim of the account that this login had last; undefined where there is none. */
  claimOf(agent: AgentId, requestId: RequestId): Promise<Claim | undefined>;
  /** Asks the store and the broker whether an order could be taken now; never rejects. */
  health(): Promise<Health>;
  /** A bot's own request went past the latch under the same key: it counts against the limit. */
  countPassed(): void;
  /** Closes the latch too, where one was opened. */
  close(): Promise<void>;
}

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

/** Opens the ledger, and asks the broker nothing yet. Throws `invalid_option` and `store_*`. */
export function prepareLatch(config: Config, surroundings: Surroundings): PreparedLatch {
  const { clock = systemClock, random = systemRandom, fetchApi, logger, schedule } = surroundings;
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
  const owner = random.uuid() as OwnerId;
  const brokerUrl = normalizeBaseUrl(config.baseUrl);
  const backUp = (request: BackupRequest) => backUpSqliteLedger(config.store, request);
  const parts = { brokerUrl, broker, clock, config, ledger, backUp, log, owner };
  return new LatchInWaiting(parts, schedule ?? true);
}

/**
 * Copies a ledger, whether a process has it open or not. Rejects with LatchError `backup_failed`.
 */
export function backUpStore(store: string, request: BackupRequest): Promise<Backup> {
  return backUpSqliteLedger(store, request);
}

/** What a command reads in a ledger, and does as its operator; no broker is asked. */
export type Records = Pick<
  Ledger,
  "accounts" | "claimOf" | "incident" | "incidents" | "resolveIncident" | "close"
>;

/**
 * Opens a ledger that exists, also while others have it open; makes none. Throws `file_unreadable`
 * and `store_*`.
 */
export function openRecords(store: string, clock: Clock = systemClock): Records {
  const file = resolve(store);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    const message = `there is no ledger ${JSON.stringify(file)}; --store names another one`;
    throw new LatchError("file_unreadable", message);
  }
  // A ledger would be made of it, which is not what reading means.
  if (found.size === 0) throw new LatchError("store_not_a_database", `${file} is empty`);
  return openSqliteLedger(store, clock);
}

/** Finds out whose account this is and, at the first start, what it holds. */
async function adoptAccount({ broker, ledger, clock }: LatchParts): Promise<AccountId> {
  const account = await broker.account();
  if (account.kind === "refused") {
    throw new LatchError("keys_refused", `the broker does not take the keys: ${account.reason}`);
  }
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

class LatchInWaiting implements PreparedLatch {
  readonly brokerUrl: string;
  readonly #parts: LatchParts;
  readonly #scheduled: boolean;
  /** The account that these keys have at this address, as the ledger knows them. */
  readonly #login: string;
  #latch: OpenLatch | undefined;
  #isClosed = false;

  constructor(parts: LatchParts, scheduled: boolean) {
    this.brokerUrl = parts.brokerUrl;
    this.#parts = parts;
    this.#scheduled = scheduled;
    this.#login = canonicalHash({ url: this.brokerUrl, keyId: parts.config.keyId });
  }

  async open(): Promise<Latch> {
    if (this.#latch !== undefined) return this.#latch;
    const account = await adoptAccount(this.#parts);
    const { ledger } = this.#parts;
    if ((await ledger.knownAccount(this.#login)) !== account) {
      await ledger.rememberAccount(this.#login, account);
    }
    if (this.#isClosed) throw new LatchError("store_closed", "the latch was closed meanwhile");
    this.#latch = new OpenLatch({ ...this.#parts, account });
    if (this.#scheduled) this.#latch.start();
    return this.#latch;
  }

  async answerKnown(
    agent: AgentId,
    input: IntentInput,
    policy: Partial<ClaimPolicy> = {},
  ): Promise<OrderAnswer | undefined> {
    const account = await this.#parts.ledger.knownAccount(this.#login);
    if (account === undefined) return undefined;
    const intent = parseIntent(input, account, agent);
    return knownAnswer(this.#parts, intent, { ...this.#parts.config.policy, ...policy });
  }

  async claimOf(agent: AgentId, requestId: RequestId): Promise<Claim | undefined> {
    const { ledger } = this.#parts;
    const account = await ledger.knownAccount(this.#login);
    return account === undefined ? undefined : ledger.claimOf({ account, agent, requestId });
  }

  countPassed(): void {
    this.#parts.broker.countPassed();
  }

  async health(): Promise<Health> {
    const { ledger, broker } = this.#parts;
    const [store, account] = await Promise.all([
      ledger.probe().then(() => null, messageOf),
      broker.account(),
    ]);
    return { store, broker: account.kind === "read" ? null : account.reason };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#latch !== undefined) return this.#latch.close();
    await this.#parts.broker.close();
    await this.#parts.ledger.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
