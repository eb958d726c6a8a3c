/**
 * The look at every claim without an answer that a start takes before the first order. A few are
 * looked up one by one. Many would wait for the rate budget for minutes, so one list of the orders
 * around them is read first, and only a few of those that it does not show are looked up.
 *
 * What a list does not show is no evidence here: lists lag behind. Such a claim stays unknown, its
 * repeats get PENDING, and the read-back behind the start looks it up by its own id until its end
 * is proved.
 */
import { listStart } from "../broker/claim-times.ts";
import { filledAtIn, readableIn } from "../broker/wire-order.ts";
import type { Claim } from "../claim/claim.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import { lookUp, type ReadBackPorts, recordFound } from "./read-back.ts";
import { ReadTime } from "./read-time.ts";

/** So many are looked up singly: far fewer than reads fit into a minute. */
const SINGLE_LOOKS_MAX = 40;
/** Further back no list is read: claims as old as that are looked up singly, at their own pace. */
const LIST_LOOKBACK_MS = 24 * 60 * 60 * 1_000;

/** Gives those that the broker could not be asked about. */
export async function lookAtAll(
  ports: ReadBackPorts,
  claims: readonly Claim[],
): Promise<readonly Claim[]> {
  if (claims.length <= SINGLE_LOOKS_MAX) return lookSingly(ports, claims);
  const horizon = ports.clock.now() - LIST_LOOKBACK_MS;
  const listed = claims.filter(({ openedAt }) => openedAt > horizon);
  const old = claims.filter(({ openedAt }) => openedAt <= horizon);
  // Without a list, which may be longer than any that is read, a few show whether it is reachable.
  const missing = (await lookInList(ports, listed)) ?? listed;
  return lookSingly(ports, [...missing.slice(0, SINGLE_LOOKS_MAX), ...old]);
}

async function lookSingly(
  ports: ReadBackPorts,
  claims: readonly Claim[],
): Promise<readonly Claim[]> {
  const unread: Claim[] = [];
  for (const claim of claims) {
    const looked = await lookUp(ports, claim, new ReadTime(ports.clock));
    if (looked === undefined) unread.push(claim);
  }
  return unread;
}

/** Records what one list shows of `claims`; gives the others, or undefined for no list. */
async function lookInList(
  ports: ReadBackPorts,
  claims: readonly Claim[],
): Promise<readonly Claim[] | undefined> {
  if (claims.length === 0) return [];
  const readAt = ports.clock.now();
  const after = listStart(ports, claims);
  const reading = await ports.broker.orders({ status: "all", after }, "read_back");
  const list = readableIn(reading);
  if (list === undefined) return undefined;
  const shown = new Map<string, BrokerOrder>();
  for (const order of list.value) shown.set(order.clientOrderId, order);
  const filledAt = filledAtIn(list);
  const recorded: Promise<unknown>[] = [];
  const missing: Claim[] = [];
  for (const claim of claims) {
    const order = shown.get(claim.clientOrderId);
    if (order === undefined) missing.push(claim);
    else recorded.push(recordFound(ports, claim, readAt, { order, filledAt: filledAt(order) }));
  }
  // At once, so that they share their commits.
  await Promise.all(recorded);
  return missing;
}
