/** All open incidents, newest first: what is to be ended may be older than one list of them has. */
import type { AccountId } from "../core/ids.ts";
import type { Incident } from "../incident/incident.ts";
import type { Ledger } from "../ledger/ledger.ts";

const PAGE = 500;

export async function openIncidents(
  ledger: Pick<Ledger, "incidents">,
  account: AccountId,
): Promise<readonly Incident[]> {
  const open: Incident[] = [];
  for (;;) {
    const before = open.at(-1)?.id;
    const page = await ledger.incidents(account, { isOpen: true, before, limit: PAGE });
    open.push(...page);
    if (page.length < PAGE) return open;
  }
}
