/** Multi-leg orders while others against them may have ended what an earlier one has begun. */
import { describe, expect, test } from "vitest";
import { emptyBook } from "../../src/book/book.ts";
import type { ClaimDecision } from "../../src/claim/answer.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { UnreadOrders } from "../../src/claim/decide-claim.ts";
import { asksForOrders, type DecidedOn, unlessInDoubt } from "../../src/claim/orders-in-doubt.ts";
import type { RequestId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import {
  ACCOUNT,
  buy,
  filledOrder,
  orderOf,
  proceeded,
  SECOND,
  underRequestId,
} from "./builders.ts";
import { CALL, COMBO, PUT } from "./combo-builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const leg = (symbol: string, side: "buy" | "sell") => ({ symbol, ratio_qty: "1", side });
/** What ends that combo, or the other way round. */
const CONTRARY: Partial<Intent> = {
  symbol: "MLEG",
  extension: { order_class: "mleg", legs: [leg(CALL, "sell"), leg(PUT, "buy")] },
};
const SPREAD = buy("2", COMBO);

/** An order that fills at once, an equal one that works, and one behind both. */
function spreads(changes: Partial<Intent> = CONTRARY) {
  const ledger = new MemoryLedger({ allowShort: true });
  const claimed = (id: string, terms: Partial<Intent>) =>
    proceeded(ledger.after(SECOND).claim(buy("2", { ...terms, ...underRequestId(id) })));
  const first = claimed("first", COMBO);
  const before = ledger.accept(first, filledOrder(first));
  const second = claimed("second", COMBO);
  const atWork = ledger.accept(second, orderOf(second));
  const open = claimed("behind", changes);
  return { before, atWork, open, behind: ledger.accept(open, orderOf(open)) };
}

type Told = ClaimDecision["kind"];

function decided(kind: Told, claim: Claim, changes: Partial<DecidedOn> = {}): DecidedOn {
  const block = { code: "entry_blocked", message: "", cause: null, difference: null } as const;
  const decision = {
    ...(kind === "proceed" ? { kind, claim, reopened: false } : { kind, claim }),
    ...(kind === "blocked" && { block: { ...block, availableQuantity: null } }),
  } as ClaimDecision;
  return {
    verdict: { event: null, decision },
    intent: SPREAD,
    isEffectByBook: false,
    isExit: false,
    identity: { requestId: null },
    book: emptyBook(ACCOUNT, "MLEG"),
    unread: [],
    ...changes,
  };
}

/** What is told in the end, where `unsettled` are the account's other orders. */
function told(before: DecidedOn, ...unsettled: Claim[]): string {
  const { decision } = unlessInDoubt(before, unsettled);
  return decision.kind === "blocked" ? decision.block.code : decision.kind;
}

const NOBODY_LOOKED: UnreadOrders = undefined;

describe("orders are read before a combo is told anything", () => {
  const { before } = spreads();
  test.each<[string, Told, Partial<DecidedOn>, boolean]>([
    ["a new one, that nobody has looked for", "proceed", { unread: NOBODY_LOOKED }, true],
    ["a new one, once they were read", "proceed", {}, false],
    ["one like another, that nobody has looked for", "skip", { unread: NOBODY_LOOKED }, true],
    ["one like another, once they were read", "skip", {}, false],
    ["one that closes, once they were read", "skip", { isExit: true }, true],
    [
      "one under its own id",
      "skip",
      { isExit: true, identity: { requestId: "first" as RequestId } },
      false,
    ],
    ["one that is refused", "blocked", { unread: NOBODY_LOOKED }, false],
  ])("%s", (_, kind, changes, asked) => {
    expect(asksForOrders(decided(kind, before, changes))).toBe(asked);
  });
});

describe("a new combo", () => {
  const { before, open, behind } = spreads();
  const anew = (unread: UnreadOrders) => decided("proceed", before, { unread });

  test("is not sent while nobody has looked for an order against it", () => {
    const { decision } = unlessInDoubt(anew(NOBODY_LOOKED), [behind]);
    const filled = "what the open behind has filled could not be read";
    const message = `no order was sent: ${filled}, so what is held of ${CALL} and ${PUT} is not known`;
    const block = { code: "not_sent", message, cause: behind.key };
    expect(decision).toMatchObject({ kind: "blocked", block, claim: null });
  });

  test("is sent once that was read, and beside one without an answer", () => {
    expect(told(anew([]), behind)).toBe("proceed");
    expect(told(anew(NOBODY_LOOKED), open)).toBe("proceed");
  });

  test("is not sent before all was looked for that works in its contracts, on either side", () => {
    for (const terms of [COMBO, { symbol: CALL }, { symbol: CALL, side: "sell" }] as const) {
      expect(told(anew(NOBODY_LOOKED), spreads(terms).behind)).toBe("not_sent");
    }
    expect(told(anew(NOBODY_LOOKED), spreads({ symbol: "TQQQ" }).behind)).toBe("proceed");
  });
});

test("what is refused stays so, whatever was not read", () => {
  const { before, behind } = spreads();
  const refused = decided("blocked", before, { isExit: true, unread: NOBODY_LOOKED });
  expect(told(refused, behind)).toBe("entry_blocked");
});

describe("a combo like an earlier one", () => {
  const { before, atWork, open, behind } = spreads();

  test("waits for the earlier one, or one against it, that nobody has looked for", () => {
    const unread = NOBODY_LOOKED;
    expect(told(decided("pending", atWork, { unread }), atWork)).toBe("not_sent");
    expect(told(decided("skip", before, { unread }), behind)).toBe("not_sent");
    expect(told(decided("skip", before, { unread }), atWork)).toBe("skip");
    expect(told(decided("skip", before, { unread }), open)).toBe("skip");
  });

  test("is that one once orders were read, or could not be, where it opens", () => {
    expect(told(decided("skip", before), behind, open)).toBe("skip");
    expect(told(decided("skip", before, { unread: "all" }), behind)).toBe("skip");
  });

  test("may be another exit behind an order against it that nobody knows of", () => {
    const exit = decided("skip", before, { isExit: true });
    expect(told(exit, open)).toBe("not_sent");
    expect(told({ ...exit, unread: "all" }, behind)).toBe("not_sent");
    expect(told(exit, behind)).toBe("skip");
    expect(told(exit, spreads(COMBO).open)).toBe("skip");
  });

  test("waits for an order in one of its contracts alone", () => {
    const { behind: alone } = spreads({ symbol: CALL, side: "sell" });
    expect(told(decided("skip", before, { unread: NOBODY_LOOKED }), alone)).toBe("not_sent");
    const { behind: along } = spreads({ symbol: CALL });
    expect(told(decided("skip", before, { unread: NOBODY_LOOKED }), along)).toBe("skip");
  });

  test("is that one while it is known to work, whatever comes behind it", () => {
    const exit = decided("pending", atWork, { isExit: true });
    expect(told(exit, atWork, open)).toBe("pending");
    expect(told({ ...exit, unread: "all" }, atWork, open)).toBe("not_sent");
  });

  test("is that one where the order against it came before it", () => {
    const exit = decided("skip", behind, { isExit: true, intent: buy("2", CONTRARY) });
    expect(told({ ...exit, unread: [atWork] }, atWork, behind)).toBe("skip");
  });
});
