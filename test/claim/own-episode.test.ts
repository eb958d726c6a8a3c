/** To which life of the position an entry belongs. */
import { expect, test } from "vitest";
import { type Book, emptyBook } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { ClaimEvent } from "../../src/claim/claim-event.ts";
import { evolveClaim } from "../../src/claim/evolve.ts";
import { ofTheirEpisode } from "../../src/claim/own-episode.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { ACCOUNT, buy, orderOf, proceeded, START, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const FILL: ClaimEvent = {
  type: "fill_booked",
  brokerOrderId: "order" as BrokerOrderId,
  quantity: decimal("6"),
  cost: decimal("420"),
  source: "poll",
};

function claimOf(intent: Intent): Claim {
  const ledger = new MemoryLedger();
  ledger.adopt("6", "70");
  const claim = proceeded(ledger.claim(intent));
  ledger.accept(claim, orderOf(claim));
  return ledger.get(claim.key);
}

const book = (net: string, episode: number): Book => ({
  ...emptyBook(ACCOUNT, "TQQQ"),
  ...{ net: decimal(net), episode },
});

const told = (claim: Claim, at: Book, events: readonly ClaimEvent[] = [FILL]) =>
  ofTheirEpisode(events, claim, () => at);

test("an entry of the life before belongs to the one that its fill begins", () => {
  const claim = claimOf(buy("6"));
  expect(claim.episode).toBe(1);
  const [fill] = told(claim, book("0", 1));
  expect(fill).toEqual({ ...FILL, episode: 2 });
  const after = fill && evolveClaim(claim, claim.key, fill, START);
  expect(after).toMatchObject({ episode: 2, bookedQuantity: "6" });
});

test("so does one whose fill comes late, and what is told beside the fill stays as it is", () => {
  const claim = claimOf(buy("6"));
  const late = { ...FILL, type: "late_fill_booked" } as const;
  const sealed = { type: "sealed" } as const;
  expect(told(claim, book("0", 1), [late, sealed])).toEqual([{ ...late, episode: 2 }, sealed]);
});

test("one whose fill begins no life, or its own, stays where it is", () => {
  const claim = claimOf(buy("6"));
  expect(told(claim, book("6", 1))).toEqual([FILL]);
  expect(told({ ...claim, episode: 2 }, book("0", 1))).toEqual([FILL]);
});

test("a close stays one of the life that it has ended", () => {
  expect(told(claimOf(sell("6")), book("0", 1))).toEqual([FILL]);
});

test("what is no fill says nothing of it, and asks for no book", () => {
  const sealed: readonly ClaimEvent[] = [{ type: "sealed" }];
  const asked = () => {
    throw new Error("asked for the book");
  };
  expect(ofTheirEpisode(sealed, claimOf(buy("6")), asked)).toEqual(sealed);
});
