/**
 * An order made idempotent by AWS Powertools, with its records in PostgreSQL: a persistence layer
 * that does there what the package's own does in DynamoDB, one conditional put and one update.
 */
import {
  IdempotencyConfig,
  IdempotencyItemAlreadyExistsError,
  IdempotencyItemNotFoundError,
  makeIdempotent,
} from "@aws-lambda-powertools/idempotency";
import {
  BasePersistenceLayer,
  IdempotencyRecord,
} from "@aws-lambda-powertools/idempotency/persistence";
import pg from "pg";
import { serve } from "./peer-program.mjs";

const MADE = `CREATE TABLE idempotency (id text PRIMARY KEY, status text NOT NULL,
  expiry bigint NOT NULL, in_progress_expiry bigint, data jsonb)`;
/** Taken where nobody has it, where it is over, or where its owner's time is. */
const PUT = `INSERT INTO idempotency (id, status, expiry, in_progress_expiry)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, expiry = excluded.expiry,
    in_progress_expiry = excluded.in_progress_expiry, data = NULL
  WHERE idempotency.expiry < $5
    OR (idempotency.status = 'INPROGRESS' AND idempotency.in_progress_expiry < $6)
  RETURNING id`;
const UPDATE = "UPDATE idempotency SET status = $2, expiry = $3, data = $4 WHERE id = $1";
const SECOND_MS = 1_000;
const OWNERS_TIME_MS = 30_000;

class PostgresPersistence extends BasePersistenceLayer {
  #pool;

  constructor(pool) {
    super();
    this.#pool = pool;
  }

  async _putRecord(record) {
    const { idempotencyKey: id, expiryTimestamp, inProgressExpiryTimestamp } = record;
    const now = Date.now();
    const own = [id, record.getStatus(), expiryTimestamp, inProgressExpiryTimestamp ?? null];
    const { rowCount } = await this.#pool.query({
      ...{ name: "put", text: PUT },
      values: [...own, Math.floor(now / SECOND_MS), now],
    });
    if (rowCount === 1) return;
    throw new IdempotencyItemAlreadyExistsError(`${id} is there`, await this._getRecord(id));
  }

  async _getRecord(id) {
    const { rows } = await this.#pool.query("SELECT * FROM idempotency WHERE id = $1", [id]);
    const [row] = rows;
    if (row === undefined) throw new IdempotencyItemNotFoundError(`${id} is not there`);
    return new IdempotencyRecord({
      ...{ idempotencyKey: id, status: row.status, responseData: row.data },
      expiryTimestamp: Number(row.expiry),
      inProgressExpiryTimestamp: Number(row.in_progress_expiry),
    });
  }

  async _updateRecord(record) {
    const { idempotencyKey: id, expiryTimestamp, responseData } = record;
    const values = [id, record.getStatus(), expiryTimestamp, JSON.stringify(responseData)];
    await this.#pool.query({ name: "update", text: UPDATE, values });
  }

  async _deleteRecord({ idempotencyKey: id }) {
    await this.#pool.query("DELETE FROM idempotency WHERE id = $1", [id]);
  }
}

await serve(async (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  await pool.query(MADE);
  const config = new IdempotencyConfig({ eventKeyJmesPath: "id" });
  // Without it the package says for every order that it does not know how long the owner may take.
  config.registerLambdaContext({ getRemainingTimeInMillis: () => OWNERS_TIME_MS });
  const guard = makeIdempotent(async ({ id }) => ({ id, status: "filled" }), {
    persistenceStore: new PostgresPersistence(pool),
    config,
  });
  return { guard: (id) => guard({ id }), close: () => pool.end() };
});
