/** What a transaction, or a portion of it, has to write. */
import type { Book } from "../../book/book.ts";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import type { Incident } from "../../incident/incident.ts";
import type { AdoptedAccount, NumberedClaim } from "../ledger-content.ts";
import type { RowValues } from "./joined-columns.ts";

export interface Changes {
  /** Their rows; see write-statements.ts. */
  readonly events: readonly RowValues[];
  readonly newClaims: readonly NumberedClaim[];
  readonly changedClaims: readonly NumberedClaim[];
  readonly guards: readonly GuardClaim[];
  readonly books: readonly Book[];
  readonly incidents: readonly Incident[];
  readonly adopted: readonly AdoptedAccount[];
}
