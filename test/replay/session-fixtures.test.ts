import { describe, expect, test } from "vitest";
import {
  add,
  compare,
  type DecimalText,
  decimal,
  divide,
  multiply,
  roundToCents,
  subtract,
  ZERO,
} from "../../src/core/decimal.ts";
import { sumNotionals } from "../../src/replay/report.ts";
import {
  checkTimes,
  loadSession,
  type OrderEvent,
  type Session,
  sessionPath,
} from "../../src/replay/session.ts";

const DAYS = ["2026-05-19", "2026-05-21", "2026-05-22"] as const;

/** Shares by symbol as a row leaves them. */
type Holdings = Map<string, DecimalText>;

interface World {
  readonly holdings: Holdings;
  readonly accepted: OrderEvent[];
  readonly refused: OrderEvent[];
}

/**
 * The broker's rules as far as these days need them: a sell of more than is held is refused, a
 * sell while flat opens a short, and the scripted fault refuses the SQQQ exit.
 */
function play(session: Session, orders: readonly OrderEvent[]): World {
  const world: World = { holdings: openingHoldings(session), accepted: [], refused: [] };
  for (const order of orders) {
    const held = world.holdings.get(order.symbol) ?? ZERO;
    const tooMuch = compare(held, ZERO) > 0 && compare(order.quantity, held) > 0;
    if (faulted(session, order) || (order.side === "sell" && tooMuch)) {
      world.refused.push(order);
      continue;
    }
    world.accepted.push(order);
    const move = order.side === "buy" ? add : subtract;
    world.holdings.set(order.symbol, move(held, order.quantity));
  }
  return world;
}

function openingHoldings(session: Session): Holdings {
  return new Map(session.openingPositions.map(({ symbol, quantity }) => [symbol, quantity]));
}

function faulted(session: Session, order: OrderEvent): boolean {
  const rules = session.events.flatMap((event) => {
    return event.kind === "broker_fault" && event.time <= order.time ? event.rules : [];
  });
  return rules.some(({ match }) => match.symbol === order.symbol && match.side === order.side);
}

function ordersOf(session: Session): readonly OrderEvent[] {
  return session.events.filter((event) => event.kind === "order");
}

function firstsOf(session: Session): readonly OrderEvent[] {
  return ordersOf(session).filter((order) => order.duplicateOf === null);
}

function load(day: string): Session {
  return loadSession(sessionPath(day));
}

describe.each(DAYS)("the session of %s", (day) => {
  const session = load(day);

  test("is that day, and every inferred row says why it is there", () => {
    expect(session.session).toBe(day);
    const rows = [...session.openingPositions, ...session.events];
    for (const row of rows) expect(row.note ?? "", JSON.stringify(row)).not.toBe("");
  });

  test("adds up row by row when every order goes out once", () => {
    const holdings = openingHoldings(session);
    for (const order of firstsOf(session)) {
      const held = holdings.get(order.symbol) ?? ZERO;
      if (order.side === "sell") expect(compare(order.quantity, held), order.id).not.toBe(1);
      if (faulted(session, order)) continue;
      const move = order.side === "buy" ? add : subtract;
      holdings.set(order.symbol, move(held, order.quantity));
    }
  });

  test("closes the whole position with every exit that goes out once", () => {
    const { holdings } = play(session, firstsOf(session));
    const others = [...holdings].filter(([symbol]) => symbol !== "SQQQ" || day !== "2026-05-21");
    for (const [symbol, quantity] of others) expect(quantity, symbol).toBe("0");
  });

  test("has prices that give back the notional to the cent, and whole cents where inferred", () => {
    for (const order of ordersOf(session)) {
      const price = divide(order.notionalUsd, order.quantity);
      expect(roundToCents(multiply(price, order.quantity))).toBe(roundToCents(order.notionalUsd));
    }
  });
});

describe.each(["2026-05-21-store-refuses", "2026-09-skip"])("the incident %s", (name) => {
  const session = load(name);

  test("says of every row and of the day whether the record states it", () => {
    const rows = [...session.openingPositions, ...session.events];
    for (const row of rows) expect(row.note ?? "", JSON.stringify(row)).not.toBe("");
    expect(session.dayMark).toBe(name === "2026-09-skip" ? "inferred" : "stated");
    expect(session).toMatchObject({ oldGuard: true, title: expect.any(String) });
  });
});

describe("the claim store that refuses", () => {
  test("has no row that the record states: it gives neither time nor order", () => {
    const { events } = load("2026-05-21-store-refuses");
    expect(new Set(events.map(({ mark }) => mark))).toEqual(new Set(["inferred"]));
  });
});

describe("the SKIP of September", () => {
  test("states the add that was skipped, and infers what had used its key", () => {
    const [earlier, add] = ordersOf(load("2026-09-skip"));
    expect(add).toMatchObject({ mark: "stated", symbol: "SQQQ", side: "buy", quantity: "12" });
    expect(add).toMatchObject({ stage: "add2", bar: "09:39", duplicateOf: earlier?.id });
    expect(earlier?.mark).toBe("inferred");
  });
});

describe("21 May", () => {
  const session = load("2026-05-21");
  const recorded = ordersOf(session).filter((order) => order.recorded);

  test("has the record's six duplicates, worth 3,653.00 USD", () => {
    expect(
      recorded.map(({ time, symbol, side, quantity, notionalUsd }) => {
        return `${time.slice(0, 5)} ${side} ${symbol} ${quantity} ${notionalUsd}`;
      }),
    ).toEqual([
      "09:42 buy TQQQ 6 452",
      "09:47 buy TQQQ 6 452",
      "09:49 sell TQQQ 12 902",
      "10:00 buy TQQQ 6 454",
      "10:14 sell TQQQ 18 1350",
      "11:06 buy SQQQ 1 43",
    ]);
    expect(sumNotionals(recorded.map((order) => order.notionalUsd))).toBe("3653.00");
    expect(recorded.every((order) => order.mark === "stated")).toBe(true);
  });

  test("has the second exit of 11:26:28 as stated, but not as one of the six", () => {
    const exit = ordersOf(session).find((order) => order.time === "11:26:28");
    expect(exit).toMatchObject({ mark: "stated", recorded: false, duplicateOf: "1126-exit" });
  });

  test("ends with only the SQQQ of the refused exit when every order goes out once", () => {
    const { holdings, refused } = play(session, firstsOf(session));
    expect(Object.fromEntries(holdings)).toEqual({ TQQQ: "0", SQQQ: "12" });
    expect(refused.map((order) => order.id)).toEqual(["1114-exit"]);
  });

  test("ends with shares nobody meant to hold when the duplicates go out too", () => {
    const { holdings, refused } = play(session, ordersOf(session));
    expect(Object.fromEntries(holdings)).toEqual({ TQQQ: "6", SQQQ: "13" });
    expect(refused.map((order) => order.id)).toEqual([
      "1014-exit-duplicate",
      "1114-exit",
      "1126-exit-duplicate",
    ]);
  });

  test("wants to enter once a minute from 11:33 to 14:00", () => {
    const span = session.events.find((event) => event.kind === "entries_wanted");
    const times = span === undefined ? [] : checkTimes(span);
    expect([times.length, times[0], times.at(-1)]).toEqual([147, "11:33:00", "13:59:00"]);
  });
});

describe("19 May", () => {
  const session = load("2026-05-19");

  test("has the 19 orders that the record names and the three that quantities need", () => {
    const marks = firstsOf(session).map((order) => order.mark);
    expect(marks.filter((mark) => mark === "stated")).toHaveLength(19);
    expect(marks.filter((mark) => mark === "inferred")).toHaveLength(3);
  });

  test("ends 12 TQQQ short when the duplicate exit goes out too", () => {
    expect(play(session, ordersOf(session)).holdings.get("TQQQ")).toBe(decimal("-12"));
  });
});

describe("22 May", () => {
  const session = load("2026-05-22");

  test("ends 24 TQQQ short when the duplicate exit goes out too", () => {
    expect(play(session, ordersOf(session)).holdings.get("TQQQ")).toBe(decimal("-24"));
  });

  test("wants to enter in each of the 366 minutes from 09:49 to 15:55", () => {
    const span = session.events.find((event) => event.kind === "entries_wanted");
    const minutes = (span === undefined ? [] : checkTimes(span)).map((time) => time.slice(0, 5));
    expect([minutes.length, minutes[0], minutes.at(-1)]).toEqual([366, "09:49", "15:54"]);
  });
});
