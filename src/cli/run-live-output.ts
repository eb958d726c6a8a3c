/**
 * What `tradelatch run` prints of a live day: lines for people, each within 80 columns, or one JSON
 * object a line. Both count what they have told for the last words.
 */
import { inspect } from "node:util";
import { averagePriceOf, type Claim, isAccepted } from "../claim/claim.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { type DecimalText, parseDecimal, QUANTITY_DECIMALS, toFixed } from "../core/decimal.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import { isCombo } from "../identity/combo.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import { orderInWords } from "../identity/order-in-words.ts";
import type { DayEnd, LeftOpen } from "../run/live-day.ts";
import type { FeedItem } from "../strategy/feed.ts";
import type { RunObserver } from "../strategy/strategy-runner.ts";
import type { CommandOutput } from "./command-output.ts";
import { marketTime, ZONE_NOTE } from "./market-time.ts";
import { widthOf } from "./page-width.ts";
import { wrapped } from "./wrapped-text.ts";

/** Where a run begins. */
export interface LiveStart {
  readonly strategy: string;
  /** `OTHER`: an address that is not Alpaca's own, so that nobody knows whose money it is. */
  readonly mode: "PAPER" | "LIVE" | "OTHER";
  readonly isDryRun: boolean;
  readonly brokerUrl: string;
  readonly account: string;
  readonly store: string;
  readonly agent: string;
  readonly streamUrl: string;
}

export interface LiveOutput extends Required<RunObserver> {
  readonly started: (start: LiveStart) => void;
  readonly ended: (left: LeftOpen, how: DayEnd["how"]) => void;
}

/** What was answered, by status and code. */
interface Tally {
  readonly answers: Map<string, number>;
  fills: number;
  bars: number;
  stale: number;
}

const ENDS: Readonly<Record<DayEnd["how"], string>> = {
  over: "The session is over.",
  stopped: "Stopped.",
  failed: "Ended by a failure.",
};

const OTHER_HOST = "NOT ALPACA'S HOST: whatever account is behind it";

type Write = (text: string, indent?: string) => void;
/** Before what the strategy says itself. */
const ITS_OWN = "  ";

export function tellingPeople(output: CommandOutput, clock: Clock): LiveOutput {
  const tally = newTally();
  const say: Write = (text, indent = "") => {
    const head = `${marketTime(clock.now()).slice(11)}  ${indent}`;
    for (const line of wrapped(head, text, widthOf(output))) output.line(line);
  };
  return {
    started: (start) => {
      for (const line of startLines(start)) output.line(line);
    },
    onItem: (item) => {
      count(tally, item);
      const text = itemText(item, tally, clock.now());
      if (text !== undefined) say(text);
    },
    onAnswer: (intent, answer) => {
      countAnswer(tally, answer);
      say(`${intentText(intent)}: ${answerText(answer)}`);
    },
    onFill: ({ side, quantity, symbol, price, book }) => {
      tally.fills += 1;
      say(`filled: ${side} ${quantity} ${symbol} @ ${priceText(price)}; holds ${book.net}`);
    },
    onLog: (message, fields) => {
      const shown = Object.entries(fields).map(([name, value]) => `${name} ${textOf(value)}`);
      say([message, ...shown].join(", "), ITS_OWN);
    },
    ended: (left, how) => {
      output.line("");
      for (const line of endLines(left, tally, how, widthOf(output))) output.line(line);
    },
  };
}

export function tellingPrograms({ line }: CommandOutput, clock: Clock): LiveOutput {
  const tally = newTally();
  const tell = (event: string, fields: object) =>
    line(JSON.stringify({ event, at: new Date(clock.now()).toISOString(), ...fields }));
  return {
    started: (start) => tell("started", start),
    onItem: (item) => {
      count(tally, item);
      const { kind, ...fields } = item;
      tell(kind, fields);
    },
    onAnswer: (intent, answer) => {
      countAnswer(tally, answer);
      tell("answer", { intent, answer });
    },
    onFill: (fill) => {
      tally.fills += 1;
      tell("fill", fill);
    },
    onLog: (message, fields) => tell("log", { message, fields: writable(fields) }),
    ended: ({ positions, claims, incidents, realizedUsd }, how) => {
      const { bars, fills, stale } = tally;
      const answers = Object.fromEntries(tally.answers);
      const counts = { bars, fills, stale, answers, realizedUsd: toFixed(realizedUsd, 2) };
      tell("ended", { how, summary: counts, open: { positions, claims, incidents } });
    },
  };
}

/** A strategy logs what it has, and no run ends because that has no text or no JSON. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return inspect(value);
  }
}

function writable(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const written = Object.entries(fields).map(([name, value]) => [name, asJson(value)] as const);
  return Object.fromEntries(written);
}

function asJson(value: unknown): unknown {
  try {
    JSON.stringify(value);
    return value;
  } catch {
    return inspect(value);
  }
}

function newTally(): Tally {
  return { answers: new Map(), fills: 0, bars: 0, stale: 0 };
}

function count(tally: Tally, item: FeedItem): void {
  if (item.kind === "bar" && !item.isPast) tally.bars += 1;
  if (item.kind === "stale") tally.stale += 1;
}

function countAnswer({ answers }: Tally, answer: OrderAnswer): void {
  const name = answer.status === "BLOCKED" ? `BLOCKED ${answer.code}` : answer.status;
  answers.set(name, (answers.get(name) ?? 0) + 1);
}

function startLines(start: LiveStart): readonly string[] {
  const { mode, isDryRun, strategy, brokerUrl, account, store, agent, streamUrl } = start;
  const dry = isDryRun ? ", DRY RUN: nothing is sent" : "";
  return [
    `${mode === "OTHER" ? OTHER_HOST : mode}${dry}`,
    `Strategy: ${strategy} (TradeLatch gives no advice)`,
    `Broker:   ${brokerUrl}`,
    `Account:  ${account}, agent group ${agent}`,
    `Bars:     ${streamUrl}`,
    `Store:    ${store}`,
    `${ZONE_NOTE} Ctrl-C stops it; positions stay as they are.`,
  ];
}

/** Bars are not shown: there is one a minute, and the strategy says what it makes of it. */
function itemText(item: FeedItem, tally: Tally, now: EpochMs): string | undefined {
  switch (item.kind) {
    case "session": {
      const [open, close] = [item.session.openAt, item.session.closeAt].map(minuteText);
      const wait = now < item.session.openAt ? "; waiting for its open" : "";
      return `session of ${item.session.date}, ${open} to ${close}${wait}`;
    }
    case "stale":
      return `STALE: ${item.reason}; entries are stopped, exits go on`;
    case "resumed":
      return "bars are current again; entries are free";
    case "gap_filled":
      return `read what the stream had missed: ${item.bars} bars of ${item.symbol}`;
    case "bar": {
      const isFirst = tally.bars === 1 && !item.isPast;
      return isFirst ? `first live bar: ${item.bar.symbol} ${item.bar.close}` : undefined;
    }
  }
}

function minuteText(at: EpochMs): string {
  return marketTime(at).slice(11, 16);
}

function intentText(intent: IntentInput): string {
  const { symbol, side, quantity, notional, portion, effect, anchor, extension = null } = intent;
  const stage = anchor !== undefined && "stage" in anchor ? ` (${anchor.stage})` : "";
  if (isCombo({ extension })) {
    const terms = { symbol, side: side ?? null, notional: null, extension };
    const legs = orderInWords({ ...terms, quantity: parseDecimal(String(quantity)) ?? null });
    return `${legs || symbol}${stage}`;
  }
  const amount = quantity ?? portion ?? (notional === undefined ? notional : `${notional} USD of`);
  const act = effect === "close" || portion !== undefined ? "close" : (side ?? "order");
  return [act, amount, `${symbol}${stage}`].filter((word) => word !== undefined).join(" ");
}

function answerText(answer: OrderAnswer): string {
  switch (answer.status) {
    case "PROCEED":
      return `PROCEED, the broker has it: ${answer.order.status}`;
    case "SKIP":
      return `SKIP, done before: ${answer.receipt.outcome}`;
    case "PENDING":
      return `PENDING, ${answer.phase}; nothing new was sent`;
    case "BLOCKED":
      if (answer.code === "dry_run") return "not sent, this is a dry run";
      return `BLOCKED ${answer.code}: ${answer.message}`;
  }
}

function endLines(
  { positions, claims, incidents, realizedUsd }: LeftOpen,
  tally: Tally,
  how: DayEnd["how"],
  width: number,
): readonly string[] {
  const answers = [...tally.answers].map(([name, times]) => `${times} ${name}`);
  const entry = (head: string, text: string) => wrapped(`  ${head}`, text, width);
  const open = [
    ...positions.flatMap(({ symbol, net, averagePrice }) =>
      entry("position  ", `${net} ${symbol} @ ${priceText(averagePrice)}`),
    ),
    ...claims.flatMap((claim) => entry("order     ", claimText(claim))),
    ...incidents.flatMap(({ id, kind, symbol }) => entry("incident  ", `${id}, ${kind} ${symbol}`)),
  ];
  const rest = "They stay as they are, and nobody looks after them while no latch runs.";
  return [
    ENDS[how],
    ...wrapped("Intents:  ", answers.length === 0 ? "none" : answers.join(", "), width),
    `Fills:    ${tally.fills}`,
    `Realized: ${toFixed(realizedUsd, 2)} USD`,
    ...(tally.stale === 0 ? [] : [`Stale:    ${timesText(tally.stale)}`]),
    ...(open.length === 0 ? ["Nothing is open."] : ["Still open:", ...open]),
    ...(open.length === 0 ? [] : wrapped("", rest, width)),
  ];
}

function timesText(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function claimText(claim: Claim): string {
  const filled = averagePriceOf(claim) === null ? "" : `, ${claim.bookedQuantity} filled`;
  const state = isAccepted(claim) ? "working" : "its outcome is not known";
  return `${orderInWords(claim.intent)}, ${state}${filled}`;
}

/** An average has as many digits as it likes; a price is in cents, or in parts of them. */
function priceText(price: DecimalText): string {
  const isOfCoin = Math.abs(Number(price)) < 0.01;
  return toFixed(price, isOfCoin ? QUANTITY_DECIMALS : 4).replace(/(\.\d\d\d*?)0+$/, "$1");
}
