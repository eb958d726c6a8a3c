/**
 * Worlds of bots that trade spreads of option contracts: each opens one, closes it, opens it again
 * and closes it again, adds to it, closes a part, cancels and places anew, and in between trades one
 * of its contracts by itself. It begins the next action once it knows that the last one is over. Few
 * of them name what they want, so that only the lives of the contracts tell an order like an earlier
 * one from that one again.
 */
import { Dice, streamOf } from "./dice.ts";
import { drawMishaps, TEMPLATES, type Weather } from "./draw-mishaps.ts";
import {
  CALM_AFTER_MS,
  drawClocks,
  drawParts,
  drawStyles,
  drawTraders,
  STEP_MS,
  silence,
} from "./draw-trading.ts";
import type { ActionPlan, BotPlan, IdentityStyle, LegPlan, Mishap, Plan } from "./plan.ts";

/** So far from the market an order rests. */
const RESTS_USD = 3;
/** What is drawn for contracts by itself. */
const OF_STOCKS: readonly Mishap["kind"][] = ["by_hand", "replace", "price"];

const CALL = "SPY270115C00500000";
const HIGHER_CALL = "SPY270115C00510000";
const PUT = "SPY270115P00490000";
const LOWER_PUT = "SPY270115P00480000";
const PRICES: Readonly<Record<string, number>> = {
  ...{ [CALL]: 12.5, [HIGHER_CALL]: 7.5, [PUT]: 6, [LOWER_PUT]: 4 },
};
const PRICE_TEXTS: NonNullable<Plan["prices"]> = Object.fromEntries(
  Object.entries(PRICES).map(([symbol, price]) => [symbol, String(price)]),
);

type Contract = Pick<LegPlan, "symbol" | "side" | "ratio">;

/** What each sells to open, a contract that it buys covers. */
const SPREADS: readonly (readonly Contract[])[] = [
  [bought(CALL), sold(HIGHER_CALL)],
  [bought(CALL), sold(HIGHER_CALL)],
  [bought(PUT), sold(LOWER_PUT)],
  [bought(HIGHER_CALL), sold(CALL)],
  [bought(CALL), bought(PUT)],
  [bought(CALL, "2"), sold(HIGHER_CALL)],
  [bought(CALL), sold(HIGHER_CALL), bought(PUT), sold(LOWER_PUT)],
];

/** One bot's way through the day in one spread. */
interface Script {
  readonly bot: number;
  readonly spread: readonly Contract[];
  /** How many it opens each time. */
  readonly quantity: number;
  readonly entries: IdentityStyle;
  readonly exits: IdentityStyle;
  readonly says: LegPlan["says"];
  /** How often it trades one of the contracts by itself. */
  readonly asideChance: number;
  readonly pausesMs: readonly number[];
  /** Whether it has the spread when the world begins. */
  readonly isHeld: boolean;
  readonly steps: number;
}

type Terms = Pick<ActionPlan, "symbol" | "side" | "effect" | "quantity" | "limitPrice" | "legs">;

/** What the bot would hold if all went well. */
interface Held {
  readonly combos: number;
  /** Contracts of the first leg beside them. */
  readonly aside: number;
}

interface Step {
  readonly terms: Terms;
  readonly after: Held;
}

export function drawComboPlan(seed: number): Plan {
  const dice = new Dice(streamOf(seed, "combo plan"));
  const lastMs = dice.between(30, 110) * 1_000;
  const weather: Weather = {
    ...{ styles: ["none"], jumps: dice.chance(0.15), arriveLate: dice.chance(0.2), lastMs },
    faults: dice.some(TEMPLATES, dice.between(1, 6)),
  };
  const sidecars = dice.of([1, 1, 2, 2, 3]);
  const bots = drawTraders(dice);
  const scripts = drawScripts(dice, bots);
  const [first] = scripts;
  const actions = scripts.flatMap((script) => actionsOf(dice, script, bots));
  const mishaps = dice.chance(0.75)
    ? drawMishaps(dice, weather, actions, sidecars, bots.length)
    : [];
  const clocksMs = dice.chance(0.3) ? drawClocks(dice, sidecars) : undefined;
  return {
    ...{ seed, sidecars, ...(clocksMs && { clocksMs }), bots, allowShort: false },
    ...{ prices: PRICE_TEXTS, actions },
    opening: first?.isHeld ? openingOf(first) : [],
    mishaps: [
      ...silence(dice, lastMs),
      ...mishaps.filter(({ kind }) => !OF_STOCKS.includes(kind)),
      ...ofContracts(dice, lastMs, actions),
      ...(dice.chance(0.06) ? [blindFrom(dice.between(0, lastMs))] : []),
    ].sort((a, b) => a.atMs - b.atMs),
    calmAtMs: lastMs + CALM_AFTER_MS,
  };
}

/** From then on no order can be read. */
function blindFrom(atMs: number): Mishap {
  const page = { kind: "html", status: 502, accept: false } as const;
  const match = { method: "GET", path: "/v2/orders*" } as const;
  return { kind: "fault", atMs, rule: { match, fault: page, times: 10_000 } };
}

/** The first bot trades; the others join in its actions, or trade as well. */
function drawScripts(dice: Dice, bots: readonly BotPlan[]): readonly Script[] {
  return bots.flatMap((_, bot) => {
    if (bot > 0 && dice.chance(0.5)) return [];
    const [entries, exits] = drawStyles(dice, 0.7);
    const most = dice.of([0, 500, 3_000, 20_000]);
    return {
      ...{ bot, spread: dice.of(SPREADS), quantity: 2 * dice.between(1, 3), entries, exits },
      says: dice.of(["both", "both", "both", "position_intent", "side"] as const),
      asideChance: dice.of([0, 0, 0.25]),
      pausesMs: [0, 0, most, dice.between(0, most), dice.chance(0.1) ? 65_000 : most],
      isHeld: dice.chance(0.2) && bot === 0,
      steps: dice.between(3, 9),
    };
  });
}

function actionsOf(dice: Dice, script: Script, bots: readonly BotPlan[]): readonly ActionPlan[] {
  const { bot, entries, exits } = script;
  const actions: ActionPlan[] = [];
  let held: Held = { combos: script.isHeld ? script.quantity : 0, aside: 0 };
  let atMs = dice.between(1_000, 8_000);
  let next: readonly Step[] = [];
  while (actions.length < script.steps) {
    const [last] = actions.slice(-1);
    const cancels = last?.limitPrice != null;
    const isAgain = cancels && last !== undefined && dice.chance(0.7);
    if (next.length === 0)
      next = isAgain ? [{ terms: last, after: held }] : steps(dice, script, held);
    const [step, ...others] = next as readonly [Step, ...Step[]];
    const { symbol, side, effect, quantity, limitPrice, legs } = step.terms;
    const pauseMs = isAgain ? 0 : dice.of(script.pausesMs);
    atMs += pauseMs + STEP_MS;
    actions.push({
      ...{ name: `b${bot}s${actions.length + 1}`, atMs, symbol, side, effect },
      ...(legs && { legs }),
      ...(last && { follows: { action: last.name, pauseMs, cancels } }),
      ...{ identity: effect === "open" ? entries : exits },
      ...{ quantity, portion: null, limitPrice, isBracket: false },
      tries: drawParts(dice, bot, bots),
    });
    held = step.after;
    next = others;
  }
  return actions;
}

/** What the bot does next: one thing, or each of several after the other. */
function steps(dice: Dice, script: Script, held: Held): readonly Step[] {
  if (dice.chance(script.asideChance)) {
    const isByLegs = held.combos > 0 && held.aside === 0 && dice.chance(0.5);
    return isByLegs ? legByLeg(script, held) : [aside(script, held)];
  }
  // More of the same while it is held is that order again, unless it has a name.
  const opens = held.combos === 0 || dice.chance(0.1);
  const isHalf = !opens && held.combos % 2 === 0 && dice.chance(0.2);
  const closed = isHalf ? held.combos / 2 : held.combos;
  const moved = opens ? script.quantity : -closed;
  const legs = legsOf(script, opens ? "open" : "close");
  const limitPrice = dice.chance(0.15) ? String(netOf(legs) - RESTS_USD) : null;
  const terms: Terms = {
    ...{ symbol: "MLEG", side: "buy", effect: opens ? "open" : "close", legs, limitPrice },
    quantity: String(Math.abs(moved)),
  };
  const combos = limitPrice === null ? held.combos + moved : held.combos;
  return [{ terms, after: { ...held, combos } }];
}

/** So many of the first contract as the bot opens of the spread, and these sold again. */
function aside({ spread, quantity }: Script, held: Held): Step {
  const { symbol } = spread[0] as Contract;
  const opens = held.aside === 0;
  const effect = opens ? "open" : "close";
  const terms = { symbol, effect, quantity: String(quantity), limitPrice: null } as const;
  const after = { ...held, aside: opens ? quantity : 0 };
  return { terms: { ...terms, side: opens ? "buy" : "sell" }, after };
}

/** Each contract closed by itself; first those that were sold, which the others cover. */
function legByLeg({ spread }: Script, { combos, aside: own }: Held): readonly Step[] {
  const soldFirst = [...spread].sort((a, b) => (a.side < b.side ? 1 : -1));
  return soldFirst.map(({ symbol, side, ratio }) => {
    const quantity = String(Number(ratio) * combos);
    const terms = { symbol, side: turned(side), quantity, limitPrice: null } as const;
    return { terms: { ...terms, effect: "close" }, after: { combos: 0, aside: own } };
  });
}

function openingOf({ spread, quantity }: Script): Plan["opening"] {
  return spread.map(({ symbol, side, ratio }) => {
    const count = Number(ratio) * quantity;
    return { symbol, quantity: String(side === "buy" ? count : -count) };
  });
}

function legsOf({ spread, says }: Script, effect: LegPlan["effect"]): readonly LegPlan[] {
  return spread.map(({ symbol, side, ratio }) => {
    return { symbol, side: effect === "open" ? side : turned(side), ratio, effect, says };
  });
}

function turned(side: LegPlan["side"]): LegPlan["side"] {
  return side === "buy" ? "sell" : "buy";
}

function netOf(legs: readonly Contract[]): number {
  return legs.reduce((net, { symbol, side, ratio }) => {
    const amount = Number(ratio) * (PRICES[symbol] ?? 0);
    return side === "buy" ? net + amount : net - amount;
  }, 0);
}

/** Prices that move what rests; what a person does, now and then, and what a client replaces. */
function ofContracts(
  dice: Dice,
  lastMs: number,
  actions: readonly ActionPlan[],
): readonly Mishap[] {
  const atMs = () => dice.between(0, lastMs);
  const symbol = () => dice.of(Object.keys(PRICES));
  const some = (most: number, make: () => Mishap) =>
    Array.from({ length: dice.between(0, most) }, make);
  const resting = actions.filter(({ legs, limitPrice }) => legs && limitPrice !== null);
  return [
    ...some(3, () => {
      const moved = symbol();
      const price = String((PRICES[moved] ?? 0) + dice.between(-3, 3));
      return { kind: "price", atMs: atMs(), symbol: moved, price };
    }),
    ...(dice.chance(0.1)
      ? some(2, () => ({
          ...{ kind: "by_hand", atMs: atMs(), symbol: symbol(), side: "buy" },
          quantity: String(dice.between(1, 5)),
        }))
      : []),
    ...(resting.length > 0 && dice.chance(0.2)
      ? some(2, () => {
          const { name, legs = [], atMs: from } = dice.of(resting);
          const limitPrice = String(netOf(legs) + dice.between(-2, 1));
          return { kind: "replace", atMs: from + dice.between(0, 9_000), action: name, limitPrice };
        })
      : []),
  ];
}

function bought(symbol: string, ratio = "1"): Contract {
  return { symbol, side: "buy", ratio };
}

function sold(symbol: string, ratio = "1"): Contract {
  return { symbol, side: "sell", ratio };
}
