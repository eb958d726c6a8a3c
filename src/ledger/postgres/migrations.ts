/**
 * The schema, as numbered steps that only go forward; `tradelatch.migrations` holds those that were
 * made, and from the fifth on the head has their number too: a program that knows fewer refuses the
 * database, also where it was open there when they were made. A step is never edited once it was
 * released. What events and rows hold belongs to it: a kind or a field more is a step too, if an
 * empty one.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE tradelatch.events (
    sequence      bigint PRIMARY KEY,
    at            bigint NOT NULL,
    subject       text NOT NULL CHECK (subject IN ('claim', 'book')),
    account       text NOT NULL,
    agent         text,
    request_id    text,
    symbol        text NOT NULL,
    body          text NOT NULL,
    previous_hash text NOT NULL,
    hash          text NOT NULL
  );
  CREATE FUNCTION tradelatch.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$;
  CREATE FUNCTION tradelatch.refuse_gap() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF NEW.sequence IS DISTINCT FROM
        (SELECT coalesce(max(sequence), 0) + 1 FROM tradelatch.events) THEN
        RAISE EXCEPTION 'events are append-only';
      END IF;
      RETURN NEW;
    END $$;
  CREATE TRIGGER events_are_only_appended BEFORE INSERT ON tradelatch.events
    FOR EACH ROW EXECUTE FUNCTION tradelatch.refuse_gap();
  CREATE TRIGGER events_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON tradelatch.events
    FOR EACH STATEMENT EXECUTE FUNCTION tradelatch.refuse_change();

  CREATE TABLE tradelatch.claims (
    id              bigint PRIMARY KEY,
    account         text NOT NULL,
    agent           text NOT NULL,
    request_id      text NOT NULL,
    fingerprint     text NOT NULL,
    episode         bigint NOT NULL,
    status          text NOT NULL,
    filled          boolean NOT NULL,
    broker_order_id text,
    claimed_at      bigint NOT NULL,
    symbol          text NOT NULL,
    body            text NOT NULL,
    UNIQUE (account, agent, request_id)
  );
  CREATE INDEX claims_by_fingerprint
    ON tradelatch.claims (account, agent, fingerprint, episode, id);
  CREATE INDEX claims_filled_by_fingerprint
    ON tradelatch.claims (account, agent, fingerprint, episode, id) WHERE filled;
  CREATE INDEX claims_live_by_fingerprint ON tradelatch.claims (account, agent, fingerprint, id)
    WHERE status IN ('OPEN', 'RESOLVED', 'IN_RECONCILIATION');
  CREATE INDEX claims_unsettled ON tradelatch.claims (account, id) WHERE status <> 'SETTLED';
  CREATE INDEX claims_by_order ON tradelatch.claims (account, broker_order_id)
    WHERE broker_order_id IS NOT NULL;
  CREATE INDEX claims_by_request ON tradelatch.claims (request_id, account);
  CREATE INDEX claims_by_time ON tradelatch.claims (account, claimed_at, id);

  CREATE TABLE tradelatch.books (
    account text NOT NULL,
    symbol  text NOT NULL,
    episode bigint NOT NULL,
    body    text NOT NULL,
    PRIMARY KEY (account, symbol)
  );

  CREATE TABLE tradelatch.incidents (
    id      bigint PRIMARY KEY,
    account text NOT NULL,
    symbol  text NOT NULL,
    subject text NOT NULL,
    is_open boolean NOT NULL,
    body    text NOT NULL
  );
  CREATE UNIQUE INDEX incidents_open ON tradelatch.incidents (account, subject) WHERE is_open;
  CREATE INDEX incidents_open_in ON tradelatch.incidents (account, symbol) WHERE is_open;
  CREATE INDEX incidents_of_account ON tradelatch.incidents (account, id);

  CREATE TABLE tradelatch.accounts (account text PRIMARY KEY, adopted_at bigint NOT NULL);
  CREATE TABLE tradelatch.logins (login text PRIMARY KEY, account text NOT NULL);

  CREATE TABLE tradelatch.head (
    id        integer PRIMARY KEY CHECK (id = 1),
    sequence  bigint NOT NULL,
    hashes    text NOT NULL,
    at        bigint,
    claims    bigint NOT NULL,
    incidents bigint NOT NULL
  );
  INSERT INTO tradelatch.head VALUES (1, 0, '{}', NULL, 0, 0);
  CREATE TABLE tradelatch.sync_mark (
    id       integer PRIMARY KEY CHECK (id = 1),
    sequence bigint NOT NULL,
    times    bigint NOT NULL
  );
  INSERT INTO tradelatch.sync_mark VALUES (1, 0, 0);
  `,
  `
  CREATE TABLE tradelatch.checkpoints (
    sequence bigint PRIMARY KEY,
    at       bigint NOT NULL,
    text     text NOT NULL
  );
  CREATE FUNCTION tradelatch.keep_checkpoints() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'checkpoints are kept'; END $$;
  CREATE TRIGGER checkpoints_are_never_changed
    BEFORE UPDATE OR DELETE OR TRUNCATE ON tradelatch.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION tradelatch.keep_checkpoints();
  `,
  `
  ALTER TABLE tradelatch.events DROP CONSTRAINT events_subject_check;
  ALTER TABLE tradelatch.events ADD CONSTRAINT events_subject_check
    CHECK (subject IN ('claim', 'book', 'guard'));
  CREATE TABLE tradelatch.guard_claims (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    text NOT NULL,
    agent      text NOT NULL,
    request_id text NOT NULL,
    settled    boolean NOT NULL,
    body       text NOT NULL,
    UNIQUE (account, agent, request_id)
  );
  CREATE INDEX guard_claims_unsettled ON tradelatch.guard_claims (id) WHERE NOT settled;
  `,
  // Events that arrive together are looked at together. One index finds a claim by its request id,
  // and keeps its key from coming twice. Claims whose caller got no answer are found by themselves;
  // of those that are there already only the bodies say so, and they count as such.
  `
  DROP TRIGGER events_are_only_appended ON tradelatch.events;
  DROP FUNCTION tradelatch.refuse_gap();
  CREATE FUNCTION tradelatch.refuse_gaps() RETURNS trigger LANGUAGE plpgsql AS
    $$ DECLARE first bigint; last bigint; added bigint; before bigint; BEGIN
      SELECT min(sequence), max(sequence), count(*) INTO first, last, added FROM appended;
      -- By the index, whatever the server knows of the table: not by a maximum over all of them.
      SELECT sequence INTO before FROM tradelatch.events
        WHERE sequence < first ORDER BY sequence DESC LIMIT 1;
      IF last - first + 1 <> added OR first <> coalesce(before, 0) + 1 THEN
        RAISE EXCEPTION 'events are append-only';
      END IF;
      RETURN NULL;
    END $$;
  CREATE TRIGGER events_are_only_appended AFTER INSERT ON tradelatch.events
    REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION tradelatch.refuse_gaps();
  CREATE UNIQUE INDEX claims_by_key ON tradelatch.claims (request_id, account, agent);
  ALTER TABLE tradelatch.claims DROP CONSTRAINT claims_account_agent_request_id_key;
  DROP INDEX tradelatch.claims_by_request;
  ALTER TABLE tradelatch.claims ADD COLUMN untold boolean NOT NULL DEFAULT true;
  CREATE INDEX claims_filled_untold ON tradelatch.claims (account, agent, fingerprint, id)
    WHERE filled AND untold;
  `,
  `
  ALTER TABLE tradelatch.head ADD COLUMN schema_version integer NOT NULL DEFAULT 0;
  `,
  // Events and rows have kinds and fields that older programs do not know: they would leave these
  // as they are where they have come to mean something else. What a row said by a sentence alone
  // it says by a field now.
  `
  UPDATE tradelatch.guard_claims SET body = (body::jsonb || '{"isLateWordUnknown": true}')::text
    WHERE NOT settled AND body::jsonb ->> 'unknownBecause' =
      'whoever held the attempt that was released does not know whether it was absent';
  `,
  // An order may show a fill after its end, however long it had rested before. Of claims that are
  // there already the texts of their bodies say when that was, and maybe of a few that have all.
  `
  ALTER TABLE tradelatch.claims ADD COLUMN ended_short_at bigint;
  UPDATE tradelatch.claims
    SET ended_short_at = substring(body FROM '"certainAt":([0-9]{1,15})')::bigint
    WHERE status = 'SETTLED' AND (strpos(body, '"hasLostTry":true') > 0 OR
      body ~ '"outcome":"(partially_filled|canceled|expired|absent|not_sent)"');
  CREATE INDEX claims_ended_short ON tradelatch.claims (account, symbol, ended_short_at)
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
