import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { lookAtSqliteLedger } from "../../src/ledger/sqlite/look-at-ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { START } from "../ledger/sample-commands.ts";
import { ledgerConformance } from "./ledger-conformance.ts";
import { openStore } from "./open-store.ts";

ledgerConformance("the SQLite ledger", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tradelatch-conformance-"));
  const clock = new ManualClock(START);
  const file = join(folder, "ledger.db");
  const remove = () => rmSync(folder, { recursive: true });
  const look = async () => lookAtSqliteLedger(file);
  return openStore(clock, () => openSqliteLedger(file, clock), remove, look);
});
