import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { START } from "../ledger/sample-commands.ts";
import { ledgerConformance } from "./ledger-conformance.ts";
import { openStore } from "./open-store.ts";

ledgerConformance("the SQLite ledger", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tradelatch-conformance-"));
  const clock = new ManualClock(START);
  const open = () => openSqliteLedger(join(folder, "ledger.db"), clock);
  return openStore(clock, open, () => rmSync(folder, { recursive: true }));
});
