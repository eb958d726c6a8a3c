/** Claims of actions in pages, the newest first, made of the audit trail: no index serves it. */
import type { AuditLedger } from "../audit/audit-trail.ts";
import { OffsetPages } from "../audit/offset-pages.ts";
import { LatchError } from "../core/errors.ts";
import { GUARD_ACCOUNT } from "../core/ids.ts";
import type { GuardClaimsPage, GuardClaimsQuery } from "./guard.ts";
import { requireFields } from "./guard-input.ts";

export type ListLedger = AuditLedger;

const FIELDS = {
  ...{ agent: true, agentId: true, action: true, statuses: true, from: true, until: true },
  ...{ offset: true, limit: true },
};
const LIMIT = 100;
const LIMIT_MAX = 500;
const OFFSET_MAX = 1_000_000;

export class ClaimList {
  readonly #pages: OffsetPages;

  constructor(ledger: ListLedger) {
    this.#pages = new OffsetPages(ledger, GUARD_ACCOUNT);
  }

  async page(query: GuardClaimsQuery): Promise<GuardClaimsPage> {
    requireFields(query, FIELDS);
    const { agent, agentId, action, statuses, from, until, offset = 0, limit = LIMIT } = query;
    requireWhole("limit", limit, 1, LIMIT_MAX);
    requireWhole("offset", offset, 0, OFFSET_MAX);
    const filters = { agent, agentName: agentId, action, statuses, from, until };
    const types = ["guard_claimed"] as const;
    const { items, total, isTotalExact } = await this.#pages.page(
      { ...filters, types },
      offset,
      limit,
    );
    const claims = items.flatMap(({ guard }) => (guard === null ? [] : [guard]));
    return { claims, total, isTotalExact };
  }
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const wanted = `expected a whole number from ${least} to ${most}`;
  throw new LatchError("invalid_query", `${name} is ${value}: ${wanted}`);
}
