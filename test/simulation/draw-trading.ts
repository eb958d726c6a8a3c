/**
 * Worlds of bots that do one thing after the other: each buys and sells as much again and again,
 * closes in parts, cancels and places anew, and begins the next action once it knows that the last
 * one is over. Few of them name what they want, so that an order like an earlier one may be that
 * one again or another, and only the life of the position tells.
 */
import type { Dice } from "./dice.ts";
import { drawMishaps, priceNear, SYMBOLS, TEMPLATES, type Weather } from "./draw-mishaps.ts";
import type { ActionPlan, BotPlan, IdentityStyle, Mishap, Plan, Try } from "./plan.ts";

export const CALM_AFTER_MS = 25_000;
/** What a step takes at least, for when things should go wrong. */
export const STEP_MS = 300;
/** What a person does is in no book before it is compared, and no bot knows of it. */
const OF_PERSONS: readonly Mishap["kind"][] = ["by_hand", "replace"];

/** One bot's way through the day in one symbol. */
interface Script {
  readonly bot: number;
  readonly symbol: string;
  /** What it buys each time. */
  readonly quantity: number;
  readonly entries: IdentityStyle;
  readonly exits: IdentityStyle;
  readonly pausesMs: readonly number[];
  readonly isHeld: boolean;
  readonly steps: number;
}

type Terms = Pick<ActionPlan, "effect" | "quantity" | "portion" | "limitPrice">;

export function tradingWorld(seed: number, dice: Dice): Plan {
  const lastMs = dice.between(30, 110) * 1_000;
  const weather: Weather = {
    ...{ styles: ["none"], jumps: dice.chance(0.15), arriveLate: dice.chance(0.2), lastMs },
    faults: dice.some(TEMPLATES, dice.between(1, 6)),
  };
  const sidecars = dice.of([1, 1, 2, 2, 3]);
  const bots = drawTraders(dice);
  const isHeld = dice.chance(0.5);
  const scripts = drawScripts(dice, bots, isHeld);
  const actions = scripts.flatMap((script) => actionsOf(dice, script, bots));
  const mishaps = dice.chance(0.75)
    ? drawMishaps(dice, weather, actions, sidecars, bots.length)
    : [];
  const clocksMs = dice.chance(0.3) ? drawClocks(dice, sidecars) : undefined;
  const [first] = scripts;
  return {
    ...{ seed, sidecars, ...(clocksMs && { clocksMs }), bots, allowShort: false },
    opening:
      isHeld && first !== undefined
        ? [{ symbol: first.symbol, quantity: String(first.quantity) }]
        : [],
    actions,
    mishaps: [
      ...silence(dice, lastMs),
      ...mishaps.filter(({ kind }) => !OF_PERSONS.includes(kind)),
    ].sort((a, b) => a.atMs - b.atMs),
    calmAtMs: lastMs + CALM_AFTER_MS,
  };
}

export function drawTraders(dice: Dice): readonly BotPlan[] {
  return Array.from({ length: dice.of([1, 1, 2, 3]) }, (_, index) => ({
    group: index > 0 && dice.chance(0.2) ? "rival" : "momentum",
    ...{ patienceMs: 10_000, triesMax: 3, pauseMs: dice.of([500, 2_000]) },
  }));
}

/** The first bot trades; the others join in its actions, or trade as well. */
function drawScripts(dice: Dice, bots: readonly BotPlan[], isHeld: boolean): readonly Script[] {
  return bots.flatMap((_, bot) => {
    if (bot > 0 && dice.chance(0.5)) return [];
    const symbol = bot === 0 || dice.chance(0.5) ? SYMBOLS[0] : SYMBOLS[1];
    const [entries, exits] = drawStyles(dice, 0.6);
    const most = dice.of([0, 500, 3_000, 20_000]);
    return {
      ...{ bot, symbol, quantity: 2 * dice.between(1, 6), entries, exits },
      pausesMs: [0, 0, most, dice.between(0, most), dice.chance(0.1) ? 65_000 : most],
      isHeld: isHeld && bot === 0,
      steps: dice.between(3, 9),
    };
  });
}

/**
 * How a bot names its orders, in `namelessChance` of the cases not at all. A close of a position by
 * its symbol has no id, whatever the bot gives its entries.
 */
export function drawStyles(
  dice: Dice,
  namelessChance: number,
): readonly [entries: IdentityStyle, exits: IdentityStyle] {
  if (dice.chance(namelessChance)) return ["none", "none"];
  const named = dice.of(["clientOrderId", "requestId", "anchor"] as const);
  return [named, dice.of(["none", named])];
}

/** The bot goes by what it would hold if all went well. */
function actionsOf(dice: Dice, script: Script, bots: readonly BotPlan[]): readonly ActionPlan[] {
  const { bot, symbol, entries, exits, steps } = script;
  const actions: ActionPlan[] = [];
  let held = script.isHeld ? script.quantity : 0;
  let atMs = dice.between(1_000, 8_000);
  for (let step = 1; step <= steps; step += 1) {
    const [last] = actions.slice(-1);
    const cancels = last?.limitPrice != null;
    const isAgain = cancels && dice.chance(0.7);
    const terms = isAgain && last !== undefined ? last : drawTerms(dice, script, held);
    const { effect, quantity, portion, limitPrice } = terms;
    const pauseMs = isAgain ? 0 : dice.of(script.pausesMs);
    atMs += pauseMs + STEP_MS;
    actions.push({
      ...{ name: `b${bot}s${step}`, atMs, symbol, side: effect === "open" ? "buy" : "sell" },
      ...(last && { follows: { action: last.name, pauseMs, cancels } }),
      ...{ effect, identity: effect === "open" ? entries : exits },
      ...{ quantity, portion, limitPrice, isBracket: false },
      tries: drawParts(dice, bot, bots),
    });
    if (limitPrice === null) held = heldAfter(held, terms);
  }
  return actions;
}

function drawTerms(dice: Dice, { symbol, quantity }: Script, held: number): Terms {
  const rests = dice.chance(0.15);
  const near = priceNear(dice, symbol);
  if (held === 0) {
    const limitPrice = rests ? String(near - 5) : null;
    return { effect: "open", quantity: String(quantity), portion: null, limitPrice };
  }
  const limitPrice = rests ? String(near + 5) : null;
  if (!rests && dice.chance(0.25)) {
    return { effect: "close", quantity: null, portion: "all", limitPrice };
  }
  const isHalf = held > 1 && held % 2 === 0 && dice.chance(0.25);
  const sold = String(isHalf ? held / 2 : held);
  return { effect: "close", quantity: sold, portion: null, limitPrice };
}

function heldAfter(held: number, { effect, quantity }: Terms): number {
  if (effect === "open") return held + Number(quantity);
  return quantity === null ? 0 : held - Number(quantity);
}

/** Another instance of the bot may come to the same decision. */
export function drawParts(dice: Dice, bot: number, bots: readonly BotPlan[]): readonly Try[] {
  const own: Try = { bot, delayMs: 0 };
  const other = dice.between(0, bots.length - 1);
  if (other === bot || bots[other]?.group !== bots[bot]?.group || dice.chance(0.6)) return [own];
  return [own, { bot: other, delayMs: dice.of([0, 3, 40, 900]) }];
}

/** Fills that no stream tells of, now and then or for all of the world. */
export function silence(dice: Dice, lastMs: number): readonly Mishap[] {
  const lost = (atMs: number, times: number): Mishap => ({
    ...{ kind: "fault", atMs },
    rule: { match: {}, fault: { kind: "event_lost" }, times },
  });
  if (dice.chance(0.4)) return [lost(0, 1_000)];
  return Array.from({ length: dice.between(0, 6) }, () =>
    lost(dice.between(0, lastMs), dice.between(1, 3)),
  );
}

/** By minutes and hours as well: nobody has set them. */
export function drawClocks(dice: Dice, sidecars: number): readonly number[] {
  return Array.from({ length: sidecars }, (_, index) =>
    index === 0 ? 0 : dice.of([-600_000, -30_000, -8_000, 8_000, 30_000, 600_000]),
  );
}
