/**
 * A latch whose broker has not said yet whose account this is: it can be opened, and until then it
 * answers known repeats by the ledger alone. Knows neither SQLite nor Alpaca.
 */
import { publicKeyText } from "./audit/checkpoint.ts";
import { checkpointIn } from "./audit/checkpointing.ts";
import type { Claim } from "./claim/claim.ts";
import type { ClaimPolicy } from "./claim/policy.ts";
import { LatchError, messageOf } from "./core/errors.ts";
import { CLOCK_BEHIND_MAX_MS } from "./core/floored-clock.ts";
import type { AccountId, AgentId, RequestId } from "./core/ids.ts";
import { knownAnswer } from "./gateway/known-answer.ts";
import type { OrderAnswer } from "./gateway/order-answer.ts";
import type { Guard } from "./guard/guard.ts";
import { canonicalHash } from "./identity/canonical-json.ts";
import { type IntentInput, parseIntent } from "./identity/intent-schema.ts";
import type { Latch } from "./latch.ts";
import { type LatchParts, OpenLatch } from "./open-latch.ts";
import { guardTick } from "./schedule/guard-tick.ts";
import { type RunningSchedule, startSchedule } from "./schedule/schedule.ts";

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
   * LatchError: `broker_unavailable`, and may be called again; `keys_refused`; or `clock_behind`.
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
  /** Actions that are no orders: guarded as soon as there is a store. */
  readonly guard: Guard;
  /** A bot's own request went past the latch under the same key: it counts against the limit. */
  countPassed(): void;
  /** Closes the latch too, where one was opened. */
  close(): Promise<void>;
}

/**
 * Deadlines and windows are compared with times that are on record, so no latch may live before
 * them: where the machine's clock was set back, the latch's goes on from the last event.
 */
async function catchUpWithLedger({ ledger, clock, log }: LatchParts): Promise<void> {
  const lastAt = await ledger.lastEventAt();
  if (lastAt === undefined) return;
  const behindMs = lastAt - clock.now();
  if (behindMs > CLOCK_BEHIND_MAX_MS) {
    const [last, now] = [lastAt, clock.now()].map((at) => new Date(at).toISOString());
    throw new LatchError("clock_behind", `the clock shows ${now}, the ledger's last event ${last}`);
  }
  if (clock.raiseTo(lastAt) > 0) log.warn({ behindMs }, "the clock is behind the ledger");
}

/** A key that was lost and made anew shows in the trail; whoever runs the latch learns it first. */
async function warnOfOtherKey({ auditKey, ledger, log }: LatchParts): Promise<void> {
  const kept = await ledger.lastCheckpoint();
  const last = kept && checkpointIn(kept)?.publicKey;
  if (auditKey === undefined || last === undefined || last === publicKeyText(auditKey)) return;
  const fields = { last, now: publicKeyText(auditKey) };
  log.warn(fields, "the audit key is not the one that signed the last checkpoint");
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

/** `scheduled`: it looks after its claims by itself from the opening on. */
export class LatchInWaiting implements PreparedLatch {
  readonly brokerUrl: string;
  readonly guard: Guard;
  readonly #parts: LatchParts;
  /** Until the latch is open. */
  readonly #guardSchedule: RunningSchedule | undefined;
  readonly #scheduled: boolean;
  /** The account that these keys have at this address, as the ledger knows them. */
  readonly #login: string;
  #latch: OpenLatch | undefined;
  #isClosed = false;

  constructor(parts: LatchParts, scheduled: boolean) {
    const { guard, log } = parts;
    this.brokerUrl = parts.brokerUrl;
    this.guard = guard;
    this.#guardSchedule = scheduled ? startSchedule([guardTick(guard, log)], log) : undefined;
    this.#parts = parts;
    this.#scheduled = scheduled;
    this.#login = canonicalHash({ url: this.brokerUrl, keyId: parts.config.keyId });
  }

  async open(): Promise<Latch> {
    if (this.#latch !== undefined) return this.#latch;
    await catchUpWithLedger(this.#parts);
    const account = await adoptAccount(this.#parts);
    const { ledger } = this.#parts;
    if ((await ledger.knownAccount(this.#login)) !== account) {
      await ledger.rememberAccount(this.#login, account);
    }
    if (this.#isClosed) throw new LatchError("store_closed", "the latch was closed meanwhile");
    await warnOfOtherKey(this.#parts);
    this.#latch = new OpenLatch({ ...this.#parts, account });
    // From here on the latch looks after them, whoever closes it.
    await this.#guardSchedule?.stop();
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
    const actions = this.#parts.guard.close();
    await this.#guardSchedule?.stop();
    if (this.#latch !== undefined) return this.#latch.close();
    await actions;
    await this.#parts.broker.close();
    await this.#parts.ledger.close();
  }
}
