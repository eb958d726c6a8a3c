import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { START } from "../ledger/sample-commands.ts";
import { ledgerConformance } from "./ledger-conformance.ts";

ledgerConformance("the SQLite ledger", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tradelatch-conformance-"));
  const clock = new ManualClock(START);
  const openings: Ledger[] = [];
  const another = async () => {
    const ledger = openSqliteLedger(join(folder, "ledger.db"), clock);
    openings.push(ledger);
    return ledger;
  };
  const ledger = await another();
  return {
    ledger,
    clock,
    another,
    reopen: async () => {
      await ledger.close();
      return another();
    },
    destroy: async () => {
      await Promise.all(openings.map((opening) => opening.close()));
      rmSync(folder, { recursive: true });
    },
  };
});
