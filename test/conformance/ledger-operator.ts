/** What an operator does about a position that differs: adopt it, or adopt it to have it closed. */
import { describe, expect, test } from "vitest";
import type { AdoptedPosition } from "../../src/claim/decide-adoption.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { Ledger, OperatorCommand } from "../../src/ledger/ledger.ts";
import { foldEvents } from "../ledger/fold.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  ambiguous,
  claimCommand,
  comparedReads,
  filledOrder,
  orderRead,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const HELD = [{ symbol: "TQQQ", quantity: decimal("6"), averagePrice: decimal("70") }];
const SEEN_AT = START + 90_000;

/** The book holds 6 TQQQ, the broker 4, and an incident says so: it is number 1. */
async function differing(ledger: Ledger): Promise<void> {
  await ledger.adoptOpening(ACCOUNT, HELD, START);
  const seen = { ...(await comparedReads(ledger, "4", "6")), now: START + 60_000 };
  await ledger.compare(ACCOUNT, "TQQQ", { ...seen, policy: "observe" });
}

function word(position: Partial<AdoptedPosition> = {}, version = 1): OperatorCommand {
  const confirmed = { net: decimal("4"), averagePrice: decimal("71"), bookNet: decimal("6") };
  return {
    ...{ version, by: "ann", reason: "two were sold by hand", endClaimAs: null, now: SEEN_AT },
    position: { ...confirmed, isToBeClosed: false, ...position },
  };
}

export function testsOfOperator(storeOfTest: StoreOfTest): void {
  describe("an operator's word about a position", () => {
    test("has the book take over what the broker holds, and ends the incident with it", async () => {
      const { ledger, reopen } = await storeOfTest();
      await differing(ledger);
      expect(await ledger.resolveIncident(ACCOUNT, 1, word())).toMatchObject({
        kind: "resolved",
        incident: { resolution: { verdict: "adopted", provenance: "operator", at: SEEN_AT } },
      });
      const again = await reopen();
      expect(await again.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "4" });
      expect(await again.incidents(ACCOUNT, { isOpen: true })).toEqual([]);
      const events = await again.events();
      expect(foldEvents(events).books).toEqual(await again.books(ACCOUNT));
      expect(events.at(-1)?.body).toMatchObject({
        type: "incident_resolved",
        reason: expect.stringContaining("ann: two were sold by hand"),
      });
    });

    test("counts once, whoever says it at the same time in another process", async () => {
      const { ledger, another } = await storeOfTest();
      const other = await another();
      await differing(ledger);
      const told = await Promise.all(
        [ledger, other].map((store) => store.resolveIncident(ACCOUNT, 1, word())),
      );
      expect(told.map(({ kind }) => kind).sort()).toEqual(["over", "resolved"]);
      const bodies = (await other.events()).map(({ body }) => body.type);
      expect(bodies.filter((type) => type === "position_adjusted")).toHaveLength(1);
    });

    test.each<[string, Partial<AdoptedPosition>, number, string]>([
      ["the book is another one by now", { bookNet: decimal("5") }, 1, "position_moved"],
      ["the incident has changed", {}, 9, "stale"],
    ])("changes nothing where %s", async (_, position, version, kind) => {
      const { ledger } = await storeOfTest();
      await differing(ledger);
      const before = await ledger.lastSequence();
      const told = await ledger.resolveIncident(ACCOUNT, 1, word(position, version));
      expect(told).toMatchObject({ kind, incident: { id: 1, resolution: null } });
      expect(await ledger.lastSequence()).toBe(before);
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6" });
    });

    test("changes nothing while a claim in the symbol waits for its outcome", async () => {
      const { ledger } = await storeOfTest();
      await differing(ledger);
      const claim = await claimed(ledger, claimCommand());
      await ledger.record(claim.key, ambiguous(claim));
      expect(await ledger.resolveIncident(ACCOUNT, 1, word())).toMatchObject({
        kind: "claim_waits",
      });
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6" });
    });

    test("is none where the incident is about something else", async () => {
      const { ledger } = await storeOfTest();
      const about = { summary: "an order that no claim made", next: "cancel it" };
      const report = { kind: "unknown_order", subject: "order o-1", ...about } as const;
      await ledger.beginIncident(ACCOUNT, "TQQQ", report, START);
      expect(await ledger.resolveIncident(ACCOUNT, 1, word())).toMatchObject({
        kind: "not_a_position",
      });
    });
  });

  describe("an operator's word that a position is to be closed", () => {
    test("keeps the incident open until what was taken over is sold, and book and broker agree", async () => {
      const { ledger, reopen } = await storeOfTest();
      await differing(ledger);
      const told = await ledger.resolveIncident(ACCOUNT, 1, word({ isToBeClosed: true }));
      expect(told).toMatchObject({
        kind: "resolved",
        incident: { resolution: null, version: 2, next: "the position is being closed" },
      });
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "4" });
      const close = claimCommand(
        { requestId: "flatten-1", side: "sell", effect: "close", quantity: "4" },
        { now: SEEN_AT },
      );
      const claim = await claimed(ledger, close);
      expect(await ledger.claim({ ...close, now: SEEN_AT + 1 })).toMatchObject({ kind: "pending" });
      await ledger.record(claim.key, orderRead(filledOrder(claim, "4", "72"), SEEN_AT + 2));
      const seen = { ...(await comparedReads(ledger, "0", "0")), now: SEEN_AT + 60_000 };
      await ledger.compare(ACCOUNT, "TQQQ", { ...seen, policy: "observe" });
      const again = await reopen();
      expect(await again.incident(ACCOUNT, 1)).toMatchObject({
        resolution: { verdict: "agrees_again", provenance: "venue" },
      });
      expect(await again.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "0", reservations: [] });
      expect(foldEvents(await again.events()).books).toEqual(await again.books(ACCOUNT));
    });
  });
}
