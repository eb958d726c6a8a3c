/** The audit trail over every store: what it lists, and that its export can be verified. */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type AuditQuery, auditPage } from "../../src/audit/audit-trail.ts";
import { publicKeyText } from "../../src/audit/checkpoint.ts";
import { makeCheckpoint } from "../../src/audit/checkpointing.ts";
import { accountParts, exportParts } from "../../src/audit/export.ts";
import { checkExport } from "../../src/audit/export-check.ts";
import { linesIn } from "../../src/audit/export-lines.ts";
import { OffsetPages } from "../../src/audit/offset-pages.ts";
import { checkStore } from "../../src/audit/store-check.ts";
import type { AccountId, AgentId, ClaimKey } from "../../src/core/ids.ts";
import type { Ledger, Note } from "../../src/ledger/ledger.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  BOT,
  claimCommand,
  filledOrder,
  orderRead,
  pendingNote,
  refused,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const OTHER_BOT = "other-bot" as AgentId;
const OTHER_ACCOUNT = "account-2" as AccountId;
const HOUR_MS = 3_600_000;

export function testsOfAudit(storeOfTest: StoreOfTest): void {
  describe("the audit trail", () => {
    test("has every claim, every SKIP and every block, the newest first, each with its cause", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const { items, next } = await auditPage(ledger, ACCOUNT, {});
      expect(next).toBeNull();
      expect(items.map(({ type, status, action }) => [type, status, action])).toEqual([
        ["claimed", "IN_RECONCILIATION", "sell_to_close"],
        ["intent_blocked", "BLOCKED", "sell_to_close"],
        ["repeat_answered", "SKIP", "buy_to_open"],
        ["claimed", "OPEN", "buy_to_open"],
        ["claimed", "SETTLED", "buy_to_open"],
      ]);
      const [exit, block, skip, , entry] = items;
      expect(exit).toMatchObject({
        cause: "not decided yet, refused with 422 insufficient qty available for order",
      });
      expect(block).toMatchObject({
        ...{ agent: BOT, requestId: null, symbol: "QQQ", code: "close_while_flat", at: START + 20 },
        cause: expect.stringMatching(/^asked to sell 6 QQQ: nothing is held to close; /),
        causedBy: { agent: BOT, requestId: "entry" },
      });
      expect(skip).toMatchObject({
        ...{ requestId: "entry", at: START + 10, outcome: null, decisionId: "d-7" },
        cause: "the first one: filled 6 @ 50",
        causedBy: { agent: BOT, requestId: "entry" },
      });
      expect(entry).toMatchObject({
        ...{ requestId: "entry", at: START, sequence: 1, outcome: "filled", provenance: "venue" },
        ...{ cause: "filled 6 @ 50", causedBy: null },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    });

    test("is filtered by agent, action, status, symbol and time", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const found = async (query: AuditQuery) =>
        (await auditPage(ledger, ACCOUNT, query)).items.map(({ sequence }) => sequence);
      const all = await found({});
      const [exit = 0, block = 0, skip = 0, others = 0, entry = 0] = all;
      expect(await found({ agent: OTHER_BOT })).toEqual([others]);
      expect(await found({ agent: BOT })).toEqual([exit, block, skip, entry]);
      expect(await found({ action: "sell_to_close" })).toEqual([exit, block]);
      expect(await found({ statuses: ["SKIP", "BLOCKED"] })).toEqual([block, skip]);
      expect(await found({ statuses: ["SETTLED"] })).toEqual([entry]);
      expect(await found({ symbol: "SPY" })).toEqual([others]);
      expect(await found({ from: START + 10 })).toEqual([exit, block, skip]);
      expect(await found({ until: START + 20 })).toEqual([skip, others, entry]);
      expect(await found({ from: START + HOUR_MS })).toEqual([exit]);
      expect(await found({ from: START + 1, until: START + 2 })).toEqual([]);
      expect((await auditPage(ledger, OTHER_ACCOUNT, {})).items).toHaveLength(1);
    });

    test("comes in pages, by a place or by an offset with a total", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const all = (await auditPage(ledger, ACCOUNT, {})).items;
      const paged = [];
      let before: number | undefined;
      do {
        const page = await auditPage(ledger, ACCOUNT, { before, limit: 2 });
        paged.push(...page.items);
        before = page.next ?? undefined;
      } while (before !== undefined);
      expect(paged).toEqual(all);
      const pages = new OffsetPages(ledger, ACCOUNT);
      for (const offset of [0, 2, 4, 1, 3, 5, 900]) {
        expect(await pages.page({}, offset, 2), `from ${offset}`).toEqual({
          items: all.slice(offset, offset + 2),
          total: 5,
          isTotalExact: true,
        });
      }
      const first = await pages.page({ action: "buy_to_open" }, 0, 1);
      await claimed(ledger, claimCommand({ requestId: "newer" }));
      const second = await pages.page({ action: "buy_to_open" }, 1, 1);
      expect([...first.items, ...second.items].map(({ requestId }) => requestId)).toEqual([
        "entry",
        "theirs",
      ]);
    });

    test("keeps checkpoints, the first about an event for ever", async () => {
      const { ledger, another } = await storeOfTest();
      expect(await ledger.lastCheckpoint()).toBeUndefined();
      const kept = [3, 5, 9].map((sequence) => ({ sequence, at: START, text: `"\\ ${sequence}"` }));
      for (const checkpoint of kept) await ledger.keepCheckpoint(checkpoint);
      await ledger.keepCheckpoint({ sequence: 5, at: START + 1, text: "another" });
      const other = await another();
      expect(await other.checkpoints(0, 10)).toEqual(kept);
      expect(await other.checkpoints(3, 1)).toEqual([kept[1]]);
      expect(await other.lastCheckpoint()).toEqual(kept[2]);
    });

    test("is signed up to its end, and again only where something came", async () => {
      const { ledger } = await storeOfTest();
      const { privateKey } = generateKeyPairSync("ed25519");
      const clock = { now: () => START };
      expect(await makeCheckpoint(ledger, privateKey, clock)).toBeUndefined();
      await history(ledger);
      const first = await makeCheckpoint(ledger, privateKey, clock);
      expect(first).toMatchObject({ sequence: await ledger.lastSequence() });
      expect(await makeCheckpoint(ledger, privateKey, clock)).toBeUndefined();
      await claimed(ledger, claimCommand({ requestId: "newer" }));
      const second = await makeCheckpoint(ledger, privateKey, clock);
      expect(second?.sequence).toBe((first?.sequence ?? 0) + 1);
      expect(await checkStore(ledger, () => undefined)).toMatchObject({
        ...{ fault: undefined, checkpoints: 2, keys: [publicKeyText(privateKey)] },
        end: { sequence: second?.sequence, accounts: second?.accounts },
      });
    });

    test("is verified from its export alone, of all accounts or of one", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const { privateKey } = generateKeyPairSync("ed25519");
      const clock = { now: () => START };
      const verdictOn = (parts: ReturnType<typeof exportParts>) =>
        checkExport(linesIn(bytesOf(parts)), undefined);
      const sequence = await ledger.lastSequence();
      expect(await verdictOn(exportParts(ledger, privateKey, clock))).toMatchObject({
        ...{ ok: true, checkpoint: { sequence } },
      });
      const theirs = accountParts(ledger, OTHER_ACCOUNT, privateKey, clock);
      expect(await verdictOn(theirs)).toMatchObject({
        ok: true,
        checkpoint: { account: OTHER_ACCOUNT, accounts: [{ events: 1 }] },
      });
    });
  });
}

async function* bytesOf(parts: ReturnType<typeof exportParts>) {
  for await (const { text } of parts) yield Buffer.from(text);
}

/** A filled entry, another bot's, another account's, a SKIP, a block, and an hour later an exit. */
async function history(ledger: Ledger): Promise<void> {
  const entry = await claimed(ledger, claimCommand({ requestId: "entry" }));
  const theirs = claimCommand({ requestId: "theirs", symbol: "SPY" }, { agent: OTHER_BOT });
  const other = await claimed(ledger, theirs);
  await ledger.record(entry.key, accepted(entry));
  await ledger.record(entry.key, orderRead(filledOrder(entry, "6")));
  await claimed(ledger, claimCommand({ requestId: "\u0000" }, { account: OTHER_ACCOUNT }));
  const { body } = pendingNote(other) as Extract<Note, { subject: "claim" }>;
  const skip = { ...body, answer: "SKIP", decisionId: "d-7" } as typeof body;
  ledger.note({ subject: "claim", key: entry.key, symbol: "TQQQ", body: skip }, START + 10);
  ledger.note(blocked(entry.key), START + 20);
  await ledger.lastSequence();
  const close = { requestId: "exit", side: "sell", effect: "close" } as const;
  const exit = await claimed(ledger, claimCommand(close, { now: START + HOUR_MS }));
  await ledger.record(exit.key, refused(exit, START + HOUR_MS));
}

function blocked(cause: ClaimKey): Note {
  const { intent } = claimCommand({ symbol: "QQQ", side: "sell", effect: "close" });
  const body = { type: "intent_blocked", intent, code: "close_while_flat", cause } as const;
  return { subject: "book", account: ACCOUNT, symbol: "QQQ", body };
}
