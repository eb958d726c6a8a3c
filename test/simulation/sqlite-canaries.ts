/**
 * Defects of the SQLite store that its worlds must find; see canaries.ts. Each changes a method of
 * the store's own classes for the length of a world: the product has no switch for any.
 */
import { KnownRows } from "../../src/ledger/sqlite/known-rows.ts";
import { RecordsAhead } from "../../src/ledger/sqlite/records-ahead.ts";
import { SqliteRows } from "../../src/ledger/sqlite/rows.ts";
import { SyncMode } from "../../src/ledger/sqlite/sync-mode.ts";
import type { Canary } from "./canaries.ts";

export const SQLITE_CANARIES: readonly Canary[] = [
  {
    name: "commits a claim without waiting for the disk",
    caughtBy: "I2",
    seed: 1,
    tampering: { sqlite: neverAsksForSyncs },
  },
  {
    name: "keeps rows that another process has changed",
    caughtBy: "rows",
    seed: 1,
    tampering: { sqlite: looksOnce },
  },
  {
    name: "reads what it kept, whatever another process has written",
    caughtBy: "rows",
    seed: 1,
    tampering: { sqlite: readsUnrefreshed },
  },
  {
    name: "opens a file without folding what its rows lack",
    caughtBy: "rows",
    seed: 1,
    tampering: { sqlite: foldsNothing },
  },
  {
    name: "tells of an order ahead and never writes it",
    caughtBy: "rows",
    seed: 2,
    tampering: { sqlite: writesNothingAhead },
  },
];

/** Replaces a method of `prototype` by what `change` makes of it; the answer puts it back. */
function changed<Target extends object, Name extends keyof Target>(
  prototype: Target,
  name: Name,
  change: (own: Target[Name]) => Target[Name],
): () => void {
  const own = prototype[name];
  prototype[name] = change(own);
  return () => {
    prototype[name] = own;
  };
}

/** Behind the opening, which tries out whether SQLite takes both levels. */
function neverAsksForSyncs(): () => void {
  const tries = new WeakMap<SyncMode, number>();
  return changed(SyncMode.prototype, "require", (own) => {
    return function required(this: SyncMode, level) {
      const count = tries.get(this) ?? 0;
      tries.set(this, count + 1);
      own.call(this, count < 2 ? level : "NORMAL");
    };
  });
}

function looksOnce(): () => void {
  const seen = new WeakSet<KnownRows>();
  return changed(KnownRows.prototype, "refresh", (own) => {
    return function refreshed(this: KnownRows) {
      if (seen.has(this)) return false;
      seen.add(this);
      return own.call(this);
    };
  });
}

function readsUnrefreshed(): () => void {
  const seen = new WeakSet<SqliteRows>();
  return changed(SqliteRows.prototype, "refreshOnce", (own) => {
    return function refreshed(this: SqliteRows) {
      if (!seen.has(this)) own.call(this);
      seen.add(this);
    };
  });
}

function foldsNothing(): () => void {
  return changed(SqliteRows.prototype, "events", (own) => {
    return function found(this: SqliteRows, after, through, limit) {
      return limit < 0 ? [] : own.call(this, after, through, limit);
    };
  });
}

function writesNothingAhead(): () => void {
  return changed(RecordsAhead.prototype, "write", () => () => undefined);
}
