import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  compare,
  type DecimalText,
  decimal,
  divide,
  isZero,
  multiply,
  subtract,
  ZERO,
} from "../../src/core/decimal.ts";
import { StreamProgress } from "../../src/sidecar/stream-progress.ts";
import {
  readBrokerFrame,
  type TradeUpdate,
  type WireOrder,
} from "../../src/sidecar/trade-update.ts";

type Life = readonly { readonly update: TradeUpdate; readonly order: WireOrder }[];

interface Fill {
  readonly quantity: string;
  readonly price: string;
}

describe("what is news about an order", () => {
  test("a fill that was lost is made up for, with the price that the averages imply", () => {
    const [opened, , filled] = lifeOf("a", [fill("1", "10"), fill("2", "13")], "fill");
    const progress = begun();
    progress.update(updateOf(opened));
    const [missed, last] = progress.update(updateOf(filled));
    expect(missed?.data).toMatchObject({
      ...{ event: "partial_fill", qty: "1", price: "10", position_qty: null, execution_id: null },
      tradelatch: { caught_up: true },
      order: { status: "partially_filled", filled_qty: "1", filled_avg_price: "10" },
    });
    expect(missed?.caughtUp).toBe(true);
    expect(last?.frame).toBe(updateOf(filled).frame);
  });

  test("an order that went from new to filled unseen gives one fill", () => {
    const life = lifeOf("a", [fill("1", "10"), fill("2", "13")], "fill");
    const progress = begun();
    progress.update(updateOf(life[0]));
    const relayed = progress.read([orderAfter(life)]);
    expect(relayed.map(({ data }) => data)).toMatchObject([
      { event: "fill", qty: "3", price: "12", order: { status: "filled", filled_qty: "3" } },
    ]);
    expect(progress.read([orderAfter(life)])).toEqual([]);
  });

  test.each(["canceled", "expired", "replaced", "rejected"] as const)(
    "an order that was %s unseen gives that event, after the fills before it",
    (end) => {
      const fills = end === "rejected" ? [] : [fill("1", "10")];
      const life = lifeOf("a", fills, end);
      const relayed = begun().read([orderAfter(life)]);
      const events = relayed.map(({ event, order }) => [event, order?.status]);
      const partial = ["partial_fill", "partially_filled"];
      expect(events).toEqual(fills.length === 0 ? [[end, end]] : [partial, [end, end]]);
    },
  );

  test("an event that is older than what was relayed is no news", () => {
    const life = lifeOf("a", [fill("1", "10"), fill("2", "13")], "canceled");
    const progress = begun();
    for (const { update } of life) progress.update(update);
    for (const { update } of life) expect(progress.update(update)).toEqual([]);
  });

  test("of a fill that overlaps with what was read, only the new shares are told", () => {
    const life = lifeOf("a", [fill("1", "10"), fill("4", "12")], "fill");
    const progress = begun();
    const amount = { filled_qty: "3", filled_avg_price: "11", updated_at: time(1) };
    progress.read([{ ...life[0]?.order, ...amount, status: "partially_filled" }]);
    const relayed = progress.update(updateOf(life[2]));
    expect(relayed.map(({ data }) => data)).toMatchObject([
      { event: "fill", qty: "2", price: "12.5", tradelatch: { caught_up: true } },
    ]);
    expect(progress.update(updateOf(life[1]))).toEqual([]);
  });

  test("a repetition is known by its execution, even if its order has moved on", () => {
    const [opened, first, second] = lifeOf("a", [fill("1", "10"), fill("2", "13")], "canceled");
    const progress = begun();
    progress.update(updateOf(opened));
    progress.update(updateOf(first));
    const { order } = second ?? {};
    const data = { ...updateOf(first).data, order };
    expect(progress.update(read(data))).toEqual([]);
    expect(progress.update(updateOf(second)).map(({ event }) => event)).toEqual(["partial_fill"]);
  });

  test.each(["trade_bust", "trade_correct"])(
    "a %s is news, once, though the order has ended",
    (event) => {
      const life = lifeOf("a", [fill("1", "10"), fill("2", "13")], "fill");
      const progress = begun();
      for (const { update } of life) progress.update(update);
      const order = { ...orderAfter(life), filled_qty: "1", filled_avg_price: "10" };
      const told = read({ event, execution_id: "b", timestamp: time(9), order });
      expect(progress.update(told)).toEqual([told]);
      expect(progress.update(told)).toEqual([]);
      expect(progress.read([orderAfter(life)]), "a read that lags behind").toEqual([]);
    },
  );

  test("a bust of an order that had ended before the relay began is news, and its fills are not", () => {
    const life = lifeOf("a", [fill("1", "10"), fill("2", "13")], "fill");
    const progress = new StreamProgress();
    progress.begin([{ ...orderAfter(life), id: "another", updated_at: time(99) }]);
    const order = { ...orderAfter(life), filled_qty: "1", filled_avg_price: "10" };
    const told = read({ event: "trade_bust", execution_id: "b", timestamp: time(9), order });
    expect(progress.resume([], [told])).toEqual([told]);
    expect(progress.read([order])).toEqual([]);
  });

  test("a late acknowledgement does not undo a pending cancel", () => {
    const progress = begun();
    const [opened] = lifeOf("a", [], "canceled");
    const later = { ...opened?.order, status: "pending_cancel", updated_at: time(7) };
    progress.update(read({ event: "pending_cancel", timestamp: time(7), order: later }));
    expect(progress.update(updateOf(opened))).toEqual([]);
  });

  test("a reading that lags behind the stream says nothing", () => {
    const life = lifeOf("a", [fill("1", "10")], "canceled");
    const progress = begun();
    for (const { update } of life) progress.update(update);
    for (const { order } of life) expect(progress.read([order])).toEqual([]);
  });

  test("a cancel that was refused unseen is told from a newer reading only", () => {
    const progress = begun();
    const [opened] = lifeOf("a", [], "canceled");
    const pending = { ...opened?.order, status: "pending_cancel", updated_at: time(7) };
    progress.update(read({ event: "pending_cancel", timestamp: time(7), order: pending }));
    expect(progress.read([{ ...opened?.order, updated_at: time(6) }])).toEqual([]);
    const relayed = progress.read([{ ...opened?.order, updated_at: time(8) }]);
    expect(relayed.map(({ event }) => event)).toEqual(["order_cancel_rejected"]);
  });

  test("a refused replace is told even after the order's end", () => {
    const life = lifeOf("a", [fill("1", "10")], "fill");
    const progress = begun();
    for (const { update } of life) progress.update(update);
    const order = orderAfter(life);
    const refusal = read({ event: "order_replace_rejected", timestamp: time(9), order });
    expect(progress.update(refusal)).toEqual([refusal]);
    expect(progress.update(refusal)).toEqual([]);
  });

  test("the last fill ends an order whose shares were all told before", () => {
    const life = lifeOf("a", [fill("1", "10"), fill("2", "13")], "fill");
    const progress = begun();
    progress.read([{ ...orderAfter(life), status: "partially_filled" }]);
    const [end, ...rest] = progress.update(updateOf(life[2]));
    expect(rest).toEqual([]);
    expect(end?.data).toMatchObject({ event: "fill", qty: "0", order: { filled_qty: "3" } });
  });

  test("what was missed comes before what was held, over all orders", () => {
    const [late, held] = [
      lifeOf("a", [fill("1", "10"), fill("2", "13")], "fill"),
      lifeOf("b", [], "canceled"),
    ];
    const progress = begun();
    progress.update(updateOf(late[0]));
    const updates = [updateOf(held[0]), updateOf(late[2])];
    const relayed = progress.resume([orderAfter(late)], updates);
    expect(relayed.map(({ event, order }) => `${order?.id} ${event}`)).toEqual([
      ...["a partial_fill", "b new", "a fill"],
    ]);
  });

  test("what cannot be read is relayed as it came", () => {
    const odd = read({ event: "fill", order: { id: "a", filled_qty: "many" } });
    expect(begun().update(odd)).toEqual([odd]);
  });

  test("orders from before the beginning are nobody's news, what happens to them is", () => {
    const done = lifeOf("a", [fill("1", "10")], "fill");
    const open = lifeOf("b", [fill("1", "10"), fill("2", "13")], "fill");
    const progress = begun([orderAfter(done), open[1]?.order ?? {}]);
    expect(progress.read([orderAfter(done)])).toEqual([]);
    const relayed = progress.read([orderAfter(open)]);
    expect(relayed.map(({ data }) => [data.event, data.qty, data.price])).toEqual([
      ["fill", "2", "13"],
    ]);
  });

  test("the legs inside an order are orders too, except in a multi-leg option order", () => {
    const leg = orderAfter(lifeOf("leg", [fill("1", "10")], "fill"));
    const parent = orderAfter(lifeOf("a", [], "canceled"));
    const ids = (order: WireOrder) =>
      begun()
        .read([order])
        .map((update) => update.order?.id);
    expect(ids({ ...parent, legs: [leg] })).toEqual(["a", "leg"]);
    expect(ids({ ...parent, order_class: "mleg", legs: [leg] })).toEqual(["a"]);
  });
});

describe("memory", () => {
  test("is bounded, and what was forgotten is still not told again", () => {
    const progress = new StreamProgress(100);
    progress.begin([]);
    const lives = Array.from({ length: 500 }, (_, index) => {
      return lifeOf(`order-${index}`, [fill("1", "10")], "fill", index * 10);
    });
    for (const life of lives) for (const { update } of life) progress.update(update);
    expect(progress.size).toBe(100);
    for (const life of lives) expect(progress.read([orderAfter(life)])).toEqual([]);
  });
});

describe("for any loss, repetition and reordering, followed by a catch-up", () => {
  const amount = (minimum: number, maximum: number) =>
    fc.integer({ min: minimum, max: maximum }).map((n) => divide(decimal(`${n}`), decimal("100")));
  const fills = fc.array(fc.record({ quantity: amount(1, 9_999), price: amount(100, 99_999) }), {
    maxLength: 5,
  });
  const end = fc.constantFrom("fill", "canceled", "expired", "replaced", "open" as const);
  const lives = fc
    .array(fc.tuple(fills, end, fc.boolean()), { minLength: 1, maxLength: 4 })
    .map((specs) => {
      return specs.map(([parts, wanted, isDated], index) => {
        const actual = wanted === "fill" && parts.length === 0 ? "canceled" : wanted;
        return lifeOf(`order-${index}`, parts, actual, isDated ? 0 : UNDATED);
      });
    });
  /** Each pick is an event of an order: in any order, any number of times. */
  const picks = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 40 });

  test("each listener sees every share once and every end once and last", () => {
    fc.assert(
      fc.property(lives, picks, picks, picks, fc.nat(), (orders, early, held, late, lag) => {
        const progress = begun();
        const told: TradeUpdate[] = [];
        const pick = ([order, at]: [number, number]): TradeUpdate => {
          const life = orders[order % orders.length] ?? [];
          return updateOf(life[at % life.length]);
        };
        for (const choice of early) told.push(...progress.update(pick(choice)));
        // A first reading may lag behind; the one that ends the gap does not.
        told.push(...progress.read(orders.map((life) => life[lag % life.length]?.order ?? {})));
        told.push(...progress.resume(orders.map(orderAfter), held.map(pick)));
        for (const choice of late) told.push(...progress.update(pick(choice)));
        for (const life of orders) expectToldOnce(life, told);
      }),
      { numRuns: 1_000 },
    );
  });

  test("nothing is computed when nothing was lost", () => {
    fc.assert(
      fc.property(lives, (orders) => {
        const progress = begun();
        const sent = orders.flatMap((life) => life.map(({ update }) => update));
        expect(sent.flatMap((update) => progress.update(update))).toEqual(sent);
        expect(progress.resume(orders.map(orderAfter), sent)).toEqual([]);
      }),
    );
  });
});

/** Orders that do not say when they changed. */
const UNDATED = -1;
const ENDS = new Set(["fill", "canceled", "expired", "replaced", "rejected"]);

function expectToldOnce(life: Life, told: readonly TradeUpdate[]): void {
  const final = orderAfter(life);
  const mine = told.filter(({ order }) => order?.id === final.id);
  let filled: DecimalText = ZERO;
  let cost: DecimalText = ZERO;
  for (const { event, data, order } of mine) {
    if (event === "fill" || event === "partial_fill") {
      filled = add(filled, decimal(String(data.qty)));
      cost = add(cost, multiply(decimal(String(data.qty)), decimal(String(data.price))));
    }
    expect(order?.filled).toBe(filled);
  }
  expect(filled).toBe(final.filled_qty);
  if (!isZero(filled)) {
    const difference = subtract(divide(cost, filled), decimal(String(final.filled_avg_price)));
    expect(compare(decimal(difference.replace("-", "")), decimal("0.00001"))).toBe(-1);
  }
  const ends = mine.map(({ event }) => ENDS.has(event));
  const isOver = final.status !== "new" && final.status !== "partially_filled";
  expect(ends.filter(Boolean)).toHaveLength(isOver ? 1 : 0);
  expect(ends.lastIndexOf(true)).toBe(isOver ? ends.length - 1 : -1);
}

function begun(orders: readonly WireOrder[] = []): StreamProgress {
  const progress = new StreamProgress();
  progress.begin(orders);
  return progress;
}

function fill(quantity: string, price: string): Fill {
  return { quantity, price };
}

/** An order's events from its acknowledgement to `end`, each with the order as it then was. */
function lifeOf(id: string, fills: readonly Fill[], end: string, startAt = 0): Life {
  const life: { update: TradeUpdate; order: WireOrder }[] = [];
  let [filled, cost] = [ZERO, ZERO];
  const happen = (event: string, status: string, execution: WireOrder = {}) => {
    const at = time(Math.max(startAt, 0) + life.length);
    const average = isZero(filled) ? null : divide(cost, filled);
    const updatedAt = startAt === UNDATED ? null : at;
    const order = {
      ...{ id, status, filled_qty: filled, filled_avg_price: average, updated_at: updatedAt },
    };
    life.push({ update: read({ event, timestamp: at, ...execution, order }), order });
  };
  happen("new", "new");
  fills.forEach(({ quantity, price }, index) => {
    filled = add(filled, decimal(quantity));
    cost = add(cost, multiply(decimal(quantity), decimal(price)));
    const isLast = end === "fill" && index === fills.length - 1;
    const execution = { execution_id: `${id}-${index}`, qty: quantity, price };
    happen(isLast ? "fill" : "partial_fill", isLast ? "filled" : "partially_filled", execution);
  });
  if (end !== "fill" && end !== "open") happen(end, end);
  return life;
}

function time(tick: number): string {
  return `2026-05-21T14:00:00.${String(tick).padStart(9, "0")}Z`;
}

function read(data: WireOrder): TradeUpdate {
  const frame = readBrokerFrame(JSON.stringify({ stream: "trade_updates", data }));
  if (frame.kind !== "update") throw new Error("not an update");
  return frame.update;
}

function updateOf(moment: Life[number] | undefined): TradeUpdate {
  if (moment === undefined) throw new Error("no such moment");
  return moment.update;
}

function orderAfter(life: Life): WireOrder {
  return life.at(-1)?.order ?? {};
}
