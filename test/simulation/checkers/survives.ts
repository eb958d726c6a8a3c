/** I7: what was acknowledged or published is still there after every crash and power failure. */
import type { Outcome } from "../outcome.ts";
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
    if (claim !== undefined) return [];
    return [`${action.name} was answered ${answer.status}, and its claim is gone`];
  });
}
