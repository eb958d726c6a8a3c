/**
 * Every incident that fits, newest first: what is counted, or is to be ended, may be older than one
 * list of them has. `read` gives a list, of a ledger or of a latch.
 */
import type { Incident } from "../incident/incident.ts";
import type { IncidentsQuery } from "./ledger.ts";

const PAGE = 500;

export async function allIncidents(
  read: (query: IncidentsQuery) => Promise<readonly Incident[]>,
  query: Pick<IncidentsQuery, "symbol" | "isOpen"> = {},
): Promise<readonly Incident[]> {
  const found: Incident[] = [];
  for (;;) {
    const page = await read({ ...query, before: found.at(-1)?.id, limit: PAGE });
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}
