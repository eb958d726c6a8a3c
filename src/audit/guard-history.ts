/** The whole life of one claim of an action that is no order: its events, oldest first. */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { type AgentId, GUARD_ACCOUNT, type RequestId } from "../core/ids.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";

export type GuardHistoryEvent = Extract<StoredEvent, { subject: "guard" }>;

const LIMIT = 500;

/** Events have no index by claim: all are looked through. Several agents may have one of the id. */
export async function guardHistoryOf(
  ledger: Pick<Ledger, "lastSequence" | "scan">,
  requestId: RequestId,
  agent: AgentId | undefined,
  onProgress: (done: number, total: number) => void,
): Promise<readonly GuardHistoryEvent[]> {
  const before = (await ledger.lastSequence()) + 1;
  const found: GuardHistoryEvent[] = [];
  for (let after = 0; ; ) {
    const about = { account: GUARD_ACCOUNT, requestId, agent } as const;
    const scan = { ...about, after, before, limit: LIMIT, order: "oldest_first" } as const;
    const { events, reached, isOver } = await ledger.scan(scan);
    found.push(...events.filter((event) => event.subject === "guard"));
    if (isOver) return found;
    after = reached;
    onProgress(after, before);
    await turnOfTheLoop();
  }
}
