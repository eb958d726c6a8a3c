/** What was said of attempts in a world of payments, and by whom, as the ledger was told of it. */
import type { EpochMs } from "../../../src/core/clock.ts";
import type { Ledger, StoredEvent } from "../../../src/ledger/ledger.ts";
import { nameOf } from "../memory-rows.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import { overriding } from "../tampering.ts";
import { readBy, seenIn } from "./caller.ts";
import type { AttemptFact, GuardFacts, GuardWorldOutcome, WrongReleaseFact } from "./facts.ts";

/** Notes of which attempts the ledger has heard that they were done. */
export function noteWords(ledger: Ledger, facts: GuardFacts, disk: SimulatedDisk): Ledger {
  return overriding(ledger, {
    guard: async (key, command) => {
      const result = await ledger.guard(key, command);
      const isDone = "outcome" in command && command.outcome === "done";
      const fencing = isDone ? fencingOf(command, disk, nameOf(key)) : null;
      if (fencing !== null) facts.saidDone.push({ name: key.requestId, fencing });
      return result;
    },
  });
}

function fencingOf(
  said: { readonly fencing?: number | null; readonly tokenHash?: string | null },
  { rows }: SimulatedDisk,
  name: string,
): number | null {
  if (said.tokenHash === undefined || said.tokenHash === null) return said.fencing ?? null;
  const opened = rows.events.filter(
    (event) => event.subject === "guard" && nameOf(event.key) === name && "tokenHash" in event.body,
  );
  const index = opened.findIndex(
    ({ body }) => "tokenHash" in body && body.tokenHash === said.tokenHash,
  );
  return index < 0 ? null : index + 1;
}

/** Attempts that `events` call absent, and that may act yet, or have. */
export function wrongReleasesIn(
  events: readonly StoredEvent[],
  world: GuardWorldOutcome,
): readonly WrongReleaseFact[] {
  return events.flatMap((event) => {
    if (event.subject !== "guard" || event.body.type !== "guard_released") return [];
    const { facts, provider, disk } = world;
    const { requestId: name } = event.key;
    const claim = disk.rows.guards.get(event.key);
    const fencing = claim?.fencing ?? 0;
    const attempt = facts.attempts.find((one) => one.name === name && one.fencing === fencing);
    const mayAct = attempt !== undefined && !attempt.isSent && attempt.process.isAlive;
    if (!mayAct && !provider.mayHaveActed({ name, fencing })) return [];
    const { provenance, evidence } = event.body;
    const isPersons = provenance === "caller" || provenance === "operator";
    const isSeen = lapsedAt(event, world) >= (claim?.leaseUntil ?? 0) && isBlind(attempt, evidence);
    return [{ name, fencing, isExcused: isPersons || (provenance === "verifier" && isSeen) }];
  });
}

/** When the attempt that was released was put in question, or it was released. */
function lapsedAt({ key, at }: ReleaseEvent, { disk }: GuardWorldOutcome): EpochMs {
  const doubted = disk.rows.events.findLast(
    (one) =>
      one.subject === "guard" &&
      one.body.type === "guard_doubted" &&
      nameOf(one.key) === nameOf(key),
  );
  return Math.max(at, doubted?.at ?? 0);
}

type ReleaseEvent = Extract<StoredEvent, { subject: "guard" }>;

/** Whoever has read that could not know that it was at work: the guard ran it in another process. */
function isBlind(attempt: AttemptFact | undefined, evidence: string): boolean {
  if (!/^(read|seen) by /.test(evidence) || attempt === undefined) return false;
  const isOwn = evidence === readBy(attempt.owner);
  const isWitnessed = evidence === seenIn(attempt.owner) && !attempt.isOver;
  return !(attempt.isRun && (isOwn || isWitnessed));
}
