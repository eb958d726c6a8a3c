/**
 * An event that this process knows to be on disk. Where the log does not have it any more the
 * ledger has gone back in time, as behind a server that took over and lacked the last commits:
 * claims that were granted are unknown to it, and would be granted once more.
 */
import { LatchError } from "../../core/errors.ts";
import type { Session } from "./dedicated-connection.ts";

export interface EventMark {
  readonly sequence: number;
  /** Covers all that the event says, and all that came before it in its account. */
  readonly hash: string;
}

const HASH_OF = "SELECT hash FROM tradelatch.events WHERE sequence = $1";

/** Throws LatchError `store_moved` where `known` is not in the log. */
export async function requireEvent(
  store: Pick<Session, "ask" | "place">,
  known: EventMark | undefined,
): Promise<void> {
  if (known === undefined) return;
  const [found] = await store.ask<{ hash: string }>(HASH_OF, [known.sequence]);
  if (found?.hash === known.hash) return;
  const lost = `event ${known.sequence}, which was on disk, is not in it`;
  const message = `the ledger at ${store.place} has gone back in time: ${lost}`;
  throw new LatchError("store_moved", message);
}
