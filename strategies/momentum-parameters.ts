/**
 * The parameters of the momentum bot: each has a name, a default and bounds, and is checked when
 * the bot is made. A name that is not known is an error, so that a misspelt one is not without
 * effect. Prices and scores are for indicators; quantities are what is sent, and decimal text.
 */
import { LatchError, type StrategyParameters } from "tradelatch";

const DEFAULTS = {
  /** Whose bars are read, and what is bought when they rise and when they fall. */
  signalSymbol: "QQQ",
  bullSymbol: "TQQQ",
  bearSymbol: "SQQQ",
  /** Shares of each stage. */
  bullQuantity: "6",
  bearQuantity: "11",
  /** Bars of the moving averages, and of the momentum. */
  fastBars: 8,
  middleBars: 21,
  slowBars: 34,
  momentumBars: 5,
  /** A move of less than so many percent is none. */
  momentumPercent: 0.05,
  /** The score, of 100, at which a position is begun, added to, and given up for the other side. */
  enterScore: 60,
  addScore: 40,
  flipScore: 20,
  /** Bars between two stages of one position. */
  addAfterBars: 5,
  /** A loss of so many percent of the average price is an exit. */
  lossStopPercent: 1.5,
  /** After a gain of so many percent, a fall of so many from the best price since is one. */
  trailFromPercent: 0.5,
  trailPercent: 1.2,
  /** From a gain of so many percent on, giving back this part of the best gain is an exit. */
  giveBackFromPercent: 2,
  giveBackPart: 0.4,
  /** Bars before the same side is entered again: after an exit, and after one with a loss. */
  exitCooldownBars: 3,
  lossCooldownBars: 10,
  /** Minutes before the close: no entry from then on, and out of everything. */
  lastEntryMinutes: 15,
  flatMinutes: 5,
} as const;

type Widened<Value> = Value extends number ? number : string;

/** All parameters; `--set` gives some of them. */
export type MomentumParameters = {
  readonly [Name in keyof typeof DEFAULTS]: Widened<(typeof DEFAULTS)[Name]>;
};

type Name = keyof MomentumParameters;

/** The least and the most of each number. */
const BOUNDS: Partial<Record<Name, readonly [number, number]>> = {
  fastBars: [1, 390],
  middleBars: [1, 390],
  slowBars: [1, 390],
  momentumBars: [1, 390],
  momentumPercent: [0, 10],
  enterScore: [1, 100],
  addScore: [1, 100],
  flipScore: [1, 100],
  addAfterBars: [1, 390],
  lossStopPercent: [0.01, 100],
  trailFromPercent: [0, 100],
  trailPercent: [0.01, 100],
  giveBackFromPercent: [0.01, 100],
  giveBackPart: [0.01, 1],
  exitCooldownBars: [0, 390],
  lossCooldownBars: [0, 390],
  lastEntryMinutes: [0, 390],
  flatMinutes: [0, 390],
};

const QUANTITY = /^(?=.*[1-9])\d{1,9}(\.\d{1,9})?$/;
const SYMBOL = /^[A-Z][A-Z0-9.]{0,9}$/;

/** Throws LatchError `invalid_strategy`, naming the parameter, what it is and what is expected. */
export function momentumParameters(given: StrategyParameters = {}): MomentumParameters {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(DEFAULTS, name));
  if (unknown !== undefined) {
    throw invalid(`no parameter ${unknown}: there are ${Object.keys(DEFAULTS).join(", ")}`);
  }
  const names = Object.keys(DEFAULTS) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, parameterOf(name, given[name])]));
  const parameters = values as MomentumParameters;
  refuseContradictions(parameters);
  return parameters;
}

function parameterOf(name: Name, text: string | undefined): string | number {
  const standard = DEFAULTS[name];
  if (text === undefined) return standard;
  if (typeof standard === "string") {
    const isSymbol = name.endsWith("Symbol");
    if ((isSymbol ? SYMBOL : QUANTITY).test(text)) return text;
    throw invalid(`${name} is ${shown(text)}: expected ${isSymbol ? "a symbol" : "shares"}`);
  }
  const [least, most] = BOUNDS[name] ?? [0, 0];
  const value = text.trim() === "" ? Number.NaN : Number(text);
  const isWhole = !/Percent|Part/.test(name);
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  const kind = isWhole ? "a whole number" : "a number";
  throw invalid(`${name} is ${shown(text)}: expected ${kind} from ${least} to ${most}`);
}

/** What no single parameter shows. */
function refuseContradictions(parameters: MomentumParameters): void {
  const { fastBars, middleBars, slowBars, signalSymbol, bullSymbol, bearSymbol } = parameters;
  if (!(fastBars < middleBars && middleBars < slowBars)) {
    const given = `fastBars ${fastBars}, middleBars ${middleBars}, slowBars ${slowBars}`;
    throw invalid(`${given}: expected each to be longer than the one before`);
  }
  if (new Set([signalSymbol, bullSymbol, bearSymbol]).size < 3) {
    const given = `${signalSymbol}, ${bullSymbol}, ${bearSymbol}`;
    throw invalid(`signalSymbol, bullSymbol, bearSymbol are ${given}: expected three symbols`);
  }
  const { flatMinutes, lastEntryMinutes } = parameters;
  if (flatMinutes > lastEntryMinutes) {
    const given = `flatMinutes ${flatMinutes}, lastEntryMinutes ${lastEntryMinutes}`;
    throw invalid(`${given}: expected no entry when everything is to be sold`);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

function invalid(message: string): LatchError {
  return new LatchError("invalid_strategy", message);
}
