/** What the legs inside an order make of its claims, and what all of them hold together (I5, I6). */
import { describe, expect, test } from "vitest";
import { type Book, emptyBook } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import {
  adoptLeg,
  awaitsEntry,
  beginsClaim,
  claimOfLeg,
  tieEvent,
} from "../../src/claim/decide-legs.ts";
import { decideOrder } from "../../src/claim/decide-order.ts";
import { evolveBookByClaim, evolveClaim } from "../../src/claim/evolve.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import { deriveLegRequestId } from "../../src/identity/request-id.ts";
import { ACCOUNT, buy, type OrderChanges, OWNER, START } from "./builders.ts";
import { adopted, BRACKET, legOf, OCO, parentOf } from "./family-builders.ts";

const id = (name: string) => name as BrokerOrderId;
const entry = () => parentOf({ ...BRACKET, decisionId: "d-1", reason: "breakout" });

describe("a leg that the broker shows", () => {
  test("becomes a claim at work, the exit of its entry, with the terms that it is shown with", () => {
    const parent = entry();
    const leg = legOf(parent, "limit", { quantity: decimal("4"), stopPrice: decimal("60") });
    const claim = adopted(parent, leg, START + 1_000);
    expect(claim).toMatchObject({
      ...{ status: "IN_RECONCILIATION", identity: "leg", owner: OWNER, attempt: 1, fencing: 1 },
      key: { ...parent.key, requestId: deriveLegRequestId(parent.key, id("limit")) },
      ...{ brokerOrderId: "limit", clientOrderId: "of-limit", orderStatus: "new" },
      ...{ claimedAt: START + 1_000, openedAt: parent.openedAt, episode: parent.episode },
      family: { parent: parent.key.requestId, legs: [], filledByLegs: "0", quantity: "4" },
    });
    expect(claim.intent).toEqual({
      ...{ account: ACCOUNT, agent: parent.key.agent, symbol: "TQQQ", side: "sell" },
      ...{ effect: "close", quantity: "4", notional: null, type: "limit", timeInForce: "gtc" },
      ...{ limitPrice: "90", stopPrice: "60", trailPrice: null, trailPercent: null },
      ...{ extendedHours: false, extension: null, portion: null, requestId: null },
      ...{ clientOrderId: "of-limit", anchor: null, decisionId: "d-1", reason: "breakout" },
    });
  });

  test.each([
    ["closes what its order opens", BRACKET, "sell", "close"],
    ["opens again what its order closes, on the other side", OCO, "buy", "open"],
    ["closes as its order does, on the same side", OCO, "sell", "close"],
    ["opens as its order does, on the same side", BRACKET, "buy", "open"],
  ] as const)("%s", (_, intent, side, effect) => {
    const parent = parentOf(intent);
    expect(adopted(parent, legOf(parent, "leg", { side })).intent.effect).toBe(effect);
  });

  test("has its order's type and time in force where it shows words that we do not know", () => {
    const parent = entry();
    const odd = legOf(parent, "limit", { type: "iceberg", timeInForce: "forever" });
    expect(adopted(parent, odd).intent).toMatchObject({ type: "market", timeInForce: "day" });
  });

  test("brings its fills along, unless those of its entry may come first", () => {
    const bracket = entry();
    const sold = { status: "filled", filled: "6" };
    const types = (parent: Claim, side: "buy" | "sell") =>
      adoptLeg(parent, legOf(parent, "leg", { ...sold, side }), "poll", START).events.map(
        ({ type }) => type,
      );
    expect(types(bracket, "sell")).toEqual(["leg_adopted"]);
    const over = { ...bracket, status: "SETTLED" } as const;
    const booked = ["leg_adopted", "fill_booked", "order_ended", "sealed"];
    expect(types(over, "sell")).toEqual(booked);
    expect(types(parentOf(OCO), "sell")).toEqual(booked);
    expect(adoptLeg(bracket, legOf(bracket, "leg"), "poll", START)).toMatchObject({
      ...{ symbol: "TQQQ", key: { requestId: deriveLegRequestId(bracket.key, id("leg")) } },
    });
  });
});

describe("a leg's fills wait for its entry", () => {
  function waits(changes: OrderChanges, status: Claim["status"], intent = BRACKET) {
    const parent = parentOf(intent);
    const leg = adopted(parent, legOf(parent, "limit"));
    return awaitsEntry(leg, legOf(parent, "limit", changes), { ...parent, status });
  }
  const sold = { status: "partially_filled", filled: "2" };

  test("while that is live", () => {
    expect(waits(sold, "IN_RECONCILIATION")).toBe(true);
  });

  test("but not once it has ended, nor where there are none", () => {
    expect(waits(sold, "FINAL")).toBe(false);
    expect(waits({}, "IN_RECONCILIATION")).toBe(false);
  });

  test("but not where it is another way of the same exit", () => {
    expect(waits(sold, "IN_RECONCILIATION", OCO)).toBe(false);
  });
});

test("a leg follows what the broker lowers it to, once another exit has sold", () => {
  const parent = entry();
  const leg = adopted(parent, legOf(parent, "limit"));
  const lowered = legOf(parent, "limit", { quantity: decimal("4") });
  const read = { order: lowered, source: "poll", now: START } as const;
  const [working, ...others] = decideOrder(leg, read, undefined);
  if (working === undefined) throw new Error("nothing was told");
  expect(others).toEqual([]);
  const after = evolveClaim(leg, leg.key, working, START);
  expect(after).toMatchObject({ status: "IN_RECONCILIATION", family: { quantity: "4" } });
  expect(decideOrder(after, read, undefined)).toEqual([]);
});

describe("the claim of a leg", () => {
  function family() {
    const parent = entry();
    const [limit, stop] = [legOf(parent, "limit"), legOf(parent, "stop")];
    return { parent, limit: adopted(parent, limit), stop: adopted(parent, stop) };
  }

  test("is found by its order now, and by the one that it began with", () => {
    const { parent, limit, stop } = family();
    const moved = { ...stop, brokerOrderId: id("stop-2") };
    const find = (name: string) => claimOfLeg(parent, [limit, moved], { brokerOrderId: id(name) });
    expect(find("limit")).toBe(limit);
    expect(find("stop-2")).toBe(moved);
    expect(find("stop")).toBe(moved);
    expect(find("other")).toBeUndefined();
  });

  test("begins with an order that replaces none, and not with the next order of a known leg", () => {
    const { parent, limit } = family();
    const next = (replaces: string) => legOf(parent, "limit-2", { replaces: id(replaces) });
    expect(beginsClaim(parent, [limit], legOf(parent, "stop"), [])).toBe(true);
    // Shown beside a leg that no claim has, it might be taken for that leg's.
    const shown = [next("limit"), legOf(parent, "stop")];
    expect(beginsClaim(parent, [limit], next("limit"), shown)).toBe(false);
    expect(beginsClaim(parent, [limit], next("stop"), shown)).toBe(true);
  });

  test("begins in the middle of a chain only where no live claim can be its own", () => {
    const { parent, limit, stop } = family();
    const third = legOf(parent, "limit-3", { replaces: id("limit-2") });
    const second = legOf(parent, "limit-2", { replaces: id("limit") });
    const shown = [second, third, legOf(parent, "stop")];
    expect(beginsClaim(parent, [], third, shown)).toBe(true);
    expect(beginsClaim(parent, [stop], third, shown)).toBe(true);
    expect(beginsClaim(parent, [stop, limit], third, shown)).toBe(false);
    const ended = { ...limit, status: "SETTLED" } as const;
    expect(beginsClaim(parent, [stop, ended], third, shown)).toBe(true);
  });
});

describe("the exits of one family hold together", () => {
  function bookOf(net: string, reserved?: string, by = entry()): Book {
    const book = { ...emptyBook(ACCOUNT, "TQQQ"), net: decimal(net) };
    if (reserved === undefined) return book;
    const { agent, requestId } = by.key;
    return { ...book, reservations: [{ agent, requestId, quantity: decimal(reserved) }] };
  }

  function entered(quantity: string): Claim {
    return { ...entry(), bookedQuantity: decimal(quantity) };
  }

  /** Legs of six shares each, unless they are named with another number. */
  function legs(...names: readonly string[]): readonly Claim[] {
    const parent = entry();
    return names.map((name) => {
      const [, quantity = "6"] = name.split(" ");
      return adopted(parent, legOf(parent, name, { quantity: decimal(quantity) }));
    });
  }

  /** One leg of six shares that has sold some. */
  function sold(quantity: string, parent = entry()): Claim {
    return { ...adopted(parent, legOf(parent, "a")), bookedQuantity: decimal(quantity) };
  }

  const both = () => legs("a", "b");
  const another = () => parentOf(buy("1"));

  test.each<[string, () => [parent: Claim, legs: readonly Claim[], book: Book], string]>([
    ["what the largest may sell", () => [entered("6"), both(), bookOf("10")], "6"],
    [
      "what the largest may sell, named last",
      () => [entered("9"), legs("a", "b", "c 8"), bookOf("10")],
      "8",
    ],
    [
      "what the largest may sell, named first",
      () => [entered("9"), legs("c 8", "a", "b"), bookOf("10")],
      "8",
    ],
    ["no more than the entry has in the book", () => [entered("2"), both(), bookOf("10")], "2"],
    ["nothing before the entry has filled", () => [entry(), both(), bookOf("10")], "0"],
    ["nothing where they sold more than it has", () => [entry(), [sold("2")], bookOf("10")], "0"],
    ["no more than the book has free", () => [entered("6"), both(), bookOf("5")], "5"],
    ["no more than others leave", () => [entered("6"), both(), bookOf("8", "4", another())], "4"],
    ["what they held already, too", () => [entered("6"), both(), bookOf("6", "6")], "6"],
    ["nothing of a position on the other side", () => [entered("6"), both(), bookOf("-6")], "0"],
    ["nothing where none of them closes", () => [parentOf(buy("6")), [], bookOf("10")], "0"],
    ["what an oco's own order may sell", () => [parentOf(OCO), [], bookOf("10")], "6"],
    ["what one of them has not sold yet", () => [entered("6"), [sold("5")], bookOf("10")], "1"],
    ["nothing once one has sold all", () => [entered("6"), [sold("6")], bookOf("10")], "0"],
  ])("%s", (_, family, held) => {
    expect(tieEvent(...family())).toMatchObject({ type: "legs_tied", held });
  });

  test("what its legs on its own side have sold counts as filled, and entries' exits do not", () => {
    const oco = parentOf(OCO);
    expect(tieEvent(oco, [sold("2", oco)], bookOf("10"))).toMatchObject({ filled: "2" });
    expect(tieEvent(entered("6"), [sold("2")], bookOf("10"))).toMatchObject({ filled: "0" });
  });

  /** The family once `event` is recorded, and its book. */
  function tied(parent: Claim, claims: readonly Claim[], before: Book) {
    const event = tieEvent(parent, claims, before);
    if (event === undefined) throw new Error("nothing was tied");
    const claim = evolveClaim(parent, parent.key, event, START);
    return { claim, book: evolveBookByClaim(before, event, parent.status, claim) };
  }

  test("is told once, and again as soon as any of it changes", () => {
    const members = both();
    const names = members.map(({ key }) => key.requestId);
    expect(tieEvent(entered("6"), members, bookOf("10"))).toMatchObject({
      ...{ legs: names, quantity: "6" },
    });
    const { claim, book } = tied(entered("6"), members, bookOf("10"));
    expect(book.reservations).toMatchObject([{ requestId: claim.key.requestId, quantity: "6" }]);
    expect(tieEvent(claim, members, book)).toBeUndefined();
    expect(tieEvent(claim, members, bookOf("10"))).toMatchObject({ held: "6" });
    expect(tieEvent(claim, members, bookOf("10", "5"))).toMatchObject({ held: "6" });
    expect(tieEvent(claim, members.slice(1), book)).toMatchObject({ legs: names.slice(1) });
    expect(tieEvent(claim, [...members].reverse(), book)).toMatchObject({ type: "legs_tied" });
  });

  test("is told again where only what counts as filled has changed", () => {
    const oco = parentOf(OCO);
    const { claim, book } = tied(oco, [sold("0", oco)], bookOf("10"));
    expect(tieEvent(claim, [sold("0", oco)], book)).toBeUndefined();
    expect(tieEvent(claim, [sold("2", oco)], book)).toMatchObject({ filled: "2", held: "6" });
  });

  test("nothing, and is told so once where nothing was held before", () => {
    const { claim, book } = tied(entry(), both(), bookOf("0", "6"));
    expect(book.reservations).toEqual([]);
    expect(tieEvent(claim, both(), book)).toBeUndefined();
    expect(tieEvent(claim, both(), bookOf("0", "6"))).toMatchObject({ held: "0" });
  });

  test("keeps what the broker has made of the order's own quantity", () => {
    const oco = parentOf(OCO);
    const family = { parent: null, legs: [], filledByLegs: decimal("0"), quantity: decimal("4") };
    const stop = adopted(oco, legOf(oco, "stop", { quantity: decimal("4") }));
    expect(tieEvent({ ...oco, family }, [stop], bookOf("10"))).toMatchObject({
      ...{ quantity: "4", held: "4" },
    });
  });
});
