import { describe, expect, test } from "vitest";
import { causeChain } from "../../src/page/model/cause-chain.ts";
import { actionsOf } from "../../src/page/model/incident-actions.ts";
import { unreadText } from "../../src/page/model/time-text.ts";
import type { ClaimView, IncidentView, PositionsView } from "../../src/page/sidecar-answers.ts";

const PHANTOM: IncidentView = {
  ...{ id: 3, account: "account", symbol: "TQQQ", kind: "phantom", status: "open" },
  ...{ subject: "position TQQQ", openedAt: "2026-05-21T15:14:00.000Z", version: 1 },
  ...{ summary: "the broker holds 0 TQQQ, the book 6", next: "find out who traded" },
  ...{ causes: [], evidence: [], resolution: null },
};
const KEY = { agent: "momentum", requestId: "r-2" };
const REFUSED: IncidentView = {
  ...PHANTOM,
  ...{ kind: "refused_exit", subject: "claim momentum/r-2", causes: [KEY] },
};
const CLAIM = {
  ...{ ...KEY, status: "IN_RECONCILIATION", brokerOrderId: null, outcome: null },
  ...{ refusal: { httpStatus: 422, message: "position intent mismatch" }, claimedAt: "x" },
  intent: { side: "sell", quantity: "6", notional: null, symbol: "TQQQ", effect: "close" },
} as unknown as ClaimView;
const NONE: ReadonlyMap<string, ClaimView> = new Map();

function positions(broker: string | null, book: string): PositionsView {
  const held = broker === null ? null : { quantity: broker, available: broker, averagePrice: "1" };
  const difference = String(Number(broker ?? "0") - Number(book));
  const row = { symbol: "TQQQ", broker: held, book: { net: book }, difference };
  return { rows: [row], readAt: "2026-05-21T15:14:00.000Z", unreadBecause: null } as never;
}

/** The book as it is now, and nothing of the broker's. */
function unread(readAt: string | null): PositionsView {
  const row = { symbol: "TQQQ", broker: null, book: { net: "6" }, difference: null };
  return { rows: [row], readAt, unreadBecause: "HTTP 503" } as never;
}

describe("what a person may do", () => {
  test("about a position is to adopt it, to flatten what is held, and to resolve", () => {
    const [adopt, flatten, resolve] = actionsOf(PHANTOM, NONE, positions("4", "6"));
    expect(adopt).toMatchObject({
      ...{ name: "adopt", numbers: { brokerQuantity: "4", bookQuantity: "6" }, trades: false },
      effect: "The book goes from 6 to 4 TQQQ, as the broker has it. Nothing is traded.",
    });
    expect(flatten).toMatchObject({ name: "flatten", trades: true });
    expect(resolve).toMatchObject({
      ...{ name: "resolve", asksForEnd: false, confirmsNumbers: false },
      numbers: { brokerQuantity: "4", bookQuantity: "6" },
    });
  });

  test("does not flatten what the broker does not hold, nor adopt what was not read", () => {
    const names = (given: PositionsView | null) =>
      actionsOf(PHANTOM, NONE, given).map((a) => a.name);
    expect(names(positions(null, "6"))).toEqual(["adopt", "resolve"]);
    expect(names(null)).toEqual(["resolve"]);
    expect(names(unread(null))).toEqual(["resolve"]);
  });

  test("shows no quantity of a broker that was not read since, but when it was", () => {
    const readAt = "2026-05-21T15:14:00.000Z";
    expect(actionsOf(PHANTOM, NONE, unread(readAt))).toMatchObject([
      { name: "resolve", numbers: null, unread: { bookQuantity: "6", since: readAt } },
    ]);
    expect(actionsOf(PHANTOM, NONE, positions("4", "6"))).toMatchObject([
      ...[{ unread: null }, { unread: null }, { unread: null }],
    ]);
    const ten = "2026-05-21T15:24:00.000Z";
    expect(unreadText(readAt, ten)).toBe("not read since 11:14:00");
    expect(unreadText(null, ten)).toBe("not read yet");
  });

  test("about a claim that was not read yet is nothing: nobody could say what ends with it", () => {
    expect(actionsOf(REFUSED, NONE, positions("6", "6"))).toEqual([]);
  });

  test("about a claim is to resolve, and to say how it ended while nobody knows", () => {
    const waiting = new Map([["momentum/r-2", CLAIM]]);
    expect(actionsOf(REFUSED, waiting, null)).toMatchObject([
      { name: "resolve", asksForEnd: true },
    ]);
    const endsOf = (effect: "open" | "close") => {
      const claim = { ...CLAIM, intent: { ...CLAIM.intent, effect } };
      const [action] = actionsOf(REFUSED, new Map([["momentum/r-2", claim]]), null);
      return action?.ends?.map(({ value }) => value);
    };
    expect(endsOf("close")).toEqual(["rejected", "already_flat", "absent"]);
    expect(endsOf("open")).toEqual(["rejected", "absent"]);
    const over = new Map([["momentum/r-2", { ...CLAIM, status: "SETTLED" } as ClaimView]]);
    expect(actionsOf(REFUSED, over, null)).toMatchObject([{ name: "resolve", asksForEnd: false }]);
  });

  test("about an order that the broker took and does not show is to say how it ended", () => {
    const missing: IncidentView = { ...REFUSED, kind: "unknown_outcome" };
    const claim = { ...CLAIM, brokerOrderId: "b-1", refusal: null };
    const asks = (incident: IncidentView, orderStatus: string) => {
      const shown = new Map([["momentum/r-2", { ...claim, orderStatus } as ClaimView]]);
      return actionsOf(incident, shown, null).map(({ asksForEnd }) => asksForEnd);
    };
    expect(asks(missing, "new")).toEqual([true]);
    expect(asks(missing, "replaced")).toEqual([false]);
    expect(asks({ ...missing, kind: "missing_fills" }, "new")).toEqual([false]);
  });

  test("about an action that is no order is to say how it ended, by the provider's records", () => {
    const action: IncidentView = {
      ...PHANTOM,
      ...{ kind: "unknown_action", symbol: "", subject: "action momentum/r-2", causes: [KEY] },
    };
    const ends = (incident: IncidentView) =>
      actionsOf(incident, NONE, null).map((one) => one.ends?.map(({ value }) => value));
    expect(ends(action)).toEqual([["done", "rejected", "absent"]]);
    // Another attempt may have ended the claim already.
    const late: IncidentView = { ...action, kind: "late_settlement" };
    expect(ends(late)).toEqual([["none", "done", "rejected", "absent"]]);
    expect(causeChain(action, NONE, null).map(({ kind }) => kind)).toEqual(["incident", "next"]);
  });

  test("is nothing once it is resolved", () => {
    expect(actionsOf({ ...PHANTOM, status: "resolved" }, NONE, positions("4", "6"))).toEqual([]);
  });
});

test("the chain of causes of a long story shows its first and its last claims", () => {
  const causes = Array.from({ length: 9 }, (_, n) => ({ agent: "momentum", requestId: `r-${n}` }));
  const nodes = causeChain({ ...PHANTOM, causes }, NONE, null);
  expect(nodes.map(({ title }) => title)).toEqual([
    ...["claim r-0", "claim r-1", "claim r-2", "…", "claim r-6", "claim r-7", "claim r-8"],
    ...["Incident 3: phantom", "What happens next"],
  ]);
});

test("tries that were turned away while it was open are told with each of their reasons", () => {
  const of = { symbol: "TQQQ", agent: null, requestId: null, incident: null, side: null } as const;
  const none = { quantity: null, price: null, notionalUsd: null, net: null } as const;
  const texts = ["BLOCKED one", "BLOCKED one", "BLOCKED other"];
  const marks = texts.map((text, sequence) => ({
    ...{ ...of, ...none, kind: "blocked" as const },
    ...{ text, sequence, at: PHANTOM.openedAt },
  }));
  const titleIn = (session: { date: string; cut: boolean }) => {
    const [, told] = causeChain({ ...PHANTOM, causes: [] }, NONE, { ...session, marks });
    expect(told?.text).toBe("BLOCKED one; BLOCKED other");
    return told?.title;
  };
  expect(titleIn({ date: "2026-05-21", cut: false })).toBe("3 tries blocked");
  // Others may have been turned away on the days before, or beyond what is kept of this one.
  expect(titleIn({ date: "2026-05-22", cut: false })).toBe("at least 3 tries blocked");
  expect(titleIn({ date: "2026-05-21", cut: true })).toBe("at least 3 tries blocked");
});
