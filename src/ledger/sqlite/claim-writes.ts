/** The statements that write a claim's row. */
import { type Claim, endedShortAt, wasFilled } from "../../claim/claim.ts";
import { InvariantError } from "../../core/errors.ts";
import type { PreparedStatements } from "./prepared-statements.ts";

export class ClaimWrites {
  readonly #statements: PreparedStatements;

  constructor(statements: PreparedStatements) {
    this.#statements = statements;
  }

  insert(claim: Claim): void {
    const { key, fingerprint, claimedAt, intent } = claim;
    const changing = changingColumns(claim);
    const { episode, status, filled, settled, untold, ended_short_at, broker_order_id } = changing;
    this.#statements
      .of(
        `INSERT INTO claims
           (account, agent, request_id, fingerprint, claimed_at, symbol, body,
            episode, status, filled, settled, untold, ended_short_at, broker_order_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[key.account, key.agent, key.requestId, fingerprint, claimedAt, intent.symbol],
        ...[JSON.stringify(claim), episode, status, filled, settled, untold, ended_short_at],
        broker_order_id,
      );
  }

  /** An index that a column stands in is written anew even where the column stays as it was. */
  update(claim: Claim, before: Claim): void {
    const { key } = claim;
    const known = changingColumns(before);
    const changed = Object.entries(changingColumns(claim)).filter(
      ([name, value]) => known[name as keyof typeof known] !== value,
    );
    const columns = ["body", ...changed.map(([name]) => name)].map((name) => `${name} = ?`);
    const { changes } = this.#statements
      .of(
        `UPDATE claims SET ${columns.join(", ")}
         WHERE account = ? AND agent = ? AND request_id = ?`,
      )
      .run(
        ...[JSON.stringify(claim), ...changed.map(([, value]) => value)],
        ...[key.account, key.agent, key.requestId],
      );
    if (changes !== 1) throw new InvariantError(`claim ${key.requestId} has no row`);
  }
}

/** Beside its body, what of a claim's row is not the same for ever. */
function changingColumns(claim: Claim) {
  const filled = wasFilled(claim);
  const settled = claim.status === "SETTLED";
  return {
    episode: claim.episode,
    status: claim.status,
    filled: Number(filled),
    settled: Number(settled),
    untold: Number(settled && filled && claim.told !== "certain"),
    ended_short_at: endedShortAt(claim),
    broker_order_id: claim.brokerOrderId,
  } as const;
}
