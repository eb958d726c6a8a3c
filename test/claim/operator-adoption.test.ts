/** What an operator's word does to a book that is not the broker's position, and when it does not. */
import { describe, expect, test } from "vitest";
import { type Book, emptyBook } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { type AdoptedPosition, decideAdoption } from "../../src/claim/decide-adoption.ts";
import { decimal } from "../../src/core/decimal.ts";
import {
  evolveIncident,
  type Incident,
  type IncidentEvent,
  subjectOfPosition,
} from "../../src/incident/incident.ts";
import { ACCOUNT, buy, filledOrder, orderOf, proceeded, refusal, START, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const WORD = "anna: seen at the broker";

function incidentAbout(subject = subjectOfPosition("TQQQ")): Incident {
  const event: IncidentEvent = {
    ...{ type: "incident_opened", incident: 7, kind: "phantom", subject },
    ...{ summary: "s", next: "n", causes: [] },
  };
  return evolveIncident(undefined, { account: ACCOUNT, symbol: "TQQQ" }, event, START);
}

function bookOf(net: string): Book {
  return { ...emptyBook(ACCOUNT, "TQQQ"), net: decimal(net) };
}

/** The broker holds two, the book six, and both were confirmed, unless `changes` say otherwise. */
function position(changes: Partial<AdoptedPosition> = {}): AdoptedPosition {
  const [net, averagePrice, bookNet] = [decimal("2"), decimal("71.5"), decimal("6")];
  return { net, averagePrice, bookNet, isToBeClosed: false, ...changes };
}

function decided({
  incident = incidentAbout(),
  book = bookOf("6"),
  claims = [],
  seen = position(),
}: {
  readonly incident?: Incident;
  readonly book?: Book;
  readonly claims?: readonly Claim[];
  readonly seen?: AdoptedPosition;
} = {}) {
  return decideAdoption(incident, book, claims, seen, WORD);
}

const REASON = `${WORD}; the book now holds 2 TQQQ, as the broker does`;
const ADJUSTED = {
  ...{ type: "position_adjusted", net: "2", averagePrice: "71.5", incident: 7, cause: null },
};

describe("an operator who has confirmed what book and broker hold", () => {
  test("has the book take over the broker's, and the incident ended by that word", () => {
    const resolved = {
      ...{ type: "incident_resolved", incident: 7, verdict: "adopted" },
      ...{ provenance: "operator", reason: REASON },
    };
    expect(decided()).toEqual({ kind: "adopted", events: [ADJUSTED, resolved] });
  });

  test("keeps the incident open where what was taken over is yet to be closed", () => {
    const told = { type: "incident_evidence", incident: 7, text: REASON };
    const events = [ADJUSTED, { ...told, next: "the position is being closed" }];
    expect(decided({ seen: position({ isToBeClosed: true }) })).toEqual({
      kind: "adopted",
      events,
    });
  });

  test("adjusts no book that holds what the broker does", () => {
    const decision = decided({ book: bookOf("2"), seen: position({ bookNet: decimal("2") }) });
    expect(decision).toMatchObject({ kind: "adopted", events: [{ type: "incident_resolved" }] });
  });
});

describe("nothing is taken over", () => {
  test("under an incident that is not about a position", () => {
    const incident = incidentAbout("order order-9");
    expect(decided({ incident })).toEqual({ kind: "not_a_position" });
  });

  test("where the book has moved since it was looked at", () => {
    expect(decided({ book: bookOf("5") })).toEqual({ kind: "position_moved" });
  });

  test("while nobody knows whether an order in the symbol is at the broker", () => {
    const ledger = new MemoryLedger();
    const claim = ledger.loseAnswer(proceeded(ledger.claim(buy("6"))));
    const settled = new MemoryLedger();
    const filled = proceeded(settled.claim(buy("6")));
    const over = settled.accept(filled, filledOrder(filled));
    expect(decided({ claims: [over, claim] })).toEqual({ kind: "claim_waits" });
  });

  test("while the verdict on a refused exit is to come", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const exit = proceeded(ledger.claim(sell("6")));
    const claim = ledger.answer(exit, { kind: "refused", refusal: refusal() }) as Claim;
    expect(decided({ claims: [claim] })).toEqual({ kind: "claim_waits" });
  });
});

test("an order that works at the broker does not keep a book from being put right", () => {
  const ledger = new MemoryLedger();
  const claim = proceeded(ledger.claim(buy("6")));
  const working = ledger.accept(claim, orderOf(claim));
  expect(decided({ claims: [working] }).kind).toBe("adopted");
});
