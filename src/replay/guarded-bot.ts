/**
 * One instance of the bot in the guarded world: its old behaviour, with the call that placed an
 * order replaced by `latch.submit`. Nothing else changed: no anchors, no ids, the same retries.
 * Time is the driver's.
 */
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

export class GuardedBot {
  readonly #quiet = new Quiet();
  #clock = new ManualClock(0);
  #latch: Latch | undefined;
  #tickAt: EpochMs | undefined;
  /** A tick may wait for the clock like anything else; there is never more than one. */
  #isTicking = false;
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
        return { type: "closed" };
    }
  }

  async #open({ store, baseUrl, now }: BotCommand & { type: "open" }): Promise<BotResult> {
    this.#clock = new ManualClock(now);
    this.#latch = await openLatch({
      store,
      baseUrl,
      agent: AGENT,
      keyId: "replay",
      secret: "replay",
      clock: this.#clock,
      fetchApi: this.#quiet.fetchApi,
      schedule: false,
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
      throw error;
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
    return { type: "advanced", finished: this.#finished.splice(0) };
  }

  async #tick(): Promise<void> {
    const latch = this.#opened();
    this.#isTicking = true;
    this.#tickAt = undefined;
    await latch.tick();
    this.#isTicking = false;
    const dueAt = latch.nextDueAt();
    if (dueAt !== undefined) this.#tickAt ??= Math.max(dueAt, this.#clock.now() + TICK_MS);
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** The bot wants to enter only while flat; it asks the latch's book, not the broker. */
  async #entryBlocked(symbol: string): Promise<boolean> {
    const book = await this.#opened().book(symbol);
    return !isZero(book.net);
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
    const times = [this.#clock.nextWakeAt(), this.#tickAt].filter((at) => at !== undefined);
    return times.length === 0 ? null : Math.min(...times);
  }

  #opened(): Latch {
    if (this.#latch === undefined) throw new Error("the bot was not opened");
    return this.#latch;
  }
}
