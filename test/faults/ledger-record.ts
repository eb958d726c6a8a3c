/** What the ledger has on record, in lines short enough to compare at a glance. */
import type { Claim } from "../../src/claim/claim.ts";
import type { StartedSidecar } from "../sidecar/orders-world.ts";

/** Every claim, oldest first: `sell 6 filled venue`, or `sell 6 RESOLVED` while it is live. */
export async function claimRecord({ started }: StartedSidecar): Promise<string[]> {
  const { claims } = await started.latch.claims({ limit: 500 });
  return [...claims].reverse().map(claimText);
}

function claimText({ intent, status, outcome, provenance }: Claim): string {
  const end = outcome === null ? status : `${outcome} ${provenance}`;
  return `${intent.side} ${intent.quantity} ${end}`;
}

/** Every incident, oldest first: `phantom adopted venue`, or `phantom open`. */
export async function incidentRecord({ started }: StartedSidecar): Promise<string[]> {
  const incidents = await started.latch.incidents();
  return [...incidents].reverse().map(({ kind, resolution }) => {
    return resolution === null
      ? `${kind} open`
      : `${kind} ${resolution.verdict} ${resolution.provenance}`;
  });
}

/** What the book holds, and what its live closes have reserved: `6`, or `6 less 4`. */
export async function bookRecord({ started }: StartedSidecar, symbol = "TQQQ"): Promise<string> {
  const { net, reservations } = await started.latch.book(symbol);
  const held = reservations.map(({ quantity }) => quantity);
  return [net, ...held].join(" less ");
}
