/** Which incidents a claim opens and ends by itself: what people are told, and when it is over. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { evolveClaim } from "../../src/claim/evolve.ts";
import {
  type ClaimChange,
  incidentsOfClaim,
  waitsForWord,
} from "../../src/claim/incidents-of-claim.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { evolveIncident, type Incident, type IncidentKind } from "../../src/incident/incident.ts";
import { ACCOUNT, buy, filledOrder, orderOf, proceeded, refusal, START, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

interface Change {
  readonly before: Claim;
  readonly after: Claim;
}

type Known = Omit<ClaimChange, "before" | "after" | "nextIncident" | "causes">;

function incidentsOf({ before, after }: Change, known: Known) {
  const causes = () => [after.key];
  return incidentsOfClaim({ before, after, ...known, nextIncident: () => 7, causes });
}

function told(of: Change, open?: Incident, isOverdue = false, isHeld = true) {
  return incidentsOf(of, { isOverdue, isMissing: false, isHeld, open });
}

/** The same of an order that was looked at again and again, and not seen. */
function toldUnseen(of: Change, why: Pick<ClaimChange, "isMissing" | "unreadBecause">) {
  return incidentsOf(of, { isOverdue: true, isHeld: true, open: undefined, ...why });
}

function open(kind: IncidentKind): Incident {
  const opened = { type: "incident_opened", incident: 5, kind, subject: "s" } as const;
  const about = { account: ACCOUNT, symbol: "TQQQ" };
  return evolveIncident(undefined, about, { ...opened, summary: "", next: "", causes: [] }, START);
}

/** A claim of `intent`, changed by `happens`. */
function change(
  happens: (ledger: MemoryLedger, claim: Claim) => void,
  intent: Intent = buy("6"),
  prior: (ledger: MemoryLedger, claim: Claim) => void = () => {},
): Change {
  const ledger = new MemoryLedger();
  if (intent.effect === "close") ledger.adopt("6", "70");
  const claim = proceeded(ledger.claim(intent));
  prior(ledger, claim);
  const before = ledger.get(claim.key);
  happens(ledger, claim);
  return { before, after: ledger.get(claim.key) };
}

const nothing = () => {};
const lost = (ledger: MemoryLedger, claim: Claim) => ledger.loseAnswer(claim);
const filled = (ledger: MemoryLedger, claim: Claim) => ledger.accept(claim, filledOrder(claim));
const working = (ledger: MemoryLedger, claim: Claim) => ledger.accept(claim, orderOf(claim));
const refused = (ledger: MemoryLedger, claim: Claim) =>
  ledger.answer(claim, { kind: "refused", refusal: refusal() });
/** Ended, with a share that has no price yet. */
const unpriced = (ledger: MemoryLedger, claim: Claim) =>
  ledger.accept(claim, filledOrder(claim, null));
/** Replaced by an order that nobody has read. */
const replaced = (ledger: MemoryLedger, claim: Claim) =>
  ledger.read(claim, orderOf(claim, { status: "replaced" }));
const workingOn = (ledger: MemoryLedger, claim: Claim) => {
  working(ledger, claim);
  replaced(ledger, claim);
};
const absent = (ledger: MemoryLedger, claim: Claim) => {
  ledger.loseAnswer(claim);
  ledger.after(60_000).proveAbsent(claim);
};

describe("an incident begins", () => {
  test("when an exit is refused, with what the broker said", () => {
    const { before, after } = change(refused, sell("6"));
    expect(told({ before, after })).toEqual([
      {
        ...{ type: "incident_opened", incident: 7, kind: "refused_exit" },
        ...{ subject: `claim momentum/${after.key.requestId}`, causes: [after.key] },
        summary: "the broker refused to sell 6 TQQQ: 422 position not found",
        next: "the broker's records are read; until they show why, this exit is not sent again",
      },
    ]);
    expect(told({ before: after, after })).toEqual([]);
  });

  test("when an exit in dollars is refused, which it names by its dollars", () => {
    const exit = sell("1", { quantity: null, notional: decimal("140") });
    expect(told(change(refused, exit))[0]).toMatchObject({
      summary: "the broker refused to sell 140 USD of TQQQ: 422 position not found",
    });
  });

  test("when nobody knows for long what became of an order", () => {
    const unknown = change(lost);
    const id = unknown.after.clientOrderId;
    expect(told(unknown)).toEqual([]);
    expect(told(unknown, undefined, true)).toMatchObject([
      {
        ...{ type: "incident_opened", kind: "unknown_outcome" },
        summary: "nobody knows what became of the order to buy 6 TQQQ: timeout",
        next: `it is looked for under ${id} until it is found or proved absent`,
      },
    ]);
  });

  test("when nobody knows for long which order is in the place of one", () => {
    const unknown = change(workingOn);
    expect(told(unknown)).toEqual([]);
    expect(told(unknown, undefined, true)).toMatchObject([
      {
        ...{ type: "incident_opened", kind: "unknown_outcome" },
        summary: "the order to buy 6 TQQQ was replaced, and nobody knows the order in its place",
        next:
          "that is looked for among the broker's orders; " +
          "what the claim holds it keeps until it is found",
      },
    ]);
  });

  test("for no order in the place of one that a person has ended: its fills are missing, if any", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    workingOn(ledger, claim);
    const ended = { type: "operator_ended", outcome: "rejected", by: "ada", reason: "" } as const;
    const after = evolveClaim(ledger.get(claim.key), claim.key, ended, START);
    expect(told({ before: after, after }, undefined, true)).toMatchObject([
      { kind: "missing_fills" },
    ]);
  });

  test("when fills of an ended order are missing for long", () => {
    const missing = change(unpriced);
    expect(told(missing)).toEqual([]);
    expect(told(missing, undefined, true)).toMatchObject([
      {
        kind: "missing_fills",
        summary: "the order to buy 6 TQQQ has ended, and the broker shows fills that do not add up",
        next: "its order is read again until every share is in the book",
      },
    ]);
  });

  test.each([
    ["works", working],
    ["has settled", filled],
    ["is on its way", nothing],
  ])("for no order that %s, however long it takes", (_, happens) => {
    expect(told(change(happens), undefined, true)).toEqual([]);
  });

  const provedAbsent = (ledger: MemoryLedger, claim: Claim) =>
    ledger.after(60_000).proveAbsent(claim);

  test("when an exit is proved not to be at the broker, with what was heard of it", () => {
    const exit = change(provedAbsent, sell("6"), lost);
    expect(told(exit)).toMatchObject([
      {
        ...{ type: "incident_opened", incident: 7, kind: "lost_exit" },
        summary: "the order to sell 6 TQQQ is not at the broker: timeout",
        next: "the bot's next try is sent; where none comes, or the broker takes none, close it by hand",
      },
    ]);
    expect(told({ before: exit.after, after: exit.after })).toEqual([]);
  });

  test("for no exit of what is held no more, and for no entry, that is not at the broker", () => {
    expect(told(change(provedAbsent, sell("6"), lost), undefined, false, false)).toEqual([]);
    expect(told(change(provedAbsent, buy("6"), lost))).toEqual([]);
  });

  test("once more, behind the one about an outcome that was unknown for long", () => {
    const known = told(change(provedAbsent, sell("6"), lost), open("unknown_outcome"));
    expect(known).toMatchObject([
      { type: "incident_resolved", incident: 5, verdict: "outcome_known" },
      { type: "incident_opened", incident: 7, kind: "lost_exit" },
    ]);
  });

  test("for no entry that is refused: the caller was told", () => {
    expect(told(change(refused), undefined, true)).toEqual([]);
  });
});

describe("what nobody expected any more is told, and is over", () => {
  test("when an order appears that was proved absent", () => {
    const surfaced = change(
      (ledger, claim) => ledger.read(claim, orderOf(claim)),
      buy("6"),
      absent,
    );
    expect(told(surfaced)).toMatchObject([
      {
        ...{ type: "incident_opened", incident: 7, kind: "late_evidence" },
        summary: "the broker showed an order whose end was absent: buy 6 TQQQ",
        next: "nothing: it is in the book",
      },
      {
        ...{ type: "incident_resolved", incident: 7, verdict: "landed", provenance: "venue" },
        reason: "the broker's order shows it",
      },
    ]);
  });

  test("when a fill appears of an order that had ended", () => {
    const ended = (ledger: MemoryLedger, claim: Claim) =>
      ledger.accept(claim, orderOf(claim, { status: "canceled" }));
    const late = change((ledger, claim) => ledger.read(claim, filledOrder(claim)), buy("6"), ended);
    expect(told(late)).toMatchObject([
      { summary: "the broker showed a fill of an ended order: buy 6 TQQQ" },
      { type: "incident_resolved", incident: 7, verdict: "fills_booked" },
    ]);
  });

  test("but the fills of an order at work, and those that were missed, are expected", () => {
    const half = (ledger: MemoryLedger, claim: Claim) =>
      ledger.read(claim, orderOf(claim, { status: "partially_filled", filled: "3" }));
    expect(told(change(half, buy("6"), working))).toEqual([]);
    const priced = (ledger: MemoryLedger, claim: Claim) => ledger.read(claim, filledOrder(claim));
    expect(told(change(priced, buy("6"), unpriced))).toEqual([]);
    expect(told(change(working))).toEqual([]);
  });

  test("and an order that is sent again after its absence is no late one", () => {
    const again = change((ledger) => ledger.claim(buy("6")), buy("6"), absent);
    expect(again.after.status).toBe("OPEN");
    expect(told(again)).toEqual([]);
  });
});

describe("an open incident ends", () => {
  const landed = (ledger: MemoryLedger, claim: Claim) => ledger.read(claim, orderOf(claim));

  test("about a refused exit, when its order is at the broker after all", () => {
    const found = change(landed, sell("6"), refused);
    expect(told(found, open("refused_exit"))).toEqual([
      {
        ...{ type: "incident_resolved", incident: 5, verdict: "landed", provenance: "venue" },
        reason: "the order is at the broker: new",
      },
    ]);
    expect(told(change(nothing, sell("6"), refused), open("refused_exit"))).toEqual([]);
  });

  test("about a lost exit, when a try of it is at the broker, or is refused", () => {
    const again = (happens: (ledger: MemoryLedger, claim: Claim) => void) =>
      change(happens, sell("6"), (ledger, claim) => {
        absent(ledger, claim);
        ledger.claim(sell("6"));
      });
    const sent = again((ledger, { key }) =>
      ledger.accept(ledger.get(key), orderOf(ledger.get(key))),
    );
    expect(told(sent, open("lost_exit"))).toMatchObject([
      { type: "incident_resolved", incident: 5, verdict: "landed" },
    ]);
    const turnedDown = again((ledger, { key }) => refused(ledger, ledger.get(key)));
    expect(told(turnedDown, open("lost_exit"))).toMatchObject([
      { type: "incident_resolved", incident: 5, verdict: "outcome_known" },
      { type: "incident_opened", incident: 7, kind: "refused_exit" },
    ]);
    expect(
      told(
        again((ledger, { key }) => lost(ledger, ledger.get(key))),
        open("lost_exit"),
      ),
    ).toEqual([]);
  });

  test.each([
    ["is found at work", landed, "new"],
    ["is found filled", filled, "filled"],
    ["is proved absent", absent, "absent"],
  ])("about an unknown outcome, when the order %s", (_, happens, end) => {
    const [event] = told(change(happens, buy("6"), lost), open("unknown_outcome"));
    expect(event).toEqual({
      ...{ type: "incident_resolved", incident: 5, verdict: "outcome_known", provenance: "venue" },
      reason: `the broker's records show it: ${end}`,
    });
  });

  test("about an order in another's place, once that is known, or the first one works on", () => {
    const again = (ledger: MemoryLedger, claim: Claim) => ledger.read(claim, orderOf(claim));
    expect(told(change(again, buy("6"), workingOn), open("unknown_outcome"))).toMatchObject([
      { type: "incident_resolved", reason: "the broker's records show it: new" },
    ]);
    expect(told(change(nothing, buy("6"), workingOn), open("unknown_outcome"))).toEqual([]);
  });

  test("about an unknown outcome, when the order is found to be replaced: another question", () => {
    expect(told(change(replaced, buy("6"), lost), open("unknown_outcome"))).toMatchObject([
      { type: "incident_resolved", reason: "the broker's records show it: replaced" },
    ]);
  });

  test("about an unknown outcome, with a refusal that came late, which is told of anew", () => {
    const late = change(refused, sell("6"), lost);
    expect(told(late, open("unknown_outcome"))).toMatchObject([
      { type: "incident_resolved", reason: "the broker's records show it: refused" },
      { type: "incident_opened", incident: 7, kind: "refused_exit" },
    ]);
  });

  test("about missing fills, when every share is in the book", () => {
    const priced = (ledger: MemoryLedger, claim: Claim) => ledger.read(claim, filledOrder(claim));
    expect(told(change(priced, buy("6"), unpriced), open("missing_fills"))).toEqual([
      {
        ...{ type: "incident_resolved", incident: 5, verdict: "fills_booked", provenance: "venue" },
        reason: "every share that was filled is in the book",
      },
    ]);
    expect(told(change(nothing, buy("6"), unpriced), open("missing_fills"))).toEqual([]);
  });

  test("in no other way: while it is open, nothing is told anew", () => {
    expect(told(change(nothing, buy("6"), lost), open("unknown_outcome"), true)).toEqual([]);
    const again = change((ledger) => ledger.claim(buy("6")), buy("6"), absent);
    expect(told(again, open("unknown_outcome"))).toEqual([]);
    expect(told(change(filled, buy("6"), lost), open("late_evidence"))).toEqual([]);
  });
});

describe("about an order that the broker has taken, and does not show", () => {
  const KEPT = "and the claim keeps what it holds; look for the order in the broker's own records";
  const HOW_ENDED = "and where it is over say how the claim has ended";
  const atWork = change(nothing, buy("6"), working);
  const taken = `the broker took the order to buy 6 TQQQ as ${atWork.after.brokerOrderId}`;

  test("an incident says that it has none of that id", () => {
    expect(toldUnseen(atWork, { isMissing: true })).toMatchObject([
      {
        ...{ kind: "unknown_outcome", summary: `${taken}, and says that it has none of that id` },
        next: `it is read again until it is shown, ${KEPT}, ${HOW_ENDED}`,
      },
    ]);
  });

  test("or why it cannot be read", () => {
    const why = { isMissing: false, unreadBecause: "it has no symbol" };
    expect(toldUnseen(atWork, why)).toMatchObject([
      {
        ...{
          kind: "unknown_outcome",
          summary: `${taken}, and it cannot be read: it has no symbol`,
        },
        next: `it is read again until it can be, ${KEPT}, ${HOW_ENDED}`,
      },
    ]);
  });

  test("is over when something is shown of it that was not on record, and not before", () => {
    const inPart = (ledger: MemoryLedger, claim: Claim) =>
      ledger.read(claim, orderOf(claim, { status: "partially_filled", filled: "2" }));
    const more = (ledger: MemoryLedger, claim: Claim) =>
      ledger.read(claim, orderOf(claim, { status: "partially_filled", filled: "3" }));
    const canceling = (ledger: MemoryLedger, claim: Claim) =>
      ledger.read(claim, orderOf(claim, { status: "pending_cancel" }));
    // The last shares have no price yet: nothing more is booked, and the order is over.
    const setAside =
      (filled: string, price: string | null) => (ledger: MemoryLedger, claim: Claim) =>
        ledger.read(claim, orderOf(claim, { status: "done_for_day", filled, price }));
    for (const [shown, prior] of [
      [inPart, working],
      [more, inPart],
      [canceling, working],
      [setAside("6", null), setAside("2", "75")],
    ] as const) {
      const [end] = told(change(shown, buy("6"), prior), open("unknown_outcome"));
      expect(end).toMatchObject({ type: "incident_resolved", verdict: "outcome_known" });
    }
    expect(told(atWork, open("unknown_outcome"))).toEqual([]);
  });
});

describe("a person may say how a claim has ended", () => {
  test("while the broker has not taken its order, whatever the incident is about", () => {
    const { after } = change(lost);
    expect(waitsForWord(after, "unknown_outcome")).toBe(true);
    expect(waitsForWord(after, "refused_exit")).toBe(true);
  });

  test("of an order that it has taken only while that is not shown", () => {
    const { after } = change(working);
    expect(waitsForWord(after, "unknown_outcome")).toBe(true);
    expect(waitsForWord(after, "missing_fills")).toBe(false);
    expect(waitsForWord(change(workingOn).after, "unknown_outcome")).toBe(false);
  });

  test("not of one that is over, or has an answer to come", () => {
    expect(waitsForWord(change(filled).after, "unknown_outcome")).toBe(false);
    expect(waitsForWord(change(nothing).after, "unknown_outcome")).toBe(false);
  });
});
