/** The audit trail of one account, as a latch offers it, and what signs the ledger behind it. */
import type { KeyObject } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { AccountId } from "../core/ids.ts";
import {
  type AuditFilters,
  type AuditLedger,
  type AuditPage,
  type AuditQuery,
  auditPage,
} from "./audit-trail.ts";
import { type Checkpoint, publicKeyText } from "./checkpoint.ts";
import { type CheckpointLedger, makeCheckpoint } from "./checkpointing.ts";
import { type OffsetPage, OffsetPages } from "./offset-pages.ts";

export interface AuditTrail {
  /** Every claim, every SKIP and every block, newest first; rejects with `invalid_query`. */
  page(query?: AuditQuery): Promise<AuditPage>;
  /** The same by offset, with a total, for clients that page so. */
  pageFrom(offset: number, limit: number, filters?: AuditFilters): Promise<OffsetPage>;
  /** The public key whose private half signs checkpoints, in hex; undefined without one. */
  readonly publicKey: string | undefined;
}

interface AuditParts {
  readonly ledger: AuditLedger & CheckpointLedger;
  readonly account: AccountId;
  readonly clock: Pick<Clock, "now">;
  readonly auditKey?: KeyObject;
}

export class AuditOfAccount implements AuditTrail {
  readonly publicKey: string | undefined;
  /** Signs the log, where something came; undefined without a key. */
  readonly makeCheckpoint: (() => Promise<Checkpoint | undefined>) | undefined;
  readonly #parts: AuditParts;
  readonly #pages: OffsetPages;

  constructor(parts: AuditParts) {
    const { ledger, account, clock, auditKey } = parts;
    this.#parts = parts;
    this.#pages = new OffsetPages(ledger, account);
    this.publicKey = auditKey && publicKeyText(auditKey);
    this.makeCheckpoint = auditKey && (() => makeCheckpoint(ledger, auditKey, clock));
  }

  page(query: AuditQuery = {}): Promise<AuditPage> {
    return auditPage(this.#parts.ledger, this.#parts.account, query);
  }

  pageFrom(offset: number, limit: number, filters: AuditFilters = {}): Promise<OffsetPage> {
    return this.#pages.page(filters, offset, limit);
  }
}
