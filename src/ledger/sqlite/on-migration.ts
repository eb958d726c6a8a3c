/**
 * How far a migration of a SQLite ledger is, for whoever waits for it. In a file of its own: the
 * library's types name it, and nothing of the driver may be needed to read those.
 */

/** Told how many of a file's events a migration has been through; minutes, where there are many. */
export type OnMigration = (done: number, total: number) => void;
