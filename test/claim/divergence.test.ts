/** What a difference between book and broker comes to, and when it is none of our business yet. */
import { describe, expect, test } from "vitest";
import { type Book, emptyBook, withFill } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import {
  type DivergenceCommand,
  type DivergenceSnapshot,
  decideDivergence,
} from "../../src/claim/decide-divergence.ts";
import type { PositionRead } from "../../src/claim/decide-verdict.ts";
import type { DivergencePolicy } from "../../src/claim/policy.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { ClaimKey, RequestId } from "../../src/core/ids.ts";
import { evolveIncident, type Incident, type IncidentEvent } from "../../src/incident/incident.ts";
import {
  ACCOUNT,
  AGENT,
  buy,
  filledOrder,
  orderOf,
  proceeded,
  refusal,
  START,
  sell,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const CAUSE: ClaimKey = { account: ACCOUNT, agent: AGENT, requestId: "entry" as RequestId };
const LATER = START + 60_000;

const OPENED: IncidentEvent = {
  ...{ type: "incident_opened", incident: 7, kind: "phantom", subject: "position TQQQ" },
  ...{ summary: "the broker holds 0 TQQQ, the book 6", next: "n", causes: [] },
};
const open = () => evolveIncident(undefined, { account: ACCOUNT, symbol: "TQQQ" }, OPENED, START);

function bookOf(net: string, reserved?: string): Book {
  const book = { ...emptyBook(ACCOUNT, "TQQQ"), net: decimal(net) };
  if (reserved === undefined) return book;
  return { ...book, reservations: [{ ...CAUSE, quantity: decimal(reserved) }] };
}

function reads(quantity: string, ...moments: readonly number[]): readonly PositionRead[] {
  const shares = decimal(quantity);
  const read = { quantity: shares, available: shares, averagePrice: decimal("71") };
  return moments.map((after) => ({ ...read, at: START + after }));
}

/** A book of six and two reads of nothing, unless `changes` say otherwise. */
function decided(changes: Partial<DivergenceSnapshot & DivergenceCommand> = {}) {
  const { book = bookOf("6"), claims = [], open, policy = "adopt" } = changes;
  const { bookNet = book.net, movedAt = null, now = LATER } = changes;
  const { hasMoved = () => false, seenThrough = 40, unknown, isToClose = false } = changes;
  const seen = changes.reads ?? reads("0", 0, 10_000);
  return decideDivergence(
    { book, claims, hasMoved, open, nextIncident: 8, causes: [CAUSE] },
    { reads: seen, bookNet, seenThrough, movedAt, policy, unknown, isToClose, now },
  );
}

const types = (changes: Parameters<typeof decided>[0]) => decided(changes).map(({ type }) => type);

describe("a difference that counts", () => {
  test("is taken over: an incident tells of it, and the book gets what the broker holds", () => {
    expect(decided()).toEqual([
      {
        ...{ type: "incident_opened", incident: 8, kind: "phantom", subject: "position TQQQ" },
        ...{ summary: "the broker holds 0 TQQQ, the book 6", causes: [CAUSE] },
        next: "the book takes over what the broker holds; nothing is traded",
      },
      {
        ...{ type: "position_adjusted", net: "0", averagePrice: "71", incident: 8, cause: null },
      },
      {
        ...{ type: "incident_resolved", incident: 8, verdict: "adopted", provenance: "venue" },
        reason: "the book now holds 0 TQQQ, as the broker does",
      },
    ]);
  });

  test.each([
    ["phantom", "6", "0"],
    ["phantom", "-6", "0"],
    ["orphan", "0", "6"],
    ["orphan", "0", "-6"],
    ["quantity", "6", "2"],
    ["quantity", "-6", "-9"],
    ["side", "6", "-6"],
    ["side", "-6", "2"],
  ])("is a %s, with %s in the book and %s at the broker", (kind, net, broker) => {
    const events = decided({ book: bookOf(net), reads: reads(broker, 0, 10_000) });
    expect(events[0]).toMatchObject({ type: "incident_opened", kind });
    expect(events[1]).toMatchObject({ type: "position_adjusted", net: broker });
  });

  test.each<[DivergencePolicy, readonly string[], RegExp]>([
    ["adopt", ["incident_opened", "position_adjusted", "incident_resolved"], /nothing is traded$/],
    ["flatten", ["incident_opened", "position_adjusted"], /and the position is closed$/],
    [
      "observe",
      ["incident_opened"],
      /^book and broker are compared again, .* by hand; entries stay free$/,
    ],
    ["block-entries", ["incident_opened"], /are blocked until they agree; find out who traded$/],
  ])("is treated as the policy says, which the incident tells: %s", (policy, expected, next) => {
    expect(types({ policy })).toEqual(expected);
    expect(decided({ policy })[0]).toMatchObject({ next: expect.stringMatching(next) });
  });

  test("is taken over in the open incident, where one was open under another policy", () => {
    expect(types({ open: open() })).toEqual(["position_adjusted", "incident_resolved"]);
    for (const event of decided({ open: open() })) expect(event).toMatchObject({ incident: 7 });
  });

  test("is taken over there under flatten too, and that is over once all of it is closed", () => {
    expect(types({ open: open(), policy: "flatten" })).toEqual(["position_adjusted"]);
  });

  describe("in an open incident that takes nothing over", () => {
    const policy = "observe";
    const decidedIn = (incident: Incident, broker: string, net = "6") =>
      decided({ open: incident, policy, book: bookOf(net), reads: reads(broker, 0, 10_000) });

    test("is told anew where it has become another one", () => {
      const told = decidedIn(open(), "60");
      const text = "the broker holds 60 TQQQ, the book 6";
      expect(told).toEqual([{ type: "incident_evidence", incident: 7, text, next: null }]);
      const [event] = told as IncidentEvent[];
      const known = evolveIncident(open(), open(), event as IncidentEvent, LATER);
      expect(decidedIn(known, "60")).toEqual([]);
      expect(decidedIn(known, "0")).toHaveLength(1);
    });

    test("is not where both have moved by as much, or its last word is about something else", () => {
      expect(decidedIn(open(), "3", "9")).toEqual([]);
      const note: IncidentEvent = {
        ...{ type: "incident_evidence", incident: 7, text: "ann looks at it", next: null },
      };
      const noted = evolveIncident(open(), open(), note, LATER);
      expect(decidedIn(noted, "0")).toEqual([]);
      expect(decidedIn(noted, "1")).toHaveLength(1);
    });
  });

  describe("while an order of ours is not shown", () => {
    const unknown = "the order of r-9 is not shown";

    test.each<DivergencePolicy>(["adopt", "flatten", "observe", "block-entries"])(
      "is told, with what is not known, and not taken over under %s",
      (policy) => {
        const [opened, ...rest] = decided({ policy, unknown });
        expect(opened).toMatchObject({ type: "incident_opened" });
        const waits = "and may have done this: nothing is taken over before that is known";
        const gone = "an order that the broker does not have any more has an incident of its own";
        expect(opened).toMatchObject({ next: `${unknown}, ${waits}; ${gone}` });
        expect(rest).toEqual([]);
        expect(decided({ open: open(), policy, unknown })).toEqual([]);
      },
    );
  });

  test.each<DivergencePolicy>(["observe", "block-entries"])("is told of once under %s", (policy) =>
    expect(decided({ open: open(), policy })).toEqual([]),
  );

  test("tells of exits at work that are for more than is held, which only a person can end", () => {
    const reason = (reserved: string, broker: string) =>
      decided({ book: bookOf("6", reserved), reads: reads(broker, 0, 10_000) })[2];
    expect(reason("4", "2")).toMatchObject({
      reason: expect.stringMatching(/; exits at work are for 4: cancel what is not wanted$/),
    });
    for (const [reserved, broker] of [
      ["2", "2"],
      ["4", "5"],
      ["4", "-5"],
    ] as const) {
      const holds = `the book now holds ${broker} TQQQ, as the broker does`;
      expect(reason(reserved, broker), reserved).toMatchObject({ reason: holds });
    }
  });
});

describe("the fee of a pair of currencies", () => {
  const fill = { side: "buy", quantity: decimal("1"), cost: decimal("60000") } as const;
  const book = withFill(emptyBook(ACCOUNT, "BTC/USD"), { ...fill, by: CAUSE, feeInCoin: true });

  test("is taken over by one read, with no incident, whatever the policy and however late", () => {
    for (const seen of [reads("0.9975", 0), reads("0.9975", 0, 10_000)]) {
      const events = decided({ book, reads: seen, policy: "block-entries", movedAt: LATER });
      expect(events).toEqual([
        {
          ...{ type: "position_adjusted", net: "0.9975", averagePrice: "60000", fee: "0.0025" },
          ...{ incident: 0, cause: null },
        },
      ]);
    }
  });

  test("is not what a position lacks while an order of ours is not shown, which may have sold it", () => {
    const unknown = "the broker does not show an order";
    expect(decided({ book, unknown, reads: reads("0.9975", 0) })).toEqual([]);
    const told = decided({ book, unknown, reads: reads("0.9975", 0, 10_000) });
    expect(told).toMatchObject([{ type: "incident_opened" }]);
  });

  test("is not what a position lacks by more: that is a difference like any other", () => {
    expect(decided({ book, reads: reads("0.99", 0) })).toEqual([]);
    expect(types({ book, reads: reads("0.99", 0, 10_000) })).toContain("incident_opened");
  });
});

/** The book was moved by the event 41. */
const hasMoved = (after: number) => after < 41;

describe("a difference does not count", () => {
  test.each<[string, Partial<DivergenceSnapshot & DivergenceCommand>]>([
    ["without a read", { reads: [] }],
    ["after one read", { reads: reads("0", 10_000) }],
    ["where reads are less than ten seconds apart", { reads: reads("0", 0, 5_000, 9_999) }],
    ["where reads differ", { reads: [...reads("6", 0), ...reads("0", 10_000)] }],
    ["where the book has moved since the reads", { bookNet: decimal("4") }],
    ["where it has come back to what it held", { hasMoved, seenThrough: 40 }],
    ["while a fill is younger than 30 s", { movedAt: LATER - 29_999 }],
  ])("%s", (_, changes) => {
    expect(decided(changes)).toEqual([]);
  });

  test("but does so where the last move of the book was known before the reads", () => {
    expect(decided({ hasMoved, seenThrough: 41 })).toHaveLength(3);
  });

  test("but does so as soon as the last fill is 30 s old", () => {
    expect(decided({ movedAt: LATER - 30_000 })).toHaveLength(3);
  });

  test.each<[string, number, (ledger: MemoryLedger, claim: Claim) => void]>([
    ["while an order is on its way", 0, () => {}],
    ["while an outcome is unknown", 0, (ledger, claim) => ledger.loseAnswer(claim)],
    [
      "but does so beside an order at work",
      3,
      (ledger, claim) => {
        ledger.accept(claim, orderOf(claim));
      },
    ],
    [
      "but does so after an order that ended",
      3,
      (ledger, claim) => {
        ledger.accept(claim, filledOrder(claim));
      },
    ],
    ["but does so after one that was never sent", 3, (ledger, claim) => ledger.conclude(claim)],
  ])("%s", (_, count, live) => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    live(ledger, claim);
    const settled = proceeded(ledger.claim(buy("1", { symbol: "SOXL" })));
    const over = ledger.conclude(settled);
    expect(decided({ claims: [over, ledger.get(claim.key)] })).toHaveLength(count);
  });

  test("while a refused exit is in question: its verdict decides about the position", () => {
    const ledger = new MemoryLedger().adopt("6", "70");
    const exit = proceeded(ledger.claim(sell("6")));
    ledger.answer(exit, { kind: "refused", refusal: refusal() });
    expect(decided({ claims: [ledger.get(exit.key)] })).toEqual([]);
  });
});

describe("book and broker that agree", () => {
  const agreed = reads("6", 0, 10_000);

  test("end the open incident, even right after a fill", () => {
    expect(decided({ reads: agreed, open: open(), movedAt: LATER })).toEqual([
      {
        ...{ type: "incident_resolved", incident: 7, verdict: "agrees_again", provenance: "venue" },
        reason: "book and broker both hold 6 TQQQ",
      },
    ]);
  });

  test("are nothing to tell of where no incident is open", () => {
    expect(decided({ reads: agreed })).toEqual([]);
  });

  test("end what is to be flattened only once nothing is held", () => {
    const flatten = { open: open(), policy: "flatten", isToClose: true } as const;
    expect(decided({ reads: agreed, ...flatten })).toEqual([]);
    expect(types({ book: bookOf("0"), ...flatten })).toEqual(["incident_resolved"]);
    expect(types({ book: bookOf("0"), open: open(), policy: "observe" })).toHaveLength(1);
  });

  test("end it, too, where nothing is held any more that was taken over", () => {
    const flatten = { open: open(), policy: "flatten", isToClose: false } as const;
    expect(types({ reads: agreed, ...flatten })).toEqual(["incident_resolved"]);
  });
});
