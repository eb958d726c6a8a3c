/** Whether a position that a combo moved is over, and so an equal combo another action. */
import { describe, expect, test } from "vitest";
import { type Book, emptyBook } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { ClaimEvent } from "../../src/claim/claim-event.ts";
import { isOfEarlierLife, ofTheirLives } from "../../src/claim/combo-life.ts";
import { evolveClaim } from "../../src/claim/evolve.ts";
import type { EpochMs } from "../../src/core/clock.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId, OwnerId } from "../../src/core/ids.ts";
import { ACCOUNT, buy, orderOf, proceeded, START } from "./builders.ts";
import { CALL, COMBO, PUT } from "./combo-builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

type LegBooked = Extract<ClaimEvent, { type: "leg_booked" }>;

function fill(symbol: string, quantity: string): LegBooked {
  const brokerOrderId = `leg-${symbol}` as BrokerOrderId;
  const [side, source] = [symbol === CALL ? "buy" : "sell", "poll"] as const;
  const filled = { quantity: decimal(quantity), cost: decimal("10") };
  return { type: "leg_booked", brokerOrderId, symbol, side, ...filled, source };
}

/** Two combos that have filled as a whole, both legs in the first life of their contracts. */
function filledCombo(life: Pick<LegBooked, "episode" | "closes"> = { episode: 1 }) {
  const ledger = new MemoryLedger();
  const claim = proceeded(ledger.claim(buy("2", COMBO)));
  const accepted = ledger.accept(claim, orderOf(claim, { status: "filled", filled: "2" }));
  const legs = [fill(CALL, "2"), fill(PUT, "2")];
  const combo = legs.reduce(
    (before, leg) => evolveClaim(before, claim.key, { ...leg, ...life }, ledger.now),
    accepted,
  );
  const other = proceeded(ledger.after(1_000).claim(buy("1", { symbol: PUT })));
  return { combo, other };
}

const ofBook = (changes: Partial<Book>) => (symbol: string) => ({
  ...emptyBook(ACCOUNT, symbol),
  ...changes,
});

const seen = (changes: Partial<Book>, closer?: Claim) => ({
  bookOf: ofBook(changes),
  claimOf: () => closer,
  filledAt: undefined,
  submittedAtOf: () => null,
});

function isOver(combo: Claim, changes: Partial<Book>, closer?: Claim): boolean {
  return isOfEarlierLife(combo, seen(changes, closer));
}

/** The same combo, whose legs say what they do. */
function saying(combo: Claim, effect: "open" | "close", ofPut = effect): Claim {
  const [buys, sells] = [`buy_to_${effect}`, `sell_to_${ofPut}`];
  const legs = [
    { symbol: CALL, ratio_qty: "1", side: "buy", position_intent: buys },
    { symbol: PUT, ratio_qty: "1", side: "sell", position_intent: sells },
  ];
  const extension = { ...combo.intent.extension, legs };
  return { ...combo, intent: { ...combo.intent, extension } };
}

const HELD = { net: decimal("2"), episode: 1 };
const FLAT = { episode: 1 };
const HELD_ANEW = { net: decimal("2"), episode: 2 };

describe("a combo is of an earlier life of its contracts' positions", () => {
  test("once another order has ended one of them, or begun the next", () => {
    const { combo, other } = filledCombo();
    const closedBy = other.key;
    expect(isOver(combo, HELD, other)).toBe(false);
    expect(isOver(combo, { ...FLAT, closedBy }, other)).toBe(true);
    expect(isOver(combo, { ...HELD_ANEW, closedBy }, other)).toBe(true);
    expect(isOver(combo, { ...FLAT, closedBy })).toBe(true);
  });

  test("once nothing is left of what it says that it opened, whoever the book says has ended it", () => {
    const { combo, other } = filledCombo();
    const entry = saying(combo, "open");
    const flat = { ...FLAT, closedBy: entry.key };
    const earlier = { ...other, openedAt: combo.openedAt - 1 };
    expect([isOver(combo, flat, combo), isOver(entry, flat, entry)]).toEqual([false, true]);
    const byOther = { ...FLAT, closedBy: other.key };
    expect([isOver(combo, byOther, earlier), isOver(entry, byOther, earlier)]).toEqual([
      ...[false, true],
    ]);
    expect(isOver(entry, HELD, other)).toBe(false);
  });

  test("once another position is held where it took from the one before, and not earlier", () => {
    const { combo, other } = filledCombo({ episode: 1, closes: true });
    const closedBy = other.key;
    const earlier = { ...other, openedAt: combo.openedAt - 1 };
    expect(isOver(combo, { ...FLAT, closedBy }, other)).toBe(false);
    expect(isOver(combo, HELD, other)).toBe(false);
    const held = (call: string, put: string, episode = 2) => {
      const bookOf = (symbol: string) =>
        ofBook({ net: decimal(symbol === CALL ? call : put), episode, closedBy })(symbol);
      return isOfEarlierLife(combo, { bookOf, claimOf: () => earlier });
    };
    expect(held("-2", "2")).toBe(true);
    expect(held("-2", "2", 1)).toBe(false);
    expect([held("-2", "0"), held("0", "2"), held("2", "-2")]).toEqual([false, false, false]);
  });

  test("once one was taken away without an order", () => {
    const { combo } = filledCombo();
    expect(isOver(combo, FLAT)).toBe(true);
  });

  test("not where it has ended them itself, until the next has begun", () => {
    const { combo } = filledCombo();
    const closedBy = combo.key;
    expect(isOver(combo, { ...FLAT, closedBy }, combo)).toBe(false);
    expect(isOver(combo, { ...HELD_ANEW, closedBy }, combo)).toBe(true);
  });

  test("not by an order that was opened before it, by the clock of both or by the broker's", () => {
    const { combo, other } = filledCombo();
    const flat = { ...FLAT, closedBy: other.key };
    const at = (ms: number) => ({ claimedAt: combo.claimedAt + ms, openedAt: combo.openedAt + ms });
    const earlier = { ...other, ...at(-1) };
    expect(isOver(combo, flat, earlier)).toBe(false);
    expect(isOver(combo, flat, { ...other, ...at(0) })).toBe(true);
    expect(isOver(combo, flat, { ...earlier, openedAt: combo.openedAt + 1 })).toBe(true);
    const elsewhere = { ...earlier, owner: "elsewhere" as OwnerId, brokerClaimedAt: 20_000 };
    expect(isOver({ ...combo, brokerClaimedAt: 9_998 }, flat, elsewhere)).toBe(true);
    expect(isOver({ ...combo, brokerClaimedAt: 30_000 }, flat, elsewhere)).toBe(false);
    expect(isOver({ ...combo, brokerClaimedAt: null }, flat, elsewhere)).toBe(false);
    const opened = { ...elsewhere, openedAt: elsewhere.openedAt + 20_000 };
    expect(isOver({ ...combo, brokerClaimedAt: 30_000 }, flat, opened)).toBe(true);
    const same = { ...elsewhere, owner: combo.owner };
    expect(isOver({ ...combo, brokerClaimedAt: 1_000 }, flat, same)).toBe(false);
  });

  test("by our own clocks, where the broker's agrees with them to three seconds", () => {
    const { combo, other } = filledCombo();
    const flat = { ...FLAT, closedBy: other.key };
    const elsewhere = { ...other, owner: "elsewhere" as OwnerId, brokerClaimedAt: 20_000 };
    const [later, earlier] = [1, -1].map((ms) => ({
      ...{ ...elsewhere, claimedAt: combo.claimedAt + ms, openedAt: combo.openedAt + ms },
    }));
    const noted = { ...combo, brokerClaimedAt: 21_000 };
    expect(isOver(noted, flat, later)).toBe(true);
    expect(isOver(noted, flat, earlier)).toBe(false);
    expect(isOver({ ...combo, brokerClaimedAt: 17_001 }, flat, earlier)).toBe(false);
    expect(isOver({ ...combo, brokerClaimedAt: 16_998 }, flat, earlier)).toBe(true);
  });

  test("not where the order in its place has filled in the life that is", () => {
    const { combo, other } = filledCombo();
    const later = { episode: 2, brokerOrderId: "leg-of-the-next" as BrokerOrderId };
    const filled = { ...fill(CALL, "1"), ...later };
    const replaced = evolveClaim(combo, combo.key, filled, combo.claimedAt);
    const held: Record<string, Partial<Book>> = { [CALL]: HELD_ANEW, [PUT]: HELD };
    const bookOf = (symbol: string) => ofBook(held[symbol] ?? {})(symbol);
    expect(isOfEarlierLife(replaced, { bookOf, claimOf: () => other })).toBe(false);
    expect(isOfEarlierLife(combo, { bookOf, claimOf: () => other })).toBe(true);
  });

  test("by the life of each contract, whatever the others have come to", () => {
    const { combo, other } = filledCombo();
    const begunAgain = { ...fill(CALL, "1"), episode: 2 };
    const apart = evolveClaim(combo, combo.key, begunAgain, combo.claimedAt);
    const held: Record<string, Partial<Book>> = {
      ...{ [CALL]: HELD_ANEW, [PUT]: { ...FLAT, closedBy: other.key } },
    };
    const bookOf = (symbol: string) => ofBook(held[symbol] ?? {})(symbol);
    expect(isOfEarlierLife(apart, { bookOf, claimOf: () => other })).toBe(true);
    const rolled = saying(combo, "close", "open");
    const closes: typeof held = { ...held, [CALL]: HELD, [PUT]: { ...FLAT, closedBy: other.key } };
    const after = (symbol: string) => ofBook(closes[symbol] ?? {})(symbol);
    const earlier = { ...other, openedAt: combo.openedAt - 1 };
    expect(isOfEarlierLife(rolled, { bookOf: after, claimOf: () => earlier })).toBe(true);
  });

  test("by the very claim that the book says has closed it", () => {
    const { combo, other } = filledCombo();
    const earlier = { ...other, openedAt: combo.openedAt - 1 };
    const claimOf = (key: Claim["key"]) =>
      JSON.stringify(key) === JSON.stringify(other.key) ? earlier : undefined;
    const bookOf = ofBook({ ...FLAT, closedBy: other.key });
    expect(isOfEarlierLife(combo, { bookOf, claimOf })).toBe(false);
  });

  test("not while it works, has nothing filled, or does not say of which life it is", () => {
    const { combo, other } = filledCombo();
    const flat = { ...FLAT, closedBy: other.key };
    expect(isOver({ ...combo, status: "IN_RECONCILIATION" }, flat, other)).toBe(false);
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("2", COMBO)));
    const canceled = ledger.accept(claim, orderOf(claim, { status: "canceled" }));
    expect(isOver(canceled, flat, other)).toBe(false);
    expect(isOver(filledCombo({}).combo, flat, other)).toBe(false);
  });
});

test("a leg that has filled says of which life it is only where its fill said so", () => {
  const lives = (combo: Claim) =>
    Object.values(combo.legs).map((leg) => ["episode" in leg, "closes" in leg]);
  expect(lives(filledCombo({}).combo)).toEqual([
    [false, false],
    [false, false],
  ]);
  expect(lives(filledCombo({ episode: 1 }).combo)[0]).toEqual([true, false]);
  expect(lives(filledCombo({ episode: 1, closes: true }).combo)[0]).toEqual([true, true]);
});

describe("the fill of a leg", () => {
  const { combo } = filledCombo();
  const told = (book: Partial<Book>, ...events: ClaimEvent[]) =>
    ofTheirLives(events, combo, seen(book)).map((event) =>
      event.type === "leg_booked" ? event : { episode: event.type, closes: undefined },
    );
  const lives = (book: Partial<Book>, ...events: ClaimEvent[]) =>
    told(book, ...events).map(({ episode }) => episode);

  test("is of the life that it begins, goes on with or ends", () => {
    expect(lives({ episode: 4 }, fill(CALL, "2"))).toEqual([5]);
    expect(lives({ episode: 4, net: decimal("1") }, fill(CALL, "2"))).toEqual([4]);
    expect(lives({ episode: 4, net: decimal("-2") }, fill(CALL, "2"))).toEqual([4]);
    expect(lives({ episode: 4, net: decimal("-1") }, fill(CALL, "2"))).toEqual([5]);
  });

  test("of a contract that the combo did not ask for is booked where the book has it", () => {
    const other = fill("SPY260618C00510000", "1");
    expect(ofTheirLives([other], combo, seen({ episode: 4 }))).toEqual([{ ...other, episode: 5 }]);
  });

  test("says where it took from that, and not where it turned it", () => {
    const ways = (net: string) => told({ net: decimal(net) }, fill(CALL, "2"))[0]?.closes;
    expect([ways("0"), ways("1"), ways("-3"), ways("-2"), ways("-1")]).toEqual([
      ...[undefined, undefined, true, true, undefined],
    ]);
  });

  test("is what its leg says that it is, whatever the book had by then", () => {
    const [exit, entry] = [saying(combo, "close"), saying(combo, "open")];
    const fills = [fill(CALL, "2")];
    expect(ofTheirLives(fills, exit, seen({}))).toMatchObject([{ episode: 1, closes: true }]);
    const short = seen({ net: decimal("-2"), episode: 1 });
    expect(ofTheirLives(fills, entry, short)).toEqual([{ ...fills[0], episode: 1 }]);
  });

  test("goes on with the life that an exit has ended which was booked first", () => {
    const { combo: entry, other } = filledCombo();
    const exit: Claim = { ...other, outcome: "filled" };
    const flat = { ...FLAT, closedBy: exit.key, closedAt: START };
    const at = (filledAt: EpochMs) =>
      ofTheirLives([fill(CALL, "2")], entry, { ...seen(flat, exit), filledAt });
    expect(at(START - 1)).toMatchObject([{ episode: 1 }]);
    expect(at(START + 1)).toMatchObject([{ episode: 2 }]);
    const closing = ofTheirLives([fill(CALL, "2")], saying(entry, "close"), {
      ...{ ...seen(flat, exit), filledAt: START - 1 },
    });
    expect(closing).toMatchObject([{ episode: 2, closes: true }]);
  });

  test("goes on with that of an exit that was booked before anything was held", () => {
    const short = seen({ net: decimal("-1"), episode: 1 });
    const said = (effect: "open" | "close") =>
      ofTheirLives([fill(CALL, "2")], saying(combo, effect), short);
    expect(said("open")).toMatchObject([{ episode: 1 }]);
    expect(said("close")).toMatchObject([{ episode: 2, closes: true }]);
  });

  test("says when it was where it ends a position, and that is told", () => {
    const short = seen({ net: decimal("-2"), episode: 1 });
    const at = (quantity: string, filledAt?: EpochMs) =>
      ofTheirLives([fill(CALL, quantity)], combo, { ...short, filledAt })[0];
    expect(at("2", START)).toMatchObject({ filledAt: START });
    expect(at("1", START)).not.toHaveProperty("filledAt");
    expect(at("2")).not.toHaveProperty("filledAt");
  });

  test("comes behind those before it, each contract by itself", () => {
    const fills = [fill(CALL, "1"), fill(PUT, "1"), fill(CALL, "1")];
    expect(lives({ episode: 4, net: decimal("-1") }, ...fills)).toEqual([4, 4, 5]);
  });

  test("is the only event that says so", () => {
    const read = { type: "not_found_read", scope: "single", readAt: 1 } as const;
    expect(lives({ episode: 4 }, read)).toEqual(["not_found_read"]);
  });
});
