/**
 * The incidents that whoever looks after an account has to see: its own, and those about actions
 * that are no orders, which belong to no account. Their numbers run through the whole ledger.
 */
import { type AccountId, GUARD_ACCOUNT } from "../core/ids.ts";
import { plainSymbol } from "../identity/symbol.ts";
import type { Incident } from "../incident/incident.ts";
import { allIncidents } from "./all-incidents.ts";
import {
  INCIDENTS_DEFAULT,
  type IncidentsQuery,
  type Ledger,
  type OperatorCommand,
  type OperatorResult,
} from "./ledger.ts";

/** The latest first. */
export async function incidentsFor(
  ledger: Pick<Ledger, "incidents">,
  account: AccountId,
  { symbol: asked, ...others }: IncidentsQuery = {},
): Promise<readonly Incident[]> {
  const symbol = asked && plainSymbol(asked);
  const query = { ...others, symbol };
  const own = await ledger.incidents(account, query);
  if (account === GUARD_ACCOUNT || symbol !== undefined) return own;
  const ofActions = await ledger.incidents(GUARD_ACCOUNT, query);
  if (ofActions.length === 0) return own;
  const latestFirst = [...own, ...ofActions].sort((a, b) => b.id - a.id);
  return latestFirst.slice(0, query.limit ?? INCIDENTS_DEFAULT);
}

/** All that are open, the latest first. */
export function openIncidentsFor(
  ledger: Pick<Ledger, "incidents">,
  account: AccountId,
): Promise<readonly Incident[]> {
  const both = { incidents: (query: IncidentsQuery) => incidentsFor(ledger, account, query) };
  return allIncidents(both, { isOpen: true });
}

export async function incidentFor(
  ledger: Pick<Ledger, "incident">,
  account: AccountId,
  id: number,
): Promise<Incident | undefined> {
  return (await ledger.incident(account, id)) ?? (await ledger.incident(GUARD_ACCOUNT, id));
}

export async function resolveFor(
  ledger: Pick<Ledger, "resolveIncident">,
  account: AccountId,
  id: number,
  command: OperatorCommand,
): Promise<OperatorResult> {
  const own = await ledger.resolveIncident(account, id, command);
  return own.kind === "unknown" ? ledger.resolveIncident(GUARD_ACCOUNT, id, command) : own;
}
