import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { prepareLatch } from "../../src/app.ts";
import { auditCommand } from "../../src/cli/audit-command.ts";
import { resolveConfig } from "../../src/config.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { HastyClock } from "../cli/hasty-clock.ts";
import { Database } from "../sqlite-database.ts";
import { olderFile } from "./older-file.ts";
import { latchError, openLedger } from "./open-ledger.ts";
import { temporaryFile } from "./temporary-folder.ts";

/** The last version with one chain over all accounts. */
const ONE_CHAIN = 6;
const ACCOUNTS = ["account-a", "account-b", "account-a", "account-a", "account-b"];

/** A log of two accounts in one chain, each hash over the one before and the event. */
function olderLog(): string {
  const file = temporaryFile();
  const database = olderFile(file, ONE_CHAIN);
  const insert = database.prepare(
    `INSERT INTO events (sequence, at, subject, account, symbol, body, previous_hash, hash)
     VALUES (?, ?, 'book', ?, 'TQQQ', ?, ?, ?)`,
  );
  let previous = "0".repeat(64);
  for (const [index, account] of ACCOUNTS.entries()) {
    const body = { type: "opening_adopted", net: `${index}`, averagePrice: "75.33" };
    const place = { sequence: index + 1, at: 1_000 + index };
    const event = { subject: "book", account, symbol: "TQQQ", body, ...place };
    const text = `${previous}\n${canonicalize(event)}`;
    const hash = createHash("sha256").update(text).digest("hex");
    insert.run(place.sequence, place.at, account, canonicalize(body), previous, hash);
    previous = hash;
  }
  database.close();
  return file;
}

describe("a log with one chain over all accounts", () => {
  test("has a chain for each account once it is opened, and says the same as before", async () => {
    const events = await openLedger(olderLog()).events();
    expect(firstBreak(events)).toBeUndefined();
    const nets = events.map(({ at, body }) => [at, "net" in body && body.net]);
    expect(nets).toEqual(ACCOUNTS.map((_, index) => [1_000 + index, `${index}`]));
    const previous = events.map(({ previousHash }) => previousHash);
    const [genesis, first, second, third] = ["0".repeat(64), 0, 1, 2];
    const hashAt = (index: number) => events[index]?.hash;
    expect(previous).toEqual([genesis, genesis, hashAt(first), hashAt(third), hashAt(second)]);
  });

  test("says how far it is while it is opened, and nothing at the next opening", async () => {
    const file = olderLog();
    const told: (readonly [number, number])[] = [];
    const opened = () =>
      openSqliteLedger(file, new ManualClock(0), (done, total) => told.push([done, total]));
    await opened().close();
    expect(told).toEqual([[5, 5]]);
    await opened().close();
    expect(told).toHaveLength(1);
  });

  test("shows that to whoever runs a command on it", async () => {
    const shown: string[] = [];
    const output = {
      ...{ columns: undefined, color: false, logsAreRead: true },
      line: (text: string) => void shown.push(text),
      status: (text: string) => void shown.push(text),
    };
    const stop = new AbortController().signal;
    const command = auditCommand(output, {}, stop, new HastyClock(0, 2_000));
    await command.parseAsync(["list", "--store", olderLog()], { from: "user" });
    expect(shown.filter((text) => text.startsWith("Migrating"))).toEqual([
      "Migrating the ledger  ██████████████████████████████ 100 %",
    ]);
  });

  test("is told of in the log of a sidecar that opens it", async () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const settings = { store: olderLog(), keyId: "key", secret: "not-looked-at" };
    const config = resolveConfig(settings, {});
    await prepareLatch(config, { logger, schedule: false }).close();
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { done: 5, total: 5, msg: expect.stringContaining("of an older program and is migrated") },
    ]);
  });

  test("is refused and left as it was where somebody has changed it", async () => {
    const file = olderLog();
    const database = new Database(file);
    database.exec(`DROP TRIGGER events_are_never_changed;
      UPDATE events SET at = at + 1 WHERE sequence = 3;
      CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END`);
    const before = database.prepare("SELECT * FROM events").all();
    database.close();
    const { code, message } = await latchError(() => openLedger(file));
    expect(code).toBe("store_corrupt");
    expect(message).toBe(`the ledger ${file} is damaged: its chain breaks at event 3`);
    const after = new Database(file, { readonly: true });
    expect(after.prepare("SELECT * FROM events").all()).toEqual(before);
    expect(after.pragma("user_version", { simple: true })).toBe(ONE_CHAIN);
    after.close();
  });

  test("cannot be changed afterwards either", async () => {
    const file = olderLog();
    await openLedger(file).close();
    const database = new Database(file);
    const change = "UPDATE events SET at = at + 1 WHERE sequence = 3";
    expect(() => database.exec(change)).toThrow("events are append-only");
    database.close();
  });
});
