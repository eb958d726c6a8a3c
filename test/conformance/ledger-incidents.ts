/** Incidents: opened and ended in the transaction of what brings them about, and never twice. */
import { describe, expect, test } from "vitest";
import type { DivergenceCommand } from "../../src/claim/decide-divergence.ts";
import { DEFAULT_CLAIM_POLICY } from "../../src/claim/policy.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { AgentId } from "../../src/core/ids.ts";
import { subjectOfClaim } from "../../src/incident/incident.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { foldEvents } from "../ledger/fold.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  ambiguous,
  claimCommand,
  comparedReads,
  filledOrder,
  orderRead,
  refused,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const HELD = [{ symbol: "TQQQ", quantity: decimal("6"), averagePrice: decimal("70") }];
const OPERATOR = { by: "ops", reason: "seen on the broker's page", endClaimAs: null } as const;

/** A close that the broker refused. */
async function inQuestion(ledger: Ledger) {
  await ledger.adoptOpening(ACCOUNT, HELD, START);
  const command = claimCommand({ side: "sell", effect: "close" });
  const claim = await claimed(ledger, command);
  await ledger.record(claim.key, refused(claim));
  return claim;
}

async function verdictCommand(ledger: Ledger, quantity: string) {
  const now = START + 20_000;
  return { ...(await comparedReads(ledger, quantity, "6")), fencing: 1, isExplained: false, now };
}

async function divergence(
  ledger: Ledger,
  quantity: string,
  policy: "adopt" | "observe" = "adopt",
): Promise<DivergenceCommand> {
  return { ...(await comparedReads(ledger, quantity, "6")), policy, now: START + 60_000 };
}

export function testsOfIncidents(storeOfTest: StoreOfTest): void {
  describe("an incident", () => {
    test("is opened with the refusal of a close, and is there after a reopening", async () => {
      const { ledger, reopen } = await storeOfTest();
      const claim = await inQuestion(ledger);
      const again = await reopen();
      expect(await again.incidents(ACCOUNT)).toMatchObject([
        { id: 1, kind: "refused_exit", symbol: "TQQQ", causes: [claim.key], resolution: null },
      ]);
      expect(await again.incident(ACCOUNT, 2)).toBeUndefined();
    });

    test("ends with the verdict, which frees the shares and seals the claim", async () => {
      const { ledger } = await storeOfTest();
      const claim = await inQuestion(ledger);
      const { verdict } = await ledger.judge(claim.key, await verdictCommand(ledger, "6"));
      expect(verdict?.kind).toBe("still_held");
      expect(await ledger.claimOf(claim.key)).toMatchObject({
        status: "SETTLED",
        outcome: "rejected",
      });
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6", reservations: [] });
      expect(await ledger.incidents(ACCOUNT, { isOpen: true })).toEqual([]);
      const again = await verdictCommand(ledger, "6");
      expect(await ledger.judge(claim.key, again)).toMatchObject({ verdict: null });
    });

    test("that flatness ends adjusts the book and names the claim behind it", async () => {
      const { ledger } = await storeOfTest();
      const claim = await inQuestion(ledger);
      await ledger.judge(claim.key, await verdictCommand(ledger, "0"));
      const { agent, requestId } = claim.key;
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({
        net: "0",
        closedBy: { agent, requestId },
      });
      expect(await ledger.claimOf(claim.key)).toMatchObject({
        outcome: "already_flat",
        provenance: "inferred",
      });
    });

    test("of one agent's claim is not that of another's whose name and id make up the same", async () => {
      const { ledger } = await storeOfTest();
      await ledger.adoptOpening(ACCOUNT, HELD, START);
      const exitOf = (agent: string, requestId: string) => {
        const exit = { side: "sell", effect: "close", quantity: "3", requestId } as const;
        return claimCommand(exit, { agent: agent as AgentId });
      };
      const [one, other] = [exitOf("a", "b/c"), exitOf("a/b", "c")];
      for (const exit of [one, other]) {
        const claim = await claimed(ledger, exit);
        await ledger.record(claim.key, refused(claim));
      }
      const open = await ledger.incidents(ACCOUNT, { isOpen: true });
      expect(open.map(({ causes }) => causes.at(-1)?.agent)).toEqual(["a/b", "a"]);
    });

    test("waits with a position that an order without an answer may account for", async () => {
      const { ledger } = await storeOfTest();
      const claim = await inQuestion(ledger);
      const other = await claimed(ledger, claimCommand({ requestId: "r-2", quantity: "2" }));
      await ledger.record(other.key, ambiguous(other));
      const early = await verdictCommand(ledger, "8");
      expect(await ledger.judge(claim.key, early)).toMatchObject({ verdict: null });
      await ledger.record(other.key, orderRead(filledOrder(other, "2")));
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "8" });
      const agreed = { ...(await verdictCommand(ledger, "8")), bookNet: decimal("8") };
      const { verdict } = await ledger.judge(claim.key, agreed);
      expect(verdict?.kind).toBe("still_held");
    });

    test("takes evidence that is new, and not the same twice", async () => {
      const { ledger } = await storeOfTest();
      const claim = await inQuestion(ledger);
      const subject = subjectOfClaim(claim.key);
      const note = { text: "a stop holds the shares", next: "wait for it" };
      for (const at of [1, 2, 3]) await ledger.addEvidence(ACCOUNT, subject, note, START + at);
      expect(await ledger.incident(ACCOUNT, 1)).toMatchObject({
        evidence: [{ at: START + 1, text: note.text }],
        next: "wait for it",
        version: 2,
      });
    });

    test("about a position adopts what the broker holds, in one transaction", async () => {
      const { ledger, reopen } = await storeOfTest();
      await ledger.adoptOpening(ACCOUNT, HELD, START);
      const command = await divergence(ledger, "4");
      expect(await ledger.compare(ACCOUNT, "TQQQ", command)).toMatchObject({
        kind: "quantity",
        resolution: { verdict: "adopted" },
      });
      const again = await reopen();
      expect(await again.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "4" });
      const { books } = foldEvents(await again.events());
      expect(books).toEqual(await again.books(ACCOUNT));
    });

    test("is opened once by two processes that compare the same position", async () => {
      const { ledger, another } = await storeOfTest();
      const other = await another();
      await ledger.adoptOpening(ACCOUNT, HELD, START);
      for (const store of [ledger, other, ledger]) {
        await store.compare(ACCOUNT, "TQQQ", await divergence(store, "4", "observe"));
      }
      expect(await other.incidents(ACCOUNT)).toHaveLength(1);
    });

    test("about an order without a claim begins once and ends once", async () => {
      const { ledger } = await storeOfTest();
      const report = {
        ...({ kind: "unknown_order", subject: "order o-1" } as const),
        ...{ summary: "an order that no claim made", next: "cancel it" },
      };
      await ledger.beginIncident(ACCOUNT, "TQQQ", report, START);
      await ledger.beginIncident(ACCOUNT, "TQQQ", report, START + 1);
      expect(await ledger.incidents(ACCOUNT)).toHaveLength(1);
      const end = { verdict: "order_gone", provenance: "venue", reason: "gone" } as const;
      await ledger.endIncident(ACCOUNT, "order o-1", end, START + 2);
      await ledger.endIncident(ACCOUNT, "order o-1", end, START + 3);
      expect(await ledger.incident(ACCOUNT, 1)).toMatchObject({
        resolution: { at: START + 2, verdict: "order_gone" },
      });
    });

    test("is told of for an outcome that nobody knows for long, and ends when it is known", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      await ledger.record(claim.key, ambiguous(claim));
      for (const at of [1, 2]) {
        await ledger.record(claim.key, { type: "overdue", now: START + 40_000 + at });
      }
      expect(await ledger.incidents(ACCOUNT)).toMatchObject([{ kind: "unknown_outcome" }]);
      const absent = {
        ...OPERATOR,
        endClaimAs: "absent",
        version: 1,
        now: START + 50_000,
      } as const;
      expect(await ledger.resolveIncident(ACCOUNT, 1, absent)).toMatchObject({ kind: "resolved" });
      expect(await ledger.claimOf(claim.key)).toMatchObject({
        status: "SETTLED",
        outcome: "absent",
        provenance: "operator",
      });
    });

    test("is told of for an ended order whose fills do not add up, until they do", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      await ledger.record(claim.key, accepted(claim));
      const filled = filledOrder(claim, "6");
      await ledger.record(claim.key, orderRead({ ...filled, filledAveragePrice: null }));
      expect(await ledger.claimOf(claim.key)).toMatchObject({ status: "FINAL" });
      await ledger.record(claim.key, { type: "overdue", now: START + 40_000 });
      expect(await ledger.incidents(ACCOUNT)).toMatchObject([
        { kind: "missing_fills", resolution: null },
      ]);
      await ledger.record(claim.key, orderRead(filled));
      expect(await ledger.claimOf(claim.key)).toMatchObject({ status: "SETTLED" });
      expect(await ledger.incidents(ACCOUNT)).toMatchObject([
        { resolution: { verdict: "fills_booked", provenance: "venue" } },
      ]);
    });

    test("is ended by an operator who has seen it as it is, once, with the claim behind it", async () => {
      const { ledger } = await storeOfTest();
      await inQuestion(ledger);
      const word = { ...OPERATOR, version: 1, now: START + 5_000 };
      expect(await ledger.resolveIncident(ACCOUNT, 1, word)).toMatchObject({ kind: "claim_waits" });
      const command = { ...word, endClaimAs: "already_flat" } as const;
      const stale = { ...command, version: 0 };
      expect(await ledger.resolveIncident(ACCOUNT, 9, command)).toEqual({ kind: "unknown" });
      expect(await ledger.resolveIncident(ACCOUNT, 1, stale)).toMatchObject({ kind: "stale" });
      expect(await ledger.resolveIncident(ACCOUNT, 1, command)).toMatchObject({
        kind: "resolved",
        incident: { resolution: { verdict: "by_operator", provenance: "operator" } },
      });
      expect(await ledger.resolveIncident(ACCOUNT, 1, command)).toMatchObject({ kind: "over" });
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "0", reservations: [] });
    });

    test("keeps entries out only where the policy of its kind says so", async () => {
      const { ledger } = await storeOfTest();
      await ledger.adoptOpening(ACCOUNT, HELD, START);
      await ledger.compare(ACCOUNT, "TQQQ", await divergence(ledger, "4", "observe"));
      const blocking = {
        ...DEFAULT_CLAIM_POLICY,
        divergence: { ...DEFAULT_CLAIM_POLICY.divergence, quantity: "block-entries" },
      } as const;
      expect(await ledger.claim({ ...claimCommand(), policy: blocking })).toMatchObject({
        kind: "blocked",
        block: { code: "entry_blocked" },
      });
      expect(await ledger.claim(claimCommand())).toMatchObject({ kind: "proceed" });
    });
  });
}
