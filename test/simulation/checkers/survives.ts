/** I7: what was acknowledged or published is still there after every crash and power failure. */
import { sameClaim } from "../../../src/book/book.ts";
import type { Claim } from "../../../src/claim/claim.ts";
import type { EpochMs } from "../../../src/core/clock.ts";
import type { ClaimKey } from "../../../src/core/ids.ts";
import type { StoredEvent } from "../../../src/ledger/ledger.ts";
import type { Facts } from "../facts.ts";
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
  return facts.told.flatMap(({ answer, group, action, at }) => {
    const { requestId } = answer;
    if (requestId === null) return [];
    const claim = disk.rows.claim({ account, agent: group, requestId } as never);
    if (claim === undefined) {
      return [`${action.name} was answered ${answer.status}, and its claim is gone`];
    }
    const isRefusal = answer.status === "BLOCKED" && answer.code === "refused_by_broker";
    if (!isRefusal || hasRefusal(disk, claim) || endedBefore(facts, claim, at)) return [];
    return [`${action.name} was told of a refusal that nothing is left of`];
  });
}

/** What the broker's word that there is no order of the claim comes to in the log. */
const REFUSALS = new Set(["refused", "id_owned_elsewhere", "order_ended"]);
/** A claim that had ended so takes no late refusal: either way there is no order. */
const ENDS = new Set(["absence_proved", "not_sent_concluded"]);

function hasRefusal({ rows }: SimulatedDisk, { key }: Claim): boolean {
  return rows.events.some((event) => isOf(event, key) && REFUSALS.has(event.body.type));
}

function endedBefore({ commits }: Facts, { key }: Claim, told: EpochMs): boolean {
  return commits.some(
    ({ at, events }) =>
      at <= told && events.some((event) => isOf(event, key) && ENDS.has(event.body.type)),
  );
}

function isOf(event: StoredEvent, key: ClaimKey): boolean {
  return event.subject === "claim" && sameClaim(event.key, key);
}
