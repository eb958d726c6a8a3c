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
import type { StoredEvent } from "../ledger/ledger.ts";
import type {
  BotCommand,
  BotReply,
  BotResult,
  FinishedOrder,
  LedgerContent,
  PlacedOrder,
} from "./bot-messages.ts";
import { DrivenLatch } from "./driven-latch.ts";
import { placeWithRetries } from "./old-bot.ts";
import { Quiet } from "./quiet.ts";

/** Both instances of the bot are one agent group. */
const AGENT = "qqq-momentum";
const EVENTS_PAGE = 1_000;

export class GuardedBot {
  readonly #quiet = new Quiet();
  #driven: DrivenLatch | undefined;
  #finished: FinishedOrder[] = [];

  async handle(command: BotCommand): Promise<BotReply> {
    try {
      const result = await this.#run(command);
      this.#driven?.throwFailure();
      return { ok: true, result, wakeAt: this.#driven?.wakeAt() ?? null };
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
        return { type: "closed" };
    }
  }

  async #open(command: BotCommand & { type: "open" }): Promise<BotResult> {
    const { store, baseUrl, now, closesAt } = command;
    const clock = new ManualClock(now);
    const latch = await openLatch({
      store,
      baseUrl,
      agent: AGENT,
      keyId: "replay",
      secret: "replay",
      clock,
      fetchApi: this.#quiet.fetchApi,
      schedule: false,
      // What a running latch would log is what the report is about.
      logger: pino({ level: "silent" }),
    });
    this.#driven = new DrivenLatch(latch, clock, this.#quiet, closesAt);
    return { type: "opened" };
  }

  async #order(intent: IntentInput): Promise<BotResult> {
    const rowId = intent.decisionId ?? "";
    void placeWithRetries(() => this.#place(intent)).then((tried) =>
      this.#finished.push({ rowId, tried }),
    );
    await this.#quiet.settled();
    this.#opened().orderGiven();
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
      return await this.#opened().latch.submit(intent);
    } catch (error) {
      if (!(error instanceof LatchError)) this.#opened().fail(error);
      // The code alone: a message names files of this machine.
      throw error instanceof LatchError ? new Error(error.code, { cause: error }) : error;
    }
  }

  async #advance(now: EpochMs): Promise<BotResult> {
    await this.#opened().advanceTo(now);
    return { type: "advanced", finished: this.#finished.splice(0) };
  }

  /** The bot wants to enter only while flat, by the latch's word alone and where that lets it. */
  async #entryBlocked(symbol: string): Promise<boolean> {
    const { latch } = this.#opened();
    const { net } = await latch.book(symbol);
    const { isFree } = await latch.entryCheck(symbol);
    return !isZero(net) || !isFree;
  }

  async #content(): Promise<LedgerContent> {
    const { latch } = this.#opened();
    const events: StoredEvent[] = [];
    for (;;) {
      const page = await latch.events({ after: events.length, limit: EVENTS_PAGE });
      events.push(...page);
      if (page.length < EVENTS_PAGE) break;
    }
    return { events, books: await latch.books(), claims: await latch.countByStatus() };
  }

  #opened(): DrivenLatch {
    if (this.#driven === undefined) throw new Error("the bot was not opened");
    return this.#driven;
  }
}
