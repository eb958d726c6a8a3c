import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { START } from "../ledger/sample-commands.ts";
import { newDatabase } from "../postgres/shared-server.ts";
import { ledgerConformance } from "./ledger-conformance.ts";

ledgerConformance("the PostgreSQL ledger", async () => {
  const database = await newDatabase();
  const clock = new ManualClock(START);
  const openings: Ledger[] = [];
  const another = async () => {
    const ledger = openPostgresLedger(database.url, clock);
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
      await database.drop();
    },
  };
});
