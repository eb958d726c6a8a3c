/** Which schema a database has, and what this program makes of one that it does not know. */
import { refuseAbove } from "../store-refusals.ts";
import type { Session } from "./dedicated-connection.ts";
import { SCHEMA_VERSION } from "./migrations.ts";

/** 0 where there is no ledger yet. */
export async function versionOf(session: Session): Promise<number> {
  const [found] = await session.ask<{ there: boolean }>(
    `SELECT count(*) = 1 AS there FROM pg_catalog.pg_tables
     WHERE schemaname = 'tradelatch' AND tablename = 'migrations'`,
    [],
  );
  if (!found?.there) return 0;
  const [row] = await session.ask<{ version: number }>(
    "SELECT coalesce(max(version), 0) AS version FROM tradelatch.migrations",
    [],
  );
  return row?.version ?? 0;
}

/** Throws LatchError `store_newer` for a schema that this program does not know. */
export function refuseNewer(version: number, place: string): void {
  refuseAbove(SCHEMA_VERSION, version, `the ledger at ${place}`);
}
