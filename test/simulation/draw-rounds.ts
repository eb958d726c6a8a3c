/**
 * Worlds of bots that trade the same few shares from both sides, in rounds: one buys, another one
 * sells, and neither waits for the other. Orders rest and fill piece by piece over a minute, a
 * person replaces and cancels some, and other instances ask for the same seconds later. The stream
 * is mostly silent, and now and then polls are rare or nothing can be read: what was bought and what
 * was sold is known in another order than it came about.
 */
import { Dice, streamOf } from "./dice.ts";
import { drawMishaps, LISTS, ORDERS, priceNear, SYMBOLS, TEMPLATES } from "./draw-mishaps.ts";
import { CALM_AFTER_MS, drawStyles, STEP_MS, silence } from "./draw-trading.ts";
import type { ActionPlan, BotPlan, Follows, IdentityStyle, Mishap, Plan, Try } from "./plan.ts";

const [SYMBOL] = SYMBOLS;
/** When another instance comes to the same decision: all within the dedupe window. */
const LATER_MS = [0, 3, 900, 3_000, 8_000, 15_000] as const;
/** Between two orders of one side. */
const PAUSES_MS = [0, 0, 500, 3_000, 8_000, 15_000] as const;
const PAGE = { kind: "html", status: 502, accept: false } as const;

type Side = Pick<ActionPlan, "side" | "effect">;

const BUYS: Side = { side: "buy", effect: "open" };
const SELLS: Side = { side: "sell", effect: "close" };

/** What one side does. */
interface Script {
  readonly name: string;
  readonly does: Side;
  readonly bot: number;
  readonly identity: IdentityStyle;
  /** What it trades most of the time. */
  readonly quantity: number;
  readonly restChance: number;
  /** Of what rests. */
  readonly limitPrice: string;
  /** How often it trades another quantity. */
  readonly otherChance: number;
  /** How often it sells all that is held. */
  readonly allChance: number;
  readonly steps: number;
}

export function roundsWorld(seed: number): Plan {
  const dice = new Dice(streamOf(seed, "rounds"));
  const lastMs = dice.between(30, 90) * 1_000;
  const sidecars = dice.of([1, 1, 2]);
  const bots = drawBots(dice);
  const quantity = dice.between(2, 6);
  const [entries, exits] = drawStyles(dice, 0.8);
  const script = () => ({
    ...{ quantity, otherChance: dice.of([0, 0.1, 0.4]), restChance: dice.of([0, 0.3, 0.7]) },
    ...{ limitPrice: String(priceNear(dice, SYMBOL)), steps: dice.between(2, 6) },
  });
  const actions = [
    ...actionsOf(dice, bots, {
      ...{ ...script(), name: "b", does: BUYS, bot: 0, identity: entries, allChance: 0 },
    }),
    ...actionsOf(dice, bots, {
      ...{ ...script(), name: "s", does: SELLS, bot: dice.of([0, 1]), identity: exits },
      allChance: dice.of([0, 0.2, 0.8]),
    }),
  ];
  const others = dice.chance(0.3) ? ordinary(dice, lastMs, actions, sidecars, bots) : [];
  const isRare = dice.chance(0.3);
  return {
    ...{ seed, sidecars, bots, allowShort: false },
    opening: dice.chance(0.8) ? [{ symbol: SYMBOL, quantity: String(quantity) }] : [],
    ...(isRare && { lookEveryMs: dice.of([8_000, 20_000, 40_000]) }),
    actions,
    mishaps: [
      ...(dice.chance(0.5) ? silence(dice, lastMs) : [lost(lastMs)]),
      ...ofOrders(dice, actions, quantity),
      ...ofReads(dice, actions, lastMs),
      ...others,
    ].sort((a, b) => a.atMs - b.atMs),
    calmAtMs: lastMs + CALM_AFTER_MS,
  };
}

function drawBots(dice: Dice): readonly BotPlan[] {
  return Array.from({ length: dice.of([2, 2, 3]) }, (_, index) => ({
    group: index === 2 ? "rival" : "momentum",
    ...{ patienceMs: 10_000, triesMax: 3, pauseMs: dice.of([500, 2_000]) },
  }));
}

function actionsOf(dice: Dice, bots: readonly BotPlan[], script: Script): readonly ActionPlan[] {
  const { name, does, bot, identity, quantity, limitPrice, steps } = script;
  const actions: ActionPlan[] = [];
  let atMs = dice.between(1_000, 8_000);
  for (let step = 1; step <= steps; step += 1) {
    const [last] = actions.slice(-1);
    const pauseMs = dice.of(PAUSES_MS);
    atMs += pauseMs + STEP_MS;
    const follows: Follows | undefined = last && {
      action: last.name,
      pauseMs,
      cancels: dice.chance(0.5),
    };
    const portion = dice.chance(script.allChance) ? "all" : null;
    const isOther = dice.chance(script.otherChance);
    const amount = String(isOther ? dice.between(1, 2 * quantity) : quantity);
    const rests = portion === null && dice.chance(script.restChance);
    actions.push({
      ...{ name: `${name}${step}`, atMs, symbol: SYMBOL, ...does, identity, portion },
      ...(follows && { follows }),
      quantity: portion === null ? amount : null,
      limitPrice: rests ? limitPrice : null,
      isBracket: does.effect === "open" && !rests && dice.chance(0.03),
      tries: triesOf(dice, bot, bots),
    });
  }
  return actions;
}

function triesOf(dice: Dice, bot: number, bots: readonly BotPlan[]): readonly Try[] {
  const own: Try = { bot, delayMs: 0 };
  if (dice.chance(0.4)) return [own];
  const other = bots.findIndex(({ group }, index) => index !== bot && group === bots[bot]?.group);
  return [own, { bot: other < 0 ? bot : other, delayMs: dice.of(LATER_MS) }];
}

/** Every update of the stream, for all of the world. */
function lost(lastMs: number): Mishap {
  const fault = { kind: "event_lost" } as const;
  return { kind: "fault", atMs: 0, rule: { match: {}, fault, times: lastMs } };
}

/** Pieces that fill one after the other, replacements, cancels and prices that move. */
function ofOrders(dice: Dice, actions: readonly ActionPlan[], quantity: number): readonly Mishap[] {
  const resting = actions.filter(({ limitPrice }) => limitPrice !== null);
  const some = (most: number, make: () => Mishap | readonly Mishap[]) =>
    Array.from({ length: dice.between(0, most) }, make).flat();
  const later = (atMs: number) => atMs + dice.of([300, 1_000, 4_000, 10_000, 30_000]);
  const soon = (atMs: number) => atMs + dice.of([1, 100, 1_000]);
  const byHand = (atMs: number, action: string): Mishap => ({
    ...{ kind: "replace", atMs, action, limitPrice: String(priceNear(dice, SYMBOL)), byHand: true },
  });
  return [
    ...some(4, () => {
      const { name, side, atMs } = dice.of(actions);
      const first = String(dice.between(0, quantity - 1));
      const fault = { kind: "partial_fill", quantity: first, rest: "script" } as const;
      const match = { ...ORDERS, side };
      const inPart: Mishap = { kind: "fault", atMs: atMs - 100, rule: { match, fault } };
      let at = atMs;
      const rest = Array.from({ length: dice.between(1, 4) }, (): Mishap => {
        at = later(at);
        return { kind: "fill", atMs: at, action: name, quantity: dice.between(1, quantity) };
      });
      return [inPart, ...rest];
    }),
    ...some(4, () => {
      const { name: action, atMs } = dice.of(actions);
      return { kind: "fill", atMs: later(atMs), action, quantity: dice.between(1, quantity) };
    }),
    ...some(2, () => {
      const { name: action, atMs } = dice.of(actions);
      if (dice.chance(0.5)) return byHand(later(atMs), action);
      const limitPrice = String(priceNear(dice, SYMBOL));
      return { kind: "replace", atMs: later(atMs), action, limitPrice };
    }),
    ...some(2, () => {
      const { name: action, atMs } = dice.of(resting.length > 0 ? resting : actions);
      const first = later(atMs);
      const second = soon(first);
      return [
        { kind: "fill", atMs: first, action, quantity: dice.between(1, quantity) },
        byHand(second, action),
        { kind: "fill", atMs: soon(second), action, quantity: dice.between(1, quantity) },
      ];
    }),
    ...some(2, () => {
      const { name: action, atMs } = dice.of(actions);
      return { kind: "cancel", atMs: later(atMs), action };
    }),
    ...some(4, () => {
      const { atMs } = dice.of(actions);
      const price = String(priceNear(dice, SYMBOL));
      return { kind: "price", atMs: later(atMs), symbol: SYMBOL, price };
    }),
  ];
}

/** Answers that are lost, and times in which orders cannot be read, or not by our own ids. */
function ofReads(dice: Dice, actions: readonly ActionPlan[], lastMs: number): readonly Mishap[] {
  const some = (most: number, make: () => readonly Mishap[]) =>
    Array.from({ length: dice.between(0, most) }, make).flat();
  // Only of these it is known when they are sent.
  const firsts = actions.filter(({ follows }) => follows === undefined);
  const unread = (atMs: number, path: string, times: number): Mishap => ({
    ...{ kind: "fault", atMs },
    rule: { match: { method: "GET", path }, fault: PAGE, times },
  });
  return [
    ...some(2, () => {
      const { atMs, side } = dice.of(dice.chance(0.5) ? firsts : actions);
      const match = { ...ORDERS, side };
      const rule = { match, fault: { kind: "accept_then_drop" } as const };
      const times = dice.of([0, 2, 5, 10]);
      return [
        { kind: "fault", atMs: Math.max(0, atMs - 100), rule },
        unread(atMs, "/v2/orders:by_client_order_id", times + 1),
        unread(atMs, LISTS.path, times + 1),
      ];
    }),
    ...some(3, () => {
      const { name: action, atMs } = dice.of(actions);
      const times = dice.of([2, 6, 20]);
      return [{ kind: "hide", atMs: atMs + dice.of([50, 300, 2_000]), action, times }];
    }),
    ...some(1, () => {
      const atMs = dice.between(0, lastMs);
      const times = dice.of([2, 6, 20]);
      return [unread(atMs, LISTS.path, times), unread(atMs, "/v2/orders/*", times)];
    }),
  ];
}

/** What goes wrong in any world. */
function ordinary(
  dice: Dice,
  lastMs: number,
  actions: readonly ActionPlan[],
  sidecars: number,
  bots: readonly BotPlan[],
): readonly Mishap[] {
  const faults = dice.some(TEMPLATES, dice.between(1, 4));
  const weather = { styles: ["none"] as const, jumps: false, arriveLate: false, faults, lastMs };
  const mishaps = drawMishaps(dice, weather, actions, sidecars, bots.length);
  return mishaps.filter(({ kind }) => kind !== "by_hand");
}
