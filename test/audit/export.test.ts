import { describe, expect, test } from "vitest";
import { exportParts } from "../../src/audit/export.ts";
import { claimed, latchError, openLedger } from "../ledger/open-ledger.ts";
import { claimCommand, START } from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { Database } from "../sqlite-database.ts";
import { exported, SIGNER, verdictOf, writeTrail } from "./sample-trail.ts";

describe("an export", () => {
  test("of a ledger that is written to is what was there when it began", async () => {
    const file = temporaryFile();
    const [ledger, other] = [openLedger(file), openLedger(file)];
    for (let count = 1; count <= 700; count += 1) {
      await claimed(ledger, claimCommand({ quantity: `${count}` }));
    }
    const last = await ledger.lastSequence();
    let text = "";
    let parts = 0;
    for await (const part of exportParts(ledger, SIGNER, { now: () => START })) {
      text += part.text;
      parts += 1;
      await claimed(other, claimCommand({ quantity: `${1_000 + parts}`, symbol: "SPY" }));
    }
    expect(parts).toBeGreaterThan(2);
    expect(await ledger.lastSequence()).toBeGreaterThan(last);
    const verdict = await verdictOf(text);
    expect(verdict).toMatchObject({ ok: true, checkpoint: { sequence: last } });
  });

  test("is the same every time, but for its checkpoint", async () => {
    const ledger = openLedger(temporaryFile());
    await writeTrail(ledger);
    expect(await exported(ledger)).toBe(await exported(ledger));
  });

  test("signs nothing that does not hold, and names the event", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    await writeTrail(ledger);
    await ledger.close();
    const database = new Database(file);
    database.exec(`DROP TRIGGER events_are_never_changed;
      UPDATE events SET symbol = 'AAPL' WHERE sequence = 4`);
    database.close();
    const error = await latchError(() => exported(openLedger(file)));
    expect(error).toMatchObject({
      code: "audit_broken",
      message: expect.stringContaining("event 4 was changed"),
    });
  });
});
