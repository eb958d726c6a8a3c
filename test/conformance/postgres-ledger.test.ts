import { ManualClock } from "../../src/core/manual-clock.ts";
import { lookAtPostgresLedger } from "../../src/ledger/postgres/look-at-ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { START } from "../ledger/sample-commands.ts";
import { newDatabase } from "../postgres/shared-server.ts";
import { ledgerConformance } from "./ledger-conformance.ts";
import { openStore } from "./open-store.ts";

ledgerConformance("the PostgreSQL ledger", async () => {
  const database = await newDatabase();
  const clock = new ManualClock(START);
  const { url, drop } = database;
  const look = () => lookAtPostgresLedger(url, clock);
  return openStore(clock, () => openPostgresLedger(url, clock), drop, look);
});
