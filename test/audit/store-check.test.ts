import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { makeCheckpoint } from "../../src/audit/checkpointing.ts";
import { checkStore } from "../../src/audit/store-check.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { claimOf, KEY, settle } from "../claim/guard-commands.ts";
import { claimed, latchError, openLedger } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  claimCommand,
  filledOrder,
  notSent,
  orderRead,
  START,
} from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { Database } from "../sqlite-database.ts";
import { SIGNER, writeTrail } from "./sample-trail.ts";

const quiet = () => undefined;

/** A ledger's file with claims, books and incidents of every kind of life, and nobody in it. */
async function historyFile(): Promise<string> {
  const file = temporaryFile();
  const ledger = openLedger(file);
  await writeTrail(ledger);
  const unsent = await claimed(ledger, claimCommand({ requestId: "unsent", quantity: "1" }));
  await ledger.record(unsent.key, notSent(unsent));
  const again = { requestId: "unsent", quantity: "1" };
  const reopened = await claimed(ledger, claimCommand(again, { now: START + 10 }));
  await ledger.record(reopened.key, accepted(reopened));
  const texts = { summary: "the broker holds 5 SPY", next: "it is compared again" };
  const report = { kind: "orphan", subject: "position SPY", ...texts } as const;
  await ledger.beginIncident(ACCOUNT, "SPY", report, START + 20);
  await ledger.addEvidence(ACCOUNT, "position SPY", { text: "still", next: null }, START + 30);
  const end = { verdict: "agrees_again", provenance: "venue", reason: "both hold 5" } as const;
  await ledger.endIncident(ACCOUNT, "position SPY", end, START + 40);
  await ledger.beginIncident(ACCOUNT, "SPY", report, START + 50);
  await ledger.close();
  return file;
}

/** What somebody with the file and a database tool can do, the triggers out of the way. */
function tamper(file: string, sql: string): void {
  const database = new Database(file);
  database.exec(`DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted;
    ${sql}`);
  database.close();
}

/** `ledger`, where another process does `work` each time before it is asked for `question`. */
function whileAsked(ledger: Ledger, question: keyof Ledger, work: () => Promise<void>): Ledger {
  return new Proxy(ledger, {
    get: (target, name) => {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== question) return value.bind(target);
      return async (...given: readonly unknown[]) => {
        await work();
        return Reflect.apply(value, target, given);
      };
    },
  });
}

describe("a ledger that is verified where it is", () => {
  test("is good as it was written, whatever lives its claims had", async () => {
    const ledger = openLedger(await historyFile());
    const steps: number[] = [];
    const verdict = await checkStore(ledger, (done) => void steps.push(done));
    const last = await ledger.lastSequence();
    expect(verdict).toMatchObject({ fault: undefined, wereRowsCompared: true });
    expect(verdict.end.sequence).toBe(last);
    expect(steps.at(-1)).toBe(last);
  });

  test("is good while it is empty", async () => {
    const verdict = await checkStore(openLedger(temporaryFile()), quiet);
    expect(verdict).toMatchObject({ end: { sequence: 0, accounts: [] }, fault: undefined });
  });

  test.each([
    [
      "an event's body",
      "UPDATE events SET body = replace(body, 'TQQQ', 'AAPL') WHERE sequence = 1",
      1,
    ],
    ["an event's time", "UPDATE events SET at = at + 1 WHERE sequence = 4", 4],
    ["an event that is gone", "DELETE FROM events WHERE sequence = 3", 3],
    ["the first event, gone", "DELETE FROM events WHERE sequence = 1", 1],
  ])("is bad at the first event that is: %s", async (_, sql, event) => {
    const file = await historyFile();
    tamper(file, sql);
    const { fault } = await checkStore(openLedger(file), quiet);
    expect(fault).toMatchObject({ event, reason: "chain" });
    expect(fault?.message).toContain(`event ${event}`);
  });

  test.each([
    [
      "a claim's outcome",
      "UPDATE claims SET body = json_set(body, '$.outcome', 'rejected') WHERE request_id = 'first'",
      "the row of the claim first is not what its events come to",
    ],
    [
      "a claim that is not settled",
      "UPDATE claims SET body = json_set(body, '$.attempt', 2) WHERE request_id = 'last'",
      "the row of the claim last",
    ],
    ["a claim that is gone", "DELETE FROM claims WHERE request_id = 'first'", "the claim first"],
    [
      "a claim of no event",
      `INSERT INTO claims (account, agent, request_id, fingerprint, episode, status, filled, body,
         claimed_at, symbol, settled)
       SELECT account, agent, 'made up', fingerprint, episode, status, filled,
         json_set(body, '$.key.requestId', 'made up'), claimed_at, symbol, settled
       FROM claims WHERE request_id = 'first'`,
      "the account account-1 has 4 claims, and its events have 3",
    ],
    [
      "a book",
      "UPDATE books SET body = json_set(body, '$.net', '7') WHERE symbol = 'TQQQ'",
      "the book of TQQQ is not what its events come to",
    ],
    ["a book that is gone", "DELETE FROM books WHERE symbol = 'TQQQ'", "the book of TQQQ"],
    [
      "an incident",
      "UPDATE incidents SET body = json_set(body, '$.version', 9) WHERE id = 1",
      "the row of incident 1 is not what its events come to",
    ],
    [
      "an incident of no event",
      `INSERT INTO incidents (id, account, symbol, subject, is_open, body)
       SELECT 9, account, symbol, 'position AAPL', 0, json_set(body, '$.id', 9)
       FROM incidents WHERE id = 1`,
      "the account account-1 has 3 incidents, and its events have 2",
    ],
    [
      "an incident that is open and not among the open ones",
      "UPDATE incidents SET is_open = 0 WHERE id = 2",
      "the account account-1 has 0 open incidents, and its events have 1",
    ],
    [
      "an incident that is over and among the open ones",
      "UPDATE incidents SET is_open = 1, subject = 'position AAPL' WHERE id = 1",
      "the account account-1 has 2 open incidents, and its events have 1",
    ],
    [
      "a claim that is at work and counts as settled",
      "UPDATE claims SET status = 'SETTLED', settled = 1 WHERE request_id = 'last'",
      "the account account-1 has 0 OPEN claims, and its events have 1",
    ],
    [
      "a claim that counts under another state",
      "UPDATE claims SET status = 'FINAL' WHERE request_id = 'last'",
      "the account account-1 has 0 OPEN claims, and its events have 1",
    ],
  ])("is bad where a row is not what its events come to: %s", async (_, sql, message) => {
    const file = await historyFile();
    tamper(file, sql);
    const { fault } = await checkStore(openLedger(file), quiet);
    expect(fault).toMatchObject({ event: null, reason: "rows" });
    expect(fault?.message).toContain(message);
  });

  test("is bad where an action that is at work counts as settled, or the other way", async () => {
    for (const [settled, command] of [
      [1, undefined],
      [0, settle()],
    ] as const) {
      const file = temporaryFile();
      const ledger = openLedger(file);
      await ledger.guard(KEY, claimOf());
      if (command !== undefined) await ledger.guard(KEY, command);
      expect(await checkStore(ledger, quiet)).toMatchObject({ fault: undefined });
      await ledger.close();
      tamper(file, `UPDATE guard_claims SET settled = ${settled}`);
      const { fault } = await checkStore(openLedger(file), quiet);
      const [listed, told] = settled === 1 ? [0, 1] : [1, 0];
      expect(fault?.message).toBe(
        `there are ${listed} claims of actions at work, and the events have ${told}`,
      );
    }
  });

  test("whose tail was cut off, or history made anew, is found out by a checkpoint", async () => {
    const file = await historyFile();
    const ledger = openLedger(file);
    const clock = { now: () => START };
    const signed = await makeCheckpoint(ledger, SIGNER, clock);
    await claimed(ledger, claimCommand({ requestId: "behind it", quantity: "8" }));
    await ledger.close();
    const last = signed?.sequence ?? 0;
    tamper(file, `DELETE FROM events WHERE sequence >= ${last}`);
    const cut = await checkStore(openLedger(file), quiet);
    expect(cut.fault).toMatchObject({ event: last, reason: "checkpoint" });
    expect(cut.fault?.message).toBe(`event ${last} is missing: ${last} events were signed`);
    const error = await latchError(() => makeCheckpoint(openLedger(file), SIGNER, clock));
    expect(error).toMatchObject({ code: "audit_broken", message: cut.fault?.message });
    const { privateKey } = generateKeyPairSync("ed25519");
    const withNewKey = () => makeCheckpoint(openLedger(file), privateKey, clock);
    expect((await latchError(withNewKey)).message).toBe(cut.fault?.message);
  });

  test("is found out where the whole chain was made anew, and where a checkpoint was", async () => {
    const [file, other] = [await historyFile(), await historyFile()];
    const clock = { now: () => START };
    for (const [one, reason] of [
      [file, "first reason"],
      [other, "second reason"],
    ] as const) {
      const ledger = openLedger(one);
      await claimed(ledger, claimCommand({ requestId: "differs", quantity: "8", reason }));
      await makeCheckpoint(ledger, SIGNER, clock);
      await ledger.close();
    }
    const copied = "DROP TRIGGER checkpoints_are_never_changed; DELETE FROM checkpoints;";
    tamper(
      file,
      `DROP TRIGGER checkpoints_are_never_deleted; ${copied} ATTACH '${other}' AS other;
       INSERT INTO checkpoints SELECT * FROM other.checkpoints;`,
    );
    const anew = await checkStore(openLedger(file), quiet);
    expect(anew.fault).toMatchObject({ reason: "checkpoint" });
    expect(anew.fault?.message).toContain("the chain was made anew");
    const forge = "UPDATE checkpoints SET text = replace(text, '\"events\":', '\"events\":1')";
    tamper(other, `DROP TRIGGER checkpoints_are_never_changed; ${forge}`);
    const forged = await checkStore(openLedger(other), quiet);
    expect(forged.fault?.message).toContain("was changed: its signature is not of it");
  });

  test("is good while others write into it", async () => {
    const file = await historyFile();
    const [ledger, other] = [openLedger(file), openLedger(file)];
    const claim = await claimed(other, claimCommand({ requestId: "meanwhile", quantity: "3" }));
    await other.record(claim.key, accepted(claim));
    const writes = [
      () => other.record(claim.key, orderRead(filledOrder(claim, "1"))),
      () => other.record(claim.key, orderRead(filledOrder(claim, "3"))),
      () => claimed(other, claimCommand({ requestId: "later", quantity: "4" })),
    ];
    const busy: Pick<Ledger, "lastSequence"> = {
      lastSequence: async () => {
        await writes.shift()?.();
        return ledger.lastSequence();
      },
    };
    const watched = new Proxy(ledger, {
      get: (target, name) => {
        const value = name === "lastSequence" ? busy.lastSequence : Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    expect(await checkStore(watched, quiet)).toMatchObject({
      fault: undefined,
      wereRowsCompared: true,
    });
    expect(writes).toEqual([]);
  });

  test("is good where what came during the check was signed meanwhile", async () => {
    const file = await historyFile();
    const [ledger, other] = [openLedger(file), openLedger(file)];
    let isSigned = false;
    const watched = whileAsked(ledger, "claimsOf", async () => {
      if (isSigned) return;
      isSigned = true;
      await claimed(other, claimCommand({ requestId: "meanwhile", quantity: "3" }));
      await makeCheckpoint(other, SIGNER, { now: () => START });
    });
    expect(await checkStore(watched, quiet)).toMatchObject({
      fault: undefined,
      checkpoints: 1,
      wereRowsCompared: true,
    });
    expect(isSigned).toBe(true);
  });

  test("is good however many incidents it has", async () => {
    const ledger = openLedger(await historyFile());
    for (let count = 1; count <= 250; count += 1) {
      const subject = `position A${count}`;
      const texts = { summary: "the broker holds 5", next: "it is compared again" };
      await ledger.beginIncident(ACCOUNT, "A", { kind: "orphan", subject, ...texts }, START + 60);
    }
    expect(await checkStore(ledger, quiet)).toMatchObject({
      fault: undefined,
      wereRowsCompared: true,
    });
  });

  test("is good where a claim settles and another begins during the check", async () => {
    const file = await historyFile();
    const [ledger, other] = [openLedger(file), openLedger(file)];
    let hasMoved = false;
    const watched = whileAsked(ledger, "countByStatus", async () => {
      if (hasMoved) return;
      hasMoved = true;
      const begun = await claimed(other, claimCommand({ requestId: "meanwhile", quantity: "3" }));
      await other.record(begun.key, accepted(begun));
      await other.record(begun.key, orderRead(filledOrder(begun, "3")));
      await other.endIncident(
        ...([ACCOUNT, "position SPY"] as const),
        { verdict: "agrees_again", provenance: "venue", reason: "both hold 5" },
        START + 70,
      );
    });
    expect(await checkStore(watched, quiet)).toMatchObject({
      fault: undefined,
      wereRowsCompared: true,
    });
    expect(hasMoved).toBe(true);
  });

  test("is good where an incident goes on between two comparisons of the rows", async () => {
    const file = await historyFile();
    const [ledger, other] = [openLedger(file), openLedger(file)];
    let times = 0;
    const watched = whileAsked(ledger, "countByStatus", async () => {
      times += 1;
      if (times > 1) return;
      const found = { text: "the broker holds 5 still", next: null };
      await other.addEvidence(ACCOUNT, "position SPY", found, START + 60);
    });
    expect(await checkStore(watched, quiet)).toMatchObject({
      fault: undefined,
      wereRowsCompared: true,
    });
    expect(times).toBeGreaterThan(1);
  });

  test("whose rows never stand still says that they were not compared", async () => {
    const ledger = openLedger(await historyFile());
    let count = 0;
    const busy = async () => {
      count += 1;
      await claimed(ledger, claimCommand({ requestId: `n-${count}`, quantity: `${count + 10}` }));
      return ledger.lastSequence();
    };
    const watched = new Proxy(ledger, {
      get: (target, name) => {
        const value = name === "lastSequence" ? busy : Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    expect(await checkStore(watched, quiet)).toMatchObject({
      fault: undefined,
      wereRowsCompared: false,
    });
  });
});
