/** What a payload is compared by: two that differ are never taken for one. */
import { describe, expect, test } from "vitest";
import { guardWorld, PAYMENT } from "./guard-world.ts";

async function second(first: unknown, payload: unknown) {
  const { guard } = await guardWorld();
  await guard.claim({ ...PAYMENT, payload: first });
  return guard.claim({ ...PAYMENT, payload });
}

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  plus(other: Money): Money {
    return new Money(this.#cents + other.#cents);
  }
}

class Invoice {
  readonly amount: string;
  readonly memo = undefined;
  constructor(amount: string) {
    this.amount = amount;
  }
}

describe("a payload under an id that came before", () => {
  test.each([
    [["ACME", "50.00"], { 0: "ACME", 1: "50.00" }, "/payload"],
    [{ 0: "ACME" }, ["ACME"], "/payload"],
    [{ to: ["ACME"] }, { to: { 0: "ACME" } }, "/payload/to"],
    [[], {}, "/payload"],
    [{ "a/b": 1 }, { a: { b: 1 } }, "/payload/a/b"],
    [{ __proto__: null, constructor: 1 }, { constructor: 2 }, "/payload/constructor"],
    [new Invoice("50.00"), new Invoice("60.00"), "/payload/amount"],
  ])("is another one: first %j, then %j", async (first, payload, field) => {
    const answer = await second(first, payload);
    expect(answer).toMatchObject({ kind: "mismatch", difference: { field } });
  });

  test.each([
    [
      { amount: 50, to: "ACME" },
      { to: "ACME", amount: 50 },
    ],
    [
      { 0: "ACME", 1: "x" },
      { 1: "x", 0: "ACME" },
    ],
    [{ at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
    [{ amount: "50", memo: undefined }, { amount: "50" }],
    [new Invoice("50"), { amount: "50" }],
    [{ amount: -0 }, { amount: 0 }],
    [{ amount: "50", inWords: () => "fifty" }, { amount: "50" }],
    [
      { amount: Object(50), lines: [] },
      { amount: 50, lines: [] },
    ],
    [Object.create(null), {}],
    [{ bytes: new Uint8Array() }, { bytes: {} }],
  ])("is the same one: first %j, then %j", async (first, payload) => {
    expect(await second(first, payload)).toMatchObject({ kind: "pending" });
  });
});

describe("a payload of which JSON would leave out what is compared", () => {
  test.each([
    [{ amount: Number.NaN }, "NaN"],
    [{ amount: Number.POSITIVE_INFINITY }, "Infinity"],
    [{ lines: [{ at: new Date(Number.NaN) }] }, "a date that is none"],
    [new Map([["amount", "50.00"]]), "a Map"],
    [{ to: new Set(["ACME"]) }, "a Set"],
    [{ amount: new Money(5_000) }, "a Money"],
    [{ query: new URLSearchParams("amount=50") }, "a URLSearchParams"],
    [{ later: Promise.resolve(50) }, "a Promise"],
    [{ why: new Error("late") }, "an Error"],
    [new ArrayBuffer(8), "an ArrayBuffer"],
  ])("is refused before anything is claimed: %j", async (payload, what) => {
    const { guard } = await guardWorld();
    const call = guard.claim({ ...PAYMENT, payload });
    await expect(call).rejects.toMatchObject({ code: "invalid_guard_call" });
    await expect(call).rejects.toThrow(`payload holds ${what}, of which JSON keeps nothing`);
    expect((await guard.list()).total).toBe(0);
  });

  test("is refused where it is executed too, and nothing is run", async () => {
    const { guard } = await guardWorld();
    let runs = 0;
    const run = () => {
      runs += 1;
    };
    const call = guard.execute({ ...PAYMENT, payload: new Map([["amount", "50"]]), run });
    await expect(call).rejects.toMatchObject({ code: "invalid_guard_call" });
    expect(runs).toBe(0);
  });
});
