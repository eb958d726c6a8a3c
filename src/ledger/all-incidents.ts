/** Every incident that fits, of a ledger or a latch: not only so many as one list of them has. */
import type { AccountId } from "../core/ids.ts";
import type { Incident } from "../incident/incident.ts";
import type { IncidentsQuery, Ledger } from "./ledger.ts";

interface Incidents {
  incidents(query: IncidentsQuery): Promise<readonly Incident[]>;
}

const PAGE = 500;

/** The latest first: what is counted, or is to be ended, may be older than one list has. */
export async function allIncidents(
  from: Incidents,
  query: Pick<IncidentsQuery, "symbol" | "isOpen"> = {},
): Promise<readonly Incident[]> {
  const found: Incident[] = [];
  for (;;) {
    const page = await from.incidents({ ...query, before: found.at(-1)?.id, limit: PAGE });
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

/** The account's own that are open. */
export function openIncidents(
  ledger: Pick<Ledger, "incidents">,
  account: AccountId,
): Promise<readonly Incident[]> {
  const own = { incidents: (query: IncidentsQuery) => ledger.incidents(account, query) };
  return allIncidents(own, { isOpen: true });
}
