/**
 * The schema, as numbered steps that only go forward. `user_version` holds the number of the last
 * one; a program that knows fewer refuses the file. A step is never edited once it was released.
 * What events and rows hold belongs to it: a kind or a field more is a step too, if an empty one.
 */
import type { Database } from "better-sqlite3";
import type { OnMigration } from "./on-migration.ts";
import { rehashEvents } from "./rehash.ts";

/** Marks a file as ours in SQLite's own header: "TLCH". */
export const APPLICATION_ID = 0x544c4348;

type Migration = (database: Database, onMigration?: OnMigration) => void;

/** SQL, or what SQL cannot do. */
export const MIGRATIONS: readonly (string | Migration)[] = [
  `
  CREATE TABLE events (
    sequence      INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    subject       TEXT NOT NULL CHECK (subject IN ('claim', 'book')),
    account       TEXT NOT NULL,
    agent         TEXT,
    request_id    TEXT,
    symbol        TEXT NOT NULL,
    body          TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash          TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_claim ON events (account, agent, request_id) WHERE request_id IS NOT NULL;
  CREATE TRIGGER events_are_only_appended BEFORE INSERT ON events
    WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM events)
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

  CREATE TABLE claims (
    id              INTEGER PRIMARY KEY,
    account         TEXT NOT NULL,
    agent           TEXT NOT NULL,
    request_id      TEXT NOT NULL,
    fingerprint     TEXT NOT NULL,
    episode         INTEGER NOT NULL,
    status          TEXT NOT NULL,
    filled          INTEGER NOT NULL CHECK (filled IN (0, 1)),
    broker_order_id TEXT,
    body            TEXT NOT NULL,
    UNIQUE (account, agent, request_id)
  ) STRICT;
  CREATE INDEX claims_by_fingerprint ON claims (account, agent, fingerprint, episode);
  CREATE INDEX claims_filled_by_fingerprint ON claims (account, agent, fingerprint, episode)
    WHERE filled = 1;
  CREATE INDEX claims_live_by_fingerprint ON claims (account, agent, fingerprint)
    WHERE status IN ('OPEN', 'RESOLVED', 'IN_RECONCILIATION');
  CREATE INDEX claims_unsettled ON claims (account) WHERE status <> 'SETTLED';
  CREATE INDEX claims_by_order ON claims (account, broker_order_id)
    WHERE broker_order_id IS NOT NULL;

  CREATE TABLE books (
    account TEXT NOT NULL,
    symbol  TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (account, symbol)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sync_mark (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,
    times    INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE accounts (
    account    TEXT PRIMARY KEY,
    adopted_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE logins (
    login   TEXT PRIMARY KEY,
    account TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  UPDATE claims SET body = json_set(
    body, '$.carriedQuantity', '0', '$.carriedCost', '0', '$.replacing', json('null'),
    '$.legs', json('{}'));
  `,
  `
  ALTER TABLE claims ADD COLUMN claimed_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE claims ADD COLUMN symbol TEXT NOT NULL DEFAULT '';
  UPDATE claims SET claimed_at = json_extract(body, '$.claimedAt'),
                    symbol = json_extract(body, '$.intent.symbol');
  CREATE INDEX claims_by_time ON claims (account, claimed_at, id, symbol, agent);
  `,
  `
  CREATE TABLE incidents (
    id      INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    symbol  TEXT NOT NULL,
    subject TEXT NOT NULL,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    body    TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX incidents_open ON incidents (account, subject) WHERE is_open = 1;
  CREATE INDEX incidents_open_in ON incidents (account, symbol) WHERE is_open = 1;
  CREATE INDEX incidents_of_account ON incidents (account, id);
  `,
  // Each index over random keys costs a claim a page of its own in the log, or more the wider its
  // keys are. So one that nobody reads goes, two pairs become one each, and keys are as short as
  // tells claims apart: what of a row is not in them the row itself is asked for.
  `
  DROP INDEX events_by_claim;
  DROP INDEX claims_filled_by_fingerprint;
  DROP INDEX claims_by_fingerprint;
  CREATE INDEX claims_by_fingerprint
    ON claims (substr(fingerprint, 1, 16), agent, episode, filled);
  DROP INDEX claims_live_by_fingerprint;
  DROP INDEX claims_unsettled;
  CREATE INDEX claims_unsettled ON claims (account, agent, substr(fingerprint, 1, 16))
    WHERE status <> 'SETTLED';
  DROP INDEX claims_by_order;
  CREATE INDEX claims_by_order ON claims (broker_order_id) WHERE broker_order_id IS NOT NULL;
  `,
  // A claim comes into the index of settled ones when it is settled, and no index holds its status,
  // so that what happens to it meanwhile touches none.
  `
  ALTER TABLE claims ADD COLUMN settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1));
  DROP INDEX claims_by_fingerprint;
  DROP INDEX claims_unsettled;
  UPDATE claims SET settled = 1 WHERE status = 'SETTLED';
  CREATE INDEX claims_by_fingerprint
    ON claims (substr(fingerprint, 1, 16), agent, episode, filled) WHERE settled = 1;
  CREATE INDEX claims_unsettled ON claims (account, agent, substr(fingerprint, 1, 16))
    WHERE settled = 0;
  `,
  // Each account's events are chained by themselves, so that they can be shown without the others'.
  (database, onMigration) => {
    database.exec("DROP TRIGGER events_are_never_changed");
    rehashEvents(database, onMigration);
    database.exec(`CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
      BEGIN SELECT RAISE(ABORT, 'events are append-only'); END`);
  },
  `
  CREATE TABLE checkpoints (
    sequence INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    text     TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER checkpoints_are_never_changed BEFORE UPDATE ON checkpoints
    BEGIN SELECT RAISE(ABORT, 'checkpoints are kept'); END;
  CREATE TRIGGER checkpoints_are_never_deleted BEFORE DELETE ON checkpoints
    BEGIN SELECT RAISE(ABORT, 'checkpoints are kept'); END;
  `,
  // Claims that are no orders have a table of their own, and their events a subject. SQLite alters
  // no CHECK, so the events move to a table that has the new one.
  `
  CREATE TABLE guard_claims (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    agent      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    settled    INTEGER NOT NULL CHECK (settled IN (0, 1)),
    body       TEXT NOT NULL,
    UNIQUE (account, agent, request_id)
  ) STRICT;
  CREATE INDEX guard_claims_unsettled ON guard_claims (id) WHERE settled = 0;
  CREATE TABLE events_of_all (
    sequence      INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    subject       TEXT NOT NULL CHECK (subject IN ('claim', 'book', 'guard')),
    account       TEXT NOT NULL,
    agent         TEXT,
    request_id    TEXT,
    symbol        TEXT NOT NULL,
    body          TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash          TEXT NOT NULL
  ) STRICT;
  INSERT INTO events_of_all SELECT sequence, at, subject, account, agent, request_id, symbol, body,
    previous_hash, hash FROM events ORDER BY sequence;
  DROP TABLE events;
  ALTER TABLE events_of_all RENAME TO events;
  CREATE TRIGGER events_are_only_appended BEFORE INSERT ON events
    WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM events)
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  `,
  // Rows of claims and books are written behind the events: up to which one they hold, this says.
  `
  CREATE TABLE rows_mark (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL
  ) STRICT;
  INSERT INTO rows_mark SELECT 1, coalesce(max(sequence), 0) FROM events;
  `,
  // A claim with an id of its own asks of filled ones only for those whose caller was not told.
  `
  ALTER TABLE claims ADD COLUMN untold INTEGER NOT NULL DEFAULT 0 CHECK (untold IN (0, 1));
  UPDATE claims SET untold = 1
    WHERE settled = 1 AND filled = 1 AND json_extract(body, '$.told') IS NOT 'certain';
  CREATE INDEX claims_untold ON claims (substr(fingerprint, 1, 16), agent, episode)
    WHERE untold = 1;
  `,
  // Events have kinds and fields that older programs do not know: one of them would fold these by
  // its own rules, and write rows that say something else. What a row said by a sentence alone it
  // says by a field now.
  `
  UPDATE guard_claims SET body = json_set(body, '$.isLateWordUnknown', json('true'))
    WHERE settled = 0 AND json_extract(body, '$.unknownBecause') =
      'whoever held the attempt that was released does not know whether it was absent';
  `,
  // An order may show a fill after its end, however long it had rested before.
  `
  ALTER TABLE claims ADD COLUMN ended_short_at INTEGER;
  UPDATE claims SET ended_short_at = json_extract(body, '$.certainAt')
    WHERE settled = 1 AND (json_extract(body, '$.hasLostTry') OR json_extract(body, '$.outcome')
      IN ('partially_filled', 'canceled', 'expired', 'absent', 'not_sent'));
  CREATE INDEX claims_ended_short ON claims (account, symbol, ended_short_at)
    WHERE ended_short_at IS NOT NULL;
  `,
  // The fill of a combo's leg says which life of its contract's position it is of, and whether it
  // took from that; of those that are there already nothing is known.
  "",
  // A fill on a flat book may go on with the life that has ended, and books keep what was opened
  // behind exits at work: an older program would write another book. A claim says where what it
  // has of the broker's clock is a guess.
  "",
  // A fill of before the last end of a position makes one life of two, and books say so: an older
  // program would send the exit between them again.
  "",
];

export const SCHEMA_VERSION = MIGRATIONS.length;
