/** I7: what was acknowledged or published is still there after every crash and power failure. */
import { sameClaim } from "../../../src/book/book.ts";
import type { Claim } from "../../../src/claim/claim.ts";
import type { Outcome } from "../outcome.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import type { Violation } from "./violation.ts";

export function survives(outcome: Outcome): readonly Violation[] {
  return [...published(outcome), ...acknowledged(outcome)].map((what) => ({
    invariant: "I7",
    what,
  }));
}

function published({ facts, disk }: Outcome): readonly string[] {
  return [...facts.published].flatMap(([sequence, event]) =>
    disk.rows.events[sequence - 1]?.hash === event.hash
      ? []
      : [`event ${sequence} (${event.body.type}) was published and is gone`],
  );
}

function acknowledged({ facts, disk, broker }: Outcome): readonly string[] {
  const { accountId: account } = broker.simulation.broker;
  return facts.told.flatMap(({ answer, group, action }) => {
    const { requestId } = answer;
    if (requestId === null) return [];
    const claim = disk.rows.claim({ account, agent: group, requestId } as never);
    if (claim === undefined) {
      return [`${action.name} was answered ${answer.status}, and its claim is gone`];
    }
    const isRefusal = answer.status === "BLOCKED" && answer.code === "refused_by_broker";
    if (!isRefusal || hasRefusal(disk, claim)) return [];
    return [`${action.name} was told of a refusal that nothing is left of`];
  });
}

/** What the broker's word that there is no order of the claim comes to in the log. */
const REFUSALS = new Set(["refused", "id_owned_elsewhere", "order_ended"]);

function hasRefusal({ rows }: SimulatedDisk, { key }: Claim): boolean {
  return rows.events.some(
    (event) =>
      event.subject === "claim" && sameClaim(event.key, key) && REFUSALS.has(event.body.type),
  );
}
