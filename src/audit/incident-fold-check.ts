/**
 * Whether the rows of incidents are what their events come to, and the lists of them too: one that
 * is open and stands in no list is seen by nobody. fold-check.ts says how; one that is over and
 * equal to its row is let go once the rows were compared.
 */
import type { AccountId } from "../core/ids.ts";
import { namedBy } from "../core/key-names.ts";
import { canonicalJson } from "../identity/canonical-json.ts";
import { evolveIncident, type Incident, type IncidentEvent } from "../incident/incident.ts";
import type { IncidentsQuery, Ledger, StoredEvent } from "../ledger/ledger.ts";

/** An event about an incident, as it stands in the log. */
interface StoredIncidentEvent extends Pick<StoredEvent, "at" | "symbol"> {
  readonly account: AccountId;
  readonly body: IncidentEvent;
}

const PAGE = 100;

export class IncidentFoldCheck {
  readonly #ledger: Pick<Ledger, "incident" | "incidents">;
  readonly #incidents = new Map<string, Incident>();
  readonly #begun = new Map<AccountId, number>();

  constructor(ledger: Pick<Ledger, "incident" | "incidents">) {
    this.#ledger = ledger;
  }

  /** Throws InvariantError for an event that cannot follow those before it. */
  take({ account, symbol, body, at }: StoredIncidentEvent): void {
    const name = namedBy([account, body.incident]);
    if (body.type === "incident_opened") {
      this.#begun.set(account, (this.#begun.get(account) ?? 0) + 1);
    }
    const known = this.#incidents.get(name);
    this.#incidents.set(name, evolveIncident(known, { account, symbol }, body, at));
  }

  /** What differs, in a sentence; undefined where nothing does. */
  async difference(accounts: readonly AccountId[]): Promise<string | undefined> {
    for (const [name, incident] of this.#incidents) {
      const row = await this.#ledger.incident(incident.account, incident.id);
      if (row === undefined || canonicalJson(incident) !== canonicalJson(row)) {
        return `the row of incident ${incident.id} is not what its events come to`;
      }
      // An open one may go on while the ledger is in use.
      if (incident.resolution !== null) this.#incidents.delete(name);
    }
    for (const account of new Set([...accounts, ...this.#begun.keys()])) {
      const found = await this.#differenceOfLists(account);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What is equal to its row was let go above: whatever is left here is open. */
  async #differenceOfLists(account: AccountId): Promise<string | undefined> {
    const begun = this.#begun.get(account) ?? 0;
    const listed = await this.#count(account, {});
    if (listed !== begun) {
      return `the account ${account} has ${listed} incidents, and its events have ${begun}`;
    }
    const open = [...this.#incidents.values()].filter((one) => one.account === account).length;
    const listedOpen = await this.#count(account, { isOpen: true });
    if (listedOpen === open) return undefined;
    return `the account ${account} has ${listedOpen} open incidents, and its events have ${open}`;
  }

  async #count(account: AccountId, query: IncidentsQuery): Promise<number> {
    let count = 0;
    for (let before: number | undefined; ; ) {
      const page = await this.#ledger.incidents(account, { ...query, before, limit: PAGE });
      count += page.length;
      before = page.at(-1)?.id;
      if (page.length < PAGE || before === undefined) return count;
    }
  }
}
