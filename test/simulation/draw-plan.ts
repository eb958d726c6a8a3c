/**
 * A plan from a seed. Each seed has a weather of its own: which faults it knows and how often, how
 * the bots name what they want, how many sidecars there are. Bounds are those of docs/PROOF.md.
 */
import { seededRandom } from "../../src/core/random.ts";
import type { FaultRule } from "../../src/simulator/index.ts";
import { Dice, streamOf } from "./dice.ts";
import {
  drawMishaps,
  LOST_EXIT,
  NO_MONEY,
  ORDERS,
  POSITIONS,
  priceNear,
  SYMBOLS,
  TEMPLATES,
  type Weather,
} from "./draw-mishaps.ts";
import { roundsWorld } from "./draw-rounds.ts";
import { drawClocks, tradingWorld } from "./draw-trading.ts";
import type { ActionPlan, BotPlan, IdentityStyle, Mishap, Plan, Try } from "./plan.ts";

const STYLES: readonly IdentityStyle[] = ["anchor", "requestId", "clientOrderId", "none"];
const CALM_AFTER_MS = 25_000;
/** Numbers of its own for what came later, so that all else stays as it was. */
const TRADING_STREAM = 0x7008;
const CLOCKS_STREAM = 0xc10c;
const ROUNDS_CHANCE = 0.15;

export function drawPlan(seed: number): Plan {
  if (new Dice(streamOf(seed, "both sides")).chance(ROUNDS_CHANCE)) return roundsWorld(seed);
  const trading = new Dice(seededRandom(seed ^ TRADING_STREAM));
  if (trading.chance(0.2)) return tradingWorld(seed, trading);
  const dice = new Dice(seededRandom(seed));
  const kind = dice.fraction();
  if (kind < 0.04) return overtakenWorld(seed, dice);
  if (kind < 0.07) return churningWorld(seed, dice);
  return kind < 0.1 ? blindWorld(seed, dice) : anyWorld(seed, dice);
}

function anyWorld(seed: number, dice: Dice): Plan {
  const lastMs = dice.between(20, 90) * 1_000;
  const styles = dice.some(STYLES, dice.between(1, 3));
  const weather: Weather = {
    styles,
    jumps: dice.chance(0.3),
    arriveLate: dice.chance(0.3),
    faults: dice.some(TEMPLATES, dice.between(2, 8)),
    lastMs,
  };
  const bots = drawBots(dice, weather);
  const sidecars = dice.of([1, 1, 2, 2, 3]);
  const actions = drawActions(dice, weather, bots);
  const mishaps = drawMishaps(dice, weather, actions, sidecars, bots.length);
  const clocks = new Dice(seededRandom(seed ^ CLOCKS_STREAM));
  const areApart = sidecars > 1 && clocks.chance(0.2);
  return {
    seed,
    sidecars,
    ...(areApart && { clocksMs: drawClocks(clocks, sidecars) }),
    bots,
    allowShort: dice.chance(0.1),
    opening: dice.chance(0.4) ? [{ symbol: "TQQQ", quantity: String(dice.between(1, 30)) }] : [],
    actions,
    mishaps,
    calmAtMs: lastMs + CALM_AFTER_MS,
  };
}

function drawBots(dice: Dice, { styles }: Weather): readonly BotPlan[] {
  const count = dice.of([1, 2, 2, 3]);
  // A bot that names nothing must ask again while its order still counts as the same one.
  const isNameless = styles.includes("none");
  return Array.from({ length: count }, (_, index) => ({
    group: index === 2 && dice.chance(0.5) ? "rival" : "momentum",
    patienceMs: isNameless ? 10_000 : dice.of([null, 10_000, 15_000]),
    triesMax: isNameless ? 3 : dice.between(3, 12),
    pauseMs: isNameless ? 2_000 : dice.of([500, 3_000, 6_000]),
  }));
}

function drawActions(dice: Dice, weather: Weather, bots: readonly BotPlan[]): ActionPlan[] {
  const count = dice.between(2, 8);
  return Array.from({ length: count }, (_, index) => {
    const effect = dice.chance(index === 0 ? 0.2 : 0.45) ? "close" : "open";
    const isLimit = dice.chance(0.2);
    const portion = effect === "close" && !isLimit && dice.chance(0.3) ? "all" : null;
    const identity = dice.of(weather.styles);
    const symbol = dice.chance(0.75) ? SYMBOLS[0] : SYMBOLS[1];
    return {
      name: `a${index + 1}`,
      atMs: dice.between(1_000, weather.lastMs),
      symbol,
      side: effect === "open" ? "buy" : "sell",
      effect,
      // What a bot does not name must differ from all else, or nobody could tell two actions apart.
      identity,
      quantity: portion === null ? String(quantityOf(dice, effect, index)) : null,
      portion,
      limitPrice: isLimit ? String(priceNear(dice, symbol)) : null,
      isBracket: effect === "open" && !isLimit && dice.chance(0.08),
      tries: drawTries(dice, effect, identity, bots),
    };
  });
}

/** Different for each action of a world: opens from 10, closes from 1. */
function quantityOf(dice: Dice, effect: "open" | "close", index: number): number {
  return effect === "open" ? 10 + index + 10 * dice.between(0, 1) : index + 1 + dice.of([0, 0, 10]);
}

function drawTries(
  dice: Dice,
  effect: "open" | "close",
  identity: IdentityStyle,
  bots: readonly BotPlan[],
): readonly Try[] {
  const all = bots.map((_, bot) => bot);
  const chosen = dice.chance(0.5) ? all : [dice.of(all)];
  const mayDisagree = effect === "open" && identity !== "none";
  return chosen.map((bot) => {
    const part = { bot, delayMs: dice.of([0, 0, 3, 40, 900, 7_000]) };
    const disagrees = mayDisagree && dice.chance(0.1);
    return disagrees ? { ...part, quantity: String(dice.between(30, 60)) } : part;
  });
}

/**
 * A process that learns of its order's refusal only when another has reopened the claim, whose
 * order has landed and hides. Little else goes wrong, or it would hardly ever come to that.
 */
function overtakenWorld(seed: number, dice: Dice): Plan {
  const effect = dice.of(["open", "open", "close"] as const);
  const side: "buy" | "sell" = effect === "open" ? "buy" : "sell";
  const [symbol] = SYMBOLS;
  const action: ActionPlan = {
    ...{ name: "a1", atMs: 2_000, symbol, side, effect, quantity: String(dice.between(10, 30)) },
    ...{ identity: dice.of(["anchor", "requestId", "clientOrderId"]), portion: null },
    ...{ limitPrice: null, isBracket: false },
    tries: [0, 1].map((bot) => ({ bot, delayMs: dice.of([0, 3, 900]) })),
  };
  const first = { ...ORDERS, symbol, side };
  const refused = { kind: "refuse", status: 403, code: 40310000, message: NO_MONEY } as const;
  const second = { ...first, nth: 2 };
  const rules: readonly FaultRule[] = [
    { match: first, fault: refused },
    { match: second, fault: { kind: "accept_then_hang" } },
    { match: second, fault: { kind: "client_id_lag", lagMs: 10_000 } },
    { match: second, fault: { kind: "list_lag", lagMs: 10_000 } },
    { match: {}, fault: { kind: "event_lost" }, times: 4 },
  ];
  const weather = {
    styles: [],
    jumps: false,
    arriveLate: false,
    faults: TEMPLATES,
    lastMs: 60_000,
  };
  const mishaps: readonly Mishap[] = [
    ...rules.map((rule): Mishap => ({ kind: "fault", atMs: 0, rule })),
    { kind: "freeze", atMs: 1_000, forMs: 90_000, overtakenMs: dice.between(500, 9_000) },
    ...Array.from({ length: dice.between(0, 2) }, (): Mishap => {
      const rule = dice.of(weather.faults)(dice, weather);
      return { kind: "fault", atMs: dice.between(20_000, weather.lastMs), rule };
    }),
  ];
  return {
    ...{ seed, sidecars: 2, allowShort: false, actions: [action], mishaps },
    bots: [0, 1].map(() => ({
      ...{ group: "momentum", patienceMs: 10_000, triesMax: 20, pauseMs: dice.of([500, 3_000]) },
    })),
    opening: [{ symbol, quantity: "40" }],
    calmAtMs: weather.lastMs + CALM_AFTER_MS,
  };
}

/**
 * A bot that buys and sells as much again and again, while positions lag: its book is back where it
 * was whenever it is compared, and readings from in between agree with one another.
 */
function churningWorld(seed: number, dice: Dice): Plan {
  const [symbol] = SYMBOLS;
  const periodMs = dice.of([5_000, 7_500, 12_000, 15_000]);
  const holdMs = dice.between(5, 40) * 100;
  const firstMs = dice.between(1_000, 15_000);
  const quantity = String(dice.between(1, 9));
  const rounds = dice.between(4, 8);
  const action = (round: number, effect: "open" | "close"): ActionPlan => ({
    name: `a${2 * round + (effect === "open" ? 1 : 2)}`,
    atMs: firstMs + round * periodMs + (effect === "open" ? 0 : holdMs),
    ...{ symbol, side: effect === "open" ? "buy" : "sell", effect, quantity, portion: null },
    ...{ identity: "requestId", limitPrice: null, isBracket: false },
    tries: [{ bot: 0, delayMs: 0 }],
  });
  const actions = Array.from({ length: rounds }, (_, round) => [
    action(round, "open"),
    action(round, "close"),
  ]).flat();
  const lastMs = firstMs + rounds * periodMs;
  const lag = { kind: "position_lag", lagMs: dice.of([2_000, 3_000, 4_000, 6_000]) } as const;
  return {
    ...{ seed, sidecars: 1, allowShort: false, actions },
    mishaps: [{ kind: "fault", atMs: 0, rule: { match: POSITIONS, fault: lag, times: 1_000 } }],
    bots: [{ group: "momentum", patienceMs: 10_000, triesMax: 10, pauseMs: 1_000 }],
    opening: [{ symbol, quantity: "10" }],
    calmAtMs: lastMs + CALM_AFTER_MS,
  };
}

/**
 * Orders cannot be read and the stream is silent, while positions can be read: an order fills
 * meanwhile, and nothing but the position shows it. Another exit may be refused in between.
 */
function blindWorld(seed: number, dice: Dice): Plan {
  const [symbol] = SYMBOLS;
  const effect = dice.of(["open", "close"] as const);
  const isEntry = effect === "open";
  const fillsAtMs = dice.between(8, 40) * 1_000;
  const common = { symbol, portion: null, isBracket: false } as const;
  const resting: ActionPlan = {
    ...{ ...common, name: "a1", atMs: 2_000, side: isEntry ? "buy" : "sell", effect },
    ...{ quantity: String(dice.between(1, 20)), limitPrice: isEntry ? "70" : "80" },
    ...{ identity: dice.of(STYLES), tries: [{ bot: 0, delayMs: 0 }] },
  };
  const another: ActionPlan = {
    ...{ ...common, name: "a2", atMs: fillsAtMs + dice.between(-5, 20) * 1_000 },
    ...{ side: "sell", effect: "close", quantity: String(dice.between(1, 20)), limitPrice: null },
    ...{ identity: dice.of(STYLES), tries: [{ bot: 1, delayMs: 0 }] },
  };
  const page = { kind: "html", status: 502, accept: false } as const;
  const refused = { kind: "refuse", status: 422, code: 42210000, message: LOST_EXIT } as const;
  const hidden = dice.of(["/v2/orders*", "/v2/orders/*", "/v2/orders"]);
  const fault = (atMs: number, rule: FaultRule): Mishap => ({ kind: "fault", atMs, rule });
  const blindAtMs = fillsAtMs - dice.between(0, 3_000);
  const mishaps: Mishap[] = [
    fault(0, { match: {}, fault: { kind: "event_lost" }, times: 15 }),
    fault(blindAtMs, { match: { method: "GET", path: hidden }, fault: page, times: 10_000 }),
    { kind: "price", atMs: fillsAtMs, symbol, price: isEntry ? "69" : "81" },
  ];
  if (dice.chance(0.5)) {
    mishaps.push(fault(another.atMs - 100, { match: { ...ORDERS, side: "sell" }, fault: refused }));
  }
  if (dice.chance(0.3)) {
    mishaps.push({ kind: "crash", atMs: fillsAtMs + 5_000, sidecar: 0, turns: 1, downMs: 2_000 });
  }
  return {
    ...{ seed, sidecars: dice.of([1, 2]), allowShort: false, mishaps },
    actions: dice.chance(0.6) ? [resting, another] : [resting],
    bots: [0, 1].map(() => ({
      ...{ group: "momentum", patienceMs: 10_000, triesMax: 8, pauseMs: 2_000 },
    })),
    opening: [{ symbol, quantity: "40" }],
    calmAtMs: fillsAtMs + dice.between(50, 100) * 1_000,
  };
}
