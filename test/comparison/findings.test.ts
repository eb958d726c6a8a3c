import { describe, expect, test } from "vitest";
import { AT, compared, findings, item, order } from "./records.ts";

const NOTHING = { scope: null, result: null } as const;
const TL = `tl-${"ab".repeat(16)}`;

describe("a claim and an order with one id", () => {
  test.each<[string, object, object, string]>([
    ["agree", {}, {}, "confirmed identifiers_agree fills_not_stated"],
    [
      "agree by the broker's id",
      { result: { order_id: "order-1" } },
      {},
      "confirmed identifiers_agree fills_not_stated",
    ],
    [
      "agree by the request id",
      { request_id: "bot-1", result: null },
      {},
      "confirmed identifiers_agree fills_not_stated",
    ],
    ["are in two symbols", {}, { symbol: "SQQQ" }, "contradiction symbol_differs"],
    ["buy and sell", {}, { side: "sell" }, "contradiction side_differs"],
    ["ask for two quantities", {}, { qty: "5.5" }, "contradiction quantity_differs"],
    [
      "ask for shares and money",
      {},
      { qty: null, notional: "452" },
      "contradiction quantity_differs",
    ],
    [
      "write one number in two ways",
      {},
      { qty: "6.0" },
      "confirmed identifiers_agree fills_not_stated",
    ],
    [
      "have filled differently",
      { filled_qty: "6" },
      { filled_qty: "5", status: "canceled" },
      "contradiction fills_differ",
    ],
    [
      "have filled at two prices",
      { filled_qty: 6, averagePrice: "75.43" },
      {},
      "contradiction price_differs",
    ],
    [
      "round a price differently",
      { filled_qty: 6, averagePrice: "75.33004" },
      {},
      "confirmed identifiers_agree",
    ],
    [
      "done, and rejected",
      {},
      { status: "rejected", filled_qty: "0" },
      "contradiction success_but_refused",
    ],
    [
      "done, and canceled without a fill",
      {},
      { status: "canceled", filled_qty: "0" },
      "uncertain identifiers_agree success_not_shown",
    ],
    [
      "filled, and canceled without a fill",
      { outcome: "filled" },
      { status: "canceled", filled_qty: "0" },
      "contradiction fills_differ",
    ],
    [
      "done, and at work",
      {},
      { status: "new", filled_qty: "0" },
      "confirmed identifiers_agree still_working",
    ],
    [
      "at work, and canceled without a fill",
      { status: "ACCEPTED" },
      { status: "canceled", filled_qty: "0" },
      "uncertain identifiers_agree working_but_ended",
    ],
    [
      "at work in a ledger, and expired with the fills that it has",
      { status: "IN_RECONCILIATION", brokerOrderId: "order-1", bookedQuantity: "3" },
      { status: "expired", filled_qty: "3" },
      "uncertain identifiers_agree working_but_ended",
    ],
    [
      "at work, and rejected",
      { status: "SUBMITTED" },
      { status: "rejected", filled_qty: "0" },
      "uncertain identifiers_agree working_but_ended",
    ],
    [
      "at work, and filled",
      { status: "ACCEPTED" },
      {},
      "confirmed identifiers_agree fills_not_stated",
    ],
    [
      "filled, and canceled with a part of it",
      { outcome: "filled" },
      { status: "canceled", filled_qty: "1" },
      "contradiction fills_differ",
    ],
    [
      "filled by its result, and at work with a part of it",
      { result: { client_order_id: "bot-1", status: "filled" } },
      { status: "partially_filled", filled_qty: "1" },
      "contradiction fills_differ",
    ],
    [
      "partially filled, and canceled with a part of it",
      { outcome: "partially_filled" },
      { status: "canceled", filled_qty: "1" },
      "confirmed identifiers_agree fills_not_stated",
    ],
    [
      "sell short, and buy",
      { scope: { symbol: "TQQQ", side: "sell_short", qty: 6 } },
      {},
      "contradiction side_differs",
    ],
    [
      "canceled, and at work",
      { status: "CANCELED" },
      { status: "new", filled_qty: "0" },
      "uncertain identifiers_agree ended_but_working",
    ],
    [
      "canceled, both with the same fills",
      { status: "CANCELED", filled_qty: "3" },
      { status: "canceled", filled_qty: "3" },
      "confirmed identifiers_agree",
    ],
    [
      "canceled, with fewer fills than the order has",
      { status: "CANCELED", filled_qty: "0" },
      { status: "canceled", filled_qty: "3" },
      "contradiction fills_differ",
    ],
    ["refused, and filled", { status: "FAILED" }, {}, "contradiction order_despite_refusal"],
    [
      "refused, and rejected",
      { status: "FAILED" },
      { status: "rejected", filled_qty: "0" },
      "refused refusal_agrees",
    ],
    ["never sent, and filled", { outcome: "not_sent" }, {}, "contradiction order_despite_absence"],
    [
      "pending, and filled",
      { status: "PENDING" },
      {},
      "uncertain identifiers_agree open_but_at_broker",
    ],
    [
      "a word nobody knows",
      { status: "BANANA" },
      {},
      "uncertain identifiers_agree open_but_at_broker word_not_known",
    ],
    [
      "nothing but the id",
      { scope: "tqqq" },
      {},
      "confirmed identifiers_agree terms_not_stated fills_not_stated",
    ],
  ])("%s", (_, claim, broker, expected) => {
    const [only, ...others] = findings([item(claim as never)], [order(broker as never)]);
    expect(others).toEqual([]);
    expect(
      only?.replace(/^\S+ order-1: /, "").replace("refused identifiers_agree ", "refused "),
    ).toBe(expected);
  });
});

describe("a claim without an order", () => {
  test.each<[string, object, string]>([
    ["that is done is missing at the broker", {}, "missing_at_broker no_such_order"],
    ["that was refused is refused", { status: "REJECTED" }, "refused refusal_agrees"],
    ["that was not sent is as recorded", { outcome: "absent" }, "confirmed no_order_as_recorded"],
    ["that is open is uncertain", { status: "PENDING" }, "uncertain outcome_open"],
    [
      "that was skipped was blocked",
      { status: "SKIP" },
      "duplicate_blocked answered_without_order",
    ],
    [
      "that was blocked as a duplicate was blocked",
      { status: "BLOCKED", reason: "exit_duplicate_after_422" },
      "duplicate_blocked answered_without_order",
    ],
    [
      "whose SKIP was committed is a contradiction",
      { result: "SKIP" },
      "contradiction skip_taken_for_success",
    ],
    [
      "whose SKIP was booked is a contradiction",
      { status: "SKIP", filled_qty: 12 },
      "contradiction skip_taken_for_success",
    ],
    [
      "whose SKIP has success as a flag is a contradiction",
      { status: "SKIP", result: { success: true } },
      "contradiction skip_taken_for_success",
    ],
    [
      "whose SKIP has no success as a flag was blocked",
      { status: "SKIP", success: false },
      "duplicate_blocked answered_without_order",
    ],
    [
      "that is committed and has no success as a flag is refused",
      { result: { success: false } },
      "refused refusal_agrees",
    ],
  ])("%s", (_, claim, expected) => {
    expect(findings([item({ ...NOTHING, ...claim })], [])).toEqual([`r-1: ${expected}`]);
  });

  test("says so where the orders that were given do not reach to its time", () => {
    const later = order({ submitted_at: "2026-05-22T13:42:00Z" });
    expect(findings([item(NOTHING)], [later])).toEqual([
      "r-1: missing_at_broker no_such_order outside_the_orders",
      "order-1: unknown_to_us no_such_claim",
    ]);
  });
});

describe("an order without a claim", () => {
  test("is unknown to us", () => {
    expect(findings([], [order()])).toEqual(["order-1: unknown_to_us no_such_claim"]);
  });

  test("looks like a duplicate beside one with the same terms that has a claim", () => {
    const second = order({
      id: "order-2",
      client_order_id: "bot-2",
      submitted_at: "2026-05-21T13:42:02Z",
    });
    expect(findings([item()], [order(), second])).toEqual([
      "r-1 order-1: confirmed identifiers_agree fills_not_stated",
      "order-2: unknown_to_us no_such_claim looks_like_a_duplicate",
    ]);
  });
});

describe("a match without a whole id", () => {
  const bare = { result: null };

  test("by a longer id and all terms is confirmed, and says how", () => {
    const claim = item({ request_id: "2026-05-21-base", result: null });
    const longer = order({ client_order_id: "2026-05-21-base.0" });
    expect(findings([claim], [longer])).toEqual([
      "2026-05-21-base order-1: confirmed partial_identifier fills_not_stated",
    ]);
  });

  test("by an id in running text is confirmed where the terms agree, and uncertain without", () => {
    const id = "904837e3-3b76-47ec-b432-046db621571b";
    const claim = { result: `order ${id} placed` };
    expect(findings([item(claim)], [order({ id })])).toEqual([
      `r-1 ${id}: confirmed partial_identifier fills_not_stated`,
    ]);
    expect(findings([item({ ...claim, scope: null })], [order({ id })])).toEqual([
      `r-1 ${id}: uncertain partial_identifier terms_not_stated fills_not_stated`,
    ]);
  });

  test("by terms and time alone is never confirmed", () => {
    expect(findings([item(bare)], [order()])).toEqual(["r-1 order-1: uncertain heuristic_match"]);
    const hourLater = order({ submitted_at: "2026-05-21T14:42:00Z" });
    expect(findings([item(bare)], [hourLater])).toEqual([
      "r-1: missing_at_broker no_such_order outside_the_orders",
      "order-1: unknown_to_us no_such_claim",
    ]);
  });

  test("is ambiguous where two orders would fit, and neither is given to the claim", () => {
    const second = order({ id: "order-2", client_order_id: "bot-2" });
    expect(findings([item(bare)], [order(), second])).toEqual([
      "order-1: unknown_to_us ambiguous_match",
      "order-2: unknown_to_us ambiguous_match",
      "r-1: uncertain ambiguous_match",
    ]);
  });

  test("comes behind whole ids: an order that is somebody's is nobody's guess", () => {
    expect(findings([item(), item({ ...bare, request_id: "r-2" })], [order()])).toEqual([
      "r-1 order-1: confirmed identifiers_agree fills_not_stated",
      "r-2: missing_at_broker no_such_order",
    ]);
  });
});

describe("ids that contradict one another", () => {
  test("the claim's two ids are on two orders", () => {
    const claim = item({ result: { client_order_id: "bot-1", order_id: "order-2" } });
    const second = order({ id: "order-2", client_order_id: "bot-2" });
    expect(findings([claim], [order(), second])).toEqual([
      "order-1: contradiction identifier_conflict",
      "order-2: contradiction identifier_conflict",
      "r-1: contradiction identifier_conflict",
    ]);
  });

  test("the claim's order id is not that of the order with its client id", () => {
    const claim = item({ result: { client_order_id: "bot-1", order_id: "order-9" } });
    expect(findings([claim], [order()])).toEqual([
      "order-1: contradiction identifier_conflict",
      "r-1: contradiction identifier_conflict",
    ]);
  });

  test("two requests have one order: it is that one's whose terms agree, or nobody's", () => {
    const other = item({ request_id: "r-2", scope: { symbol: "TQQQ", side: "buy", qty: 12 } });
    expect(findings([item(), other], [order()])).toEqual([
      "r-1 order-1: confirmed identifiers_agree fills_not_stated",
      "r-2: contradiction claimed_twice",
    ]);
    expect(findings([item(), item({ request_id: "r-2" })], [order()])).toEqual([
      "order-1: contradiction claimed_twice",
      "r-1: contradiction claimed_twice",
      "r-2: contradiction claimed_twice",
    ]);
  });
});

describe("records of one request", () => {
  test("are one claim where they are states of it, and a SKIP is a finding of its own", () => {
    const records = [
      item({ ...NOTHING, status: "PENDING" }),
      item(),
      item({ ...NOTHING, status: "SKIP" }),
    ];
    expect(findings(records, [order()])).toEqual([
      "r-1 order-1: confirmed identifiers_agree fills_not_stated",
      "r-1: duplicate_blocked answered_without_order",
    ]);
  });

  test("are one claim, too, where its order was replaced between them", () => {
    const chain = [
      order({ status: "replaced", filled_qty: "0", replaced_by: "order-2" }),
      order({
        id: "order-2",
        client_order_id: "new-1",
        qty: "4",
        filled_qty: "4",
        replaces: "order-1",
      }),
    ];
    const before = item({ status: "ACCEPTED", result: null, order_id: "order-1" });
    const scope = { symbol: "TQQQ", side: "buy", qty: 4 };
    const after = item({ status: "FILLED", result: null, order_id: "order-2", scope });
    const one = ["r-1 order-1 order-2: confirmed identifiers_agree replaced fills_not_stated"];
    expect(findings([before, after], chain)).toEqual(one);
    expect(findings([after, before], chain)).toEqual(one);
    const other = item({ ...after, request_id: "r-2" });
    expect(findings([before, other], chain)[0]).toContain("claimed_twice");
  });

  test("with a SKIP that names the first one's order block a duplicate", () => {
    expect(findings([item(), item({ status: "SKIP" })], [order()])).toEqual([
      "r-1 order-1: confirmed identifiers_agree fills_not_stated",
      "r-1: duplicate_blocked answered_without_order",
    ]);
  });

  test("with a SKIP and a later order under its id contradict", () => {
    const later = order({ submitted_at: "2026-05-21T13:42:01Z" });
    expect(findings([item({ status: "SKIP" })], [later])).toEqual([
      "r-1 order-1: contradiction order_despite_block",
    ]);
  });

  describe("with an order each", () => {
    const again = (fields = {}) => item({ result: { client_order_id: "bot-2" }, ...fields });
    const other = (fields = {}) => order({ id: "order-2", client_order_id: "bot-2", ...fields });

    test("are an action that happened twice, whatever ids the orders have", () => {
      const agrees = "identifiers_agree fills_not_stated";
      const twice = [
        `r-1 order-1: contradiction ${agrees} request_twice`,
        `r-1 order-2: contradiction ${agrees} request_twice`,
      ];
      expect(findings([item(), again()], [order(), other()])).toEqual(twice);
      const more = { scope: { symbol: "TQQQ", side: "buy", qty: 7 } };
      const ordered = [order(), other({ qty: "7", filled_qty: "7" })];
      expect(findings([item(), again(more)], ordered)).toEqual(twice);
      const working = [order(), other({ filled_qty: "0", status: "new" })];
      expect(compared([item(), again()], working).counts.contradiction).toBe(2);
    });

    test("are none where one has done nothing, the sides differ, or the agents", () => {
      const none = { filled_qty: "0", status: "canceled" };
      const empty = compared([item(), again({ status: "CANCELED" })], [order(), other(none)]);
      expect(empty.toBeLookedAt).toBe(0);
      const sell = again({ scope: { symbol: "TQQQ", side: "sell", qty: 6 } });
      expect(compared([item(), sell], [order(), other({ side: "sell" })]).toBeLookedAt).toBe(0);
      const agent = again({ agent_id: "another" });
      expect(compared([item(), agent], [order(), other()]).toBeLookedAt).toBe(0);
    });
  });

  test("tell of the SKIP that a bot took for a fill", () => {
    const add = { symbol: "SQQQ", side: "buy", qty: 12 };
    const first = item({ scope: { symbol: "SQQQ", side: "buy", qty: 11 } });
    const booked = item({ scope: add, status: "COMMITTED", result: { decision: "SKIP" } });
    expect(
      findings([first, booked], [order({ symbol: "SQQQ", qty: "11", filled_qty: "11" })]),
    ).toEqual([
      "r-1 order-1: confirmed identifiers_agree fills_not_stated",
      "r-1: contradiction skip_taken_for_success",
    ]);
  });
});

describe("orders that belong together", () => {
  const chain = [
    order({ status: "replaced", filled_qty: "2", replaced_by: "order-2" }),
    order({
      id: "order-2",
      client_order_id: "new-1",
      qty: "4",
      filled_qty: "4",
      replaces: "order-1",
    }),
  ];

  test("a chain of replacements is one order, and its fills are added", () => {
    expect(findings([item({ filled_qty: "6" })], chain)).toEqual([
      "r-1 order-1 order-2: confirmed identifiers_agree replaced",
    ]);
    const byTheLast = { filled_qty: "6", result: { order_id: "order-2" } };
    expect(findings([item(byTheLast)], chain)).toEqual([
      "r-1 order-1 order-2: confirmed identifiers_agree replaced",
    ]);
  });

  test("a chain whose last order may count the others is uncertain where a claim says so", () => {
    const counting = [
      order({ status: "replaced", filled_qty: "2", replaced_by: "order-2" }),
      order({ id: "order-2", client_order_id: "new-1", replaces: "order-1" }),
    ];
    const says = (filled: string) => item({ filled_qty: filled, status: "filled" });
    expect(findings([says("6")], counting)).toEqual([
      "r-1 order-1 order-2: uncertain identifiers_agree replaced chain_may_count",
    ]);
    expect(findings([says("8")], counting)).toEqual([
      "r-1 order-1 order-2: confirmed identifiers_agree replaced",
    ]);
    expect(findings([says("7")], counting)).toEqual([
      "r-1 order-1 order-2: contradiction fills_differ",
    ]);
  });

  test("a leg that gave way to another one is a claim's own, and so is that", () => {
    const exit = { symbol: "TQQQ", side: "sell", qty: "6", submitted_at: AT } as const;
    const gone = { status: "replaced", filled_qty: "0", filled_avg_price: null };
    const profit = order({ ...exit, ...gone, id: "tp", client_order_id: "tp", replaced_by: "sl" });
    const stop = order({ ...exit, id: "sl", client_order_id: "sl", replaces: "tp" });
    const scope = { symbol: "TQQQ", side: "sell", qty: 6 };
    const claimOf = (id: string, status: string) =>
      item({ request_id: `r-${id}`, status, scope, result: { order_id: id } });
    const claims = [claimOf("tp", "canceled"), claimOf("sl", "filled")];
    const bracket = order({ order_class: "bracket", legs: [profit, stop] });
    const ofLegs = [
      "r-sl sl: confirmed identifiers_agree fills_not_stated",
      "r-tp tp: confirmed identifiers_agree ended_without_fill",
    ];
    expect(findings([item(), ...claims], [bracket])).toEqual(expect.arrayContaining(ofLegs));
    const oco = { ...profit, order_class: "oco", legs: [stop] };
    expect(findings(claims, [oco])).toEqual(expect.arrayContaining(ofLegs));
  });

  test("legs go with their order unless they have claims of their own", () => {
    const leg = order({
      id: "leg-1",
      client_order_id: "leg-1",
      side: "sell",
      filled_qty: "0",
      status: "held",
    });
    const bracket = order({ order_class: "bracket", legs: [leg] });
    expect(findings([item()], [bracket])).toEqual([
      "r-1 order-1 leg-1: confirmed identifiers_agree fills_not_stated",
    ]);
    expect(findings([], [bracket, leg])).toEqual(["order-1 leg-1: unknown_to_us no_such_claim"]);
    const own = { scope: { symbol: "TQQQ", side: "sell", qty: 6 }, result: { order_id: "leg-1" } };
    const legClaim = item({ request_id: "r-leg", status: "accepted", ...own });
    expect(findings([item(), legClaim], [bracket])).toEqual(
      [
        "r-leg leg-1: confirmed identifiers_agree still_working",
        "r-1 order-1: confirmed identifiers_agree fills_not_stated",
      ].sort(),
    );
  });

  test("another attempt of a claim is told, and is a contradiction if it did something", () => {
    const claim = item({ result: { client_order_id: `${TL}-2` } });
    const second = order({ id: "order-2", client_order_id: `${TL}-2` });
    const first = { client_order_id: `${TL}-1`, status: "canceled" };
    expect(findings([claim], [order({ ...first, filled_qty: "0" }), second])).toEqual([
      "r-1 order-2 order-1: confirmed identifiers_agree fills_not_stated other_attempt",
    ]);
    expect(findings([claim], [order({ ...first, filled_qty: "1" }), second])).toEqual([
      "r-1 order-2 order-1: contradiction identifiers_agree fills_not_stated two_attempts",
    ]);
  });

  test("an order that was given twice counts once, as it was last", () => {
    const early = order({ filled_qty: "0", status: "new", updated_at: AT });
    const late = order({ updated_at: "2026-05-21T13:42:05Z" });
    expect(findings([item()], [late, early, late])).toEqual([
      "r-1 order-1: confirmed identifiers_agree fills_not_stated",
    ]);
  });
});
