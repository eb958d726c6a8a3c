/**
 * The same trail by offset and with a total, for clients that page so. An offset has to be counted
 * from the newest item on, so what was counted is remembered: the page behind one that was given
 * begins where that one ended, also where newer items have come meanwhile.
 *
 * A total beyond what one page may look at is not counted to its end: it is then at least one more
 * than what has been given, so that whoever pages by it gets everything.
 */
import type { AccountId } from "../core/ids.ts";
import type { AuditItem } from "./audit-item.ts";
import {
  type AuditFilters,
  type AuditLedger,
  LOOK_MAX,
  LOOKED_MAX,
  looksAt,
  type Span,
  spanOf,
} from "./audit-trail.ts";

export interface OffsetPage {
  readonly items: readonly AuditItem[];
  readonly total: number;
  /** False where there may be more. */
  readonly isTotalExact: boolean;
}

/** So many places in pages that were given are remembered. */
const PLACES_MAX = 100;

export class OffsetPages {
  readonly #ledger: AuditLedger;
  readonly #account: AccountId;
  /** By filters and offset: below which number the items from there on are. */
  readonly #places = new Map<string, number>();

  constructor(ledger: AuditLedger, account: AccountId) {
    this.#ledger = ledger;
    this.#account = account;
  }

  async page(filters: AuditFilters, offset: number, limit: number): Promise<OffsetPage> {
    const whole = await spanOf(this.#ledger, filters);
    const known = offset === 0 ? undefined : this.#places.get(placeName(filters, offset));
    const span = known === undefined ? whole : { ...whole, before: known };
    const counted = await this.#count(filters, span, known === undefined ? offset : 0, limit);
    const { items, skipped, behind, isOver, end } = counted;
    if (items.length > 0 && end !== undefined) {
      this.#remember(placeName(filters, offset + items.length), end);
    }
    // What a client has seen before this page is counted, also where the page is empty.
    const before = known === undefined ? skipped : offset;
    const total = before + items.length + behind;
    return { items, total: isOver ? total : total + 1, isTotalExact: isOver };
  }

  async #count(filters: AuditFilters, span: Span, skip: number, limit: number) {
    const items: AuditItem[] = [];
    let [skipped, behind] = [0, 0];
    // Items are needed from the first that is not passed over to the last that fits on the page.
    const isCounted = () => skipped + LOOK_MAX <= skip || items.length === limit;
    const looks = looksAt(this.#ledger, this.#account, filters, span, isCounted);
    for await (const look of looks) {
      const passed = Math.min(skip - skipped, look.count);
      const taken = look.items.slice(passed, passed + limit - items.length);
      skipped += passed;
      items.push(...taken);
      behind += look.count - passed - taken.length;
      const isFull = items.length === limit && span.before - look.reached >= LOOKED_MAX;
      if (look.isOver || isFull) {
        return { items, skipped, behind, isOver: look.isOver, end: items.at(-1)?.sequence };
      }
    }
    return { items, skipped, behind, isOver: true, end: items.at(-1)?.sequence };
  }

  #remember(name: string, below: number): void {
    this.#places.delete(name);
    this.#places.set(name, below);
    const [oldest] = this.#places.keys();
    if (this.#places.size > PLACES_MAX && oldest !== undefined) this.#places.delete(oldest);
  }
}

function placeName(
  { agent, agentName, types, action, statuses, isCommitted, symbol, from, until }: AuditFilters,
  offset: number,
): string {
  const filters = [agent, agentName, types, action, statuses, isCommitted, symbol, from, until];
  const given = filters.map((value) => value ?? null);
  return JSON.stringify([...given, offset]);
}
