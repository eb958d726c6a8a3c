/** Which incidents keep entries out: those about positions, where a policy says so (I9). */
import type { Incident } from "../incident/incident.ts";
import type { ClaimPolicy } from "./policy.ts";

export type BlockingPolicy = Pick<ClaimPolicy, "divergence">;

export function blocksEntries({ kind, resolution }: Incident, policy: BlockingPolicy): boolean {
  if (resolution !== null) return false;
  switch (kind) {
    case "phantom":
    case "orphan":
    case "quantity":
    case "side":
      return policy.divergence[kind] === "block-entries";
    default:
      return false;
  }
}
