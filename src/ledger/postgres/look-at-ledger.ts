/** Looks at a database without opening it as a ledger: no schema is made, nothing is written. */
import type { Clock, EpochMs } from "../../core/clock.ts";
import type { StoreLook } from "../store-look.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { LATEST } from "./event-scan.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { refuseUnsound } from "./open-database.ts";
import { isPooledByTransaction } from "./pooler.ts";
import { refuseNewer, versionOf } from "./schema-version.ts";
import { storeError } from "./store-errors.ts";

/** Rejects with LatchError `store_*` for a server that cannot be used, or has a newer ledger. */
export async function lookAtPostgresLedger(url: string, clock: Clock): Promise<StoreLook> {
  const pool = new ConnectionPool(url, clock);
  try {
    // One that forgets is refused.
    await isPooledByTransaction(pool);
    return await pool.reserved(async (session): Promise<StoreLook> => {
      await refuseUnsound(session);
      const version = await versionOf(session);
      if (version === 0) return { kind: "none" };
      refuseNewer(version, session.place);
      // Damage is the server's to find.
      const of = { kind: "ledger", version, known: SCHEMA_VERSION, isLarge: false } as const;
      if (version < SCHEMA_VERSION) return { ...of, lastEventAt: null };
      const [latest] = await session.ask<{ at: EpochMs | null }>(LATEST, []);
      return { ...of, lastEventAt: latest?.at ?? null };
    });
  } catch (error) {
    throw storeError(error, pool.place);
  } finally {
    await pool.close();
  }
}
