/**
 * One instance of the bot in the guarded world: its old behaviour, with the call that placed an
 * order replaced by `latch.submit`. Nothing else changed: no anchors, no ids, the same retries.
 * Time is the driver's.
 */
import { pino } from "pino";
import { openLatch } from "../app.ts";
import type { EpochMs } from "../core/clock.ts";
import { isZero } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import { ManualClock } from "../core/manual-clock.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import type { OrderAnswer } from "../index.ts";
import type { Latch } from "../latch.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import type {
  BotCommand,
  BotReply,
  BotResult,
  FinishedOrder,
  LedgerContent,
  PlacedOrder,
} from "./bot-messages.ts";
import { placeWithRetries } from "./old-bot.ts";
import { Quiet } from "./quiet.ts";

/** Both instances of the bot are one agent group. */
const AGENT = "qqq-momentum";
/** How often the schedule of a running latch looks after what is at work. */
const TICK_MS = 2_000;
const EVENTS_PAGE = 1_000;
/** How often a running latch compares its books with the broker's positions. */
const COMPARE_MS = 15_000;
/**
 * So long behind an order and while something is in question, this one does so as well: twice, and
 * two reads that agree are what counts. Otherwise, while anything is held, it compares seldom: a
 * whole day of it takes a replay of 15 s and shows nothing more.
 */
const WATCHED_MS = 30_000;
const SELDOM_COMPARE_MS = 600_000;

export class GuardedBot {
  readonly #quiet = new Quiet();
  #clock = new ManualClock(0);
  #latch: Latch | undefined;
  #tickAt: EpochMs | undefined;
  /** A tick may wait for the clock like anything else; there is never more than one. */
  #isTicking = false;
  #compareAt: EpochMs | undefined;
  #isComparing = false;
  #watchedUntil: EpochMs = 0;
  #closesAt: EpochMs = 0;
  #finished: FinishedOrder[] = [];
  /** What went wrong behind a command; it fails the replay. */
  #failure: Error | undefined;

  async handle(command: BotCommand): Promise<BotReply> {
    try {
      const result = await this.#run(command);
      if (this.#failure !== undefined) throw this.#failure;
      return { ok: true, result, wakeAt: this.#wakeAt() };
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #run(command: BotCommand): Promise<BotResult> {
    switch (command.type) {
      case "open":
        return this.#open(command);
      case "order":
        return this.#order(command.intent);
      case "advance":
        return this.#advance(command.now);
      case "entry_check":
        return { type: "entry", blocked: await this.#entryBlocked(command.symbol) };
      case "ledger":
        return { type: "ledger", content: await this.#content() };
      case "close":
        await this.#opened().close();
        this.#tickAt = undefined;
        this.#compareAt = undefined;
        return { type: "closed" };
    }
  }

  async #open(command: BotCommand & { type: "open" }): Promise<BotResult> {
    const { store, baseUrl, now, closesAt } = command;
    this.#clock = new ManualClock(now);
    this.#closesAt = closesAt;
    this.#latch = await openLatch({
      store,
      baseUrl,
      agent: AGENT,
      keyId: "replay",
      secret: "replay",
      clock: this.#clock,
      fetchApi: this.#quiet.fetchApi,
      schedule: false,
      // What a running latch would log is what the report is about.
      logger: pino({ level: "silent" }),
    });
    return { type: "opened" };
  }

  async #order(intent: IntentInput): Promise<BotResult> {
    const rowId = intent.decisionId ?? "";
    void placeWithRetries(() => this.#place(intent)).then((tried) =>
      this.#finished.push({ rowId, tried }),
    );
    await this.#quiet.settled();
    this.#tickAt ??= this.#clock.now() + TICK_MS;
    this.#watch();
    const done = this.#finished.findIndex((finished) => finished.rowId === rowId);
    const [finished] = done === -1 ? [] : this.#finished.splice(done, 1);
    return finished === undefined ? { type: "waiting" } : { type: "tried", tried: finished.tried };
  }

  /** The old call threw when the broker refused; so does this one when the latch blocks. */
  async #place(intent: IntentInput): Promise<PlacedOrder> {
    const answer = await this.#submit(intent);
    if (answer.status === "BLOCKED") throw new Error(answer.code);
    return { status: answer.status, requestId: answer.requestId };
  }

  /** A failure that the bot may meet is an exception to it; a bug of ours is not. */
  async #submit(intent: IntentInput): Promise<OrderAnswer> {
    try {
      return await this.#opened().submit(intent);
    } catch (error) {
      if (!(error instanceof LatchError)) this.#fail(error);
      // The code alone: a message names files of this machine.
      throw error instanceof LatchError ? new Error(error.code, { cause: error }) : error;
    }
  }

  async #advance(now: EpochMs): Promise<BotResult> {
    this.#clock.advanceTo(now);
    await this.#quiet.settled();
    if (this.#tickAt !== undefined && this.#tickAt <= now) {
      if (this.#isTicking) this.#tickAt = now + TICK_MS;
      else void this.#tick().catch((error: unknown) => this.#fail(error));
      await this.#quiet.settled();
    }
    if (this.#compareAt !== undefined && this.#compareAt <= now && !this.#isComparing) {
      void this.#compare().catch((error: unknown) => this.#fail(error));
      await this.#quiet.settled();
    }
    return { type: "advanced", finished: this.#finished.splice(0) };
  }

  async #tick(): Promise<void> {
    const latch = this.#opened();
    this.#isTicking = true;
    this.#tickAt = undefined;
    const isDone = await unlessStoreRefuses(latch.tick());
    this.#isTicking = false;
    const dueAt = isDone ? latch.nextDueAt() : this.#clock.now();
    if (dueAt !== undefined) this.#tickAt ??= Math.max(dueAt, this.#clock.now() + TICK_MS);
  }

  async #compare(): Promise<void> {
    const latch = this.#opened();
    this.#isComparing = true;
    this.#compareAt = undefined;
    await unlessStoreRefuses(latch.comparePositions());
    this.#isComparing = false;
    const isHeld = (await latch.books()).some((book) => !isZero(book.net));
    const isInQuestion = (await latch.incidents({ isOpen: true })).length > 0;
    if (isInQuestion) this.#watch();
    else if (this.#clock.now() < this.#watchedUntil) this.#compareIn(COMPARE_MS);
    else if (isHeld) this.#compareIn(SELDOM_COMPARE_MS);
  }

  /** Compares positions as often as a running latch does, for a while. */
  #watch(): void {
    this.#watchedUntil = this.#clock.now() + WATCHED_MS;
    this.#compareIn(COMPARE_MS);
  }

  /** At the latest in so long, and not when the market is closed. */
  #compareIn(delayMs: number): void {
    const at = Math.min(this.#compareAt ?? Number.POSITIVE_INFINITY, this.#clock.now() + delayMs);
    this.#compareAt = at > this.#closesAt ? undefined : at;
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** The bot wants to enter only while flat, by the latch's word alone and where that lets it. */
  async #entryBlocked(symbol: string): Promise<boolean> {
    const latch = this.#opened();
    const { net } = await latch.book(symbol);
    const { isFree } = await latch.entryCheck(symbol);
    return !isZero(net) || !isFree;
  }

  async #content(): Promise<LedgerContent> {
    const latch = this.#opened();
    const events: StoredEvent[] = [];
    for (;;) {
      const page = await latch.events({ after: events.length, limit: EVENTS_PAGE });
      events.push(...page);
      if (page.length < EVENTS_PAGE) break;
    }
    return { events, books: await latch.books(), claims: await latch.countByStatus() };
  }

  #wakeAt(): EpochMs | null {
    const wanted = [this.#clock.nextWakeAt(), this.#tickAt, this.#compareAt];
    const times = wanted.filter((at) => at !== undefined);
    return times.length === 0 ? null : Math.min(...times);
  }

  #opened(): Latch {
    if (this.#latch === undefined) throw new Error("the bot was not opened");
    return this.#latch;
  }
}

/** Whether `round` was done. A running latch logs one that its store refused and goes on. */
async function unlessStoreRefuses(round: Promise<void>): Promise<boolean> {
  try {
    await round;
    return true;
  } catch (error) {
    if (error instanceof LatchError && error.code.startsWith("store_")) return false;
    throw error;
  }
}
