/**
 * The fast path of fills: an order that the trade-updates stream tells of is put on record before
 * any listener hears of it. An order that no claim knows is nobody's. What fails here, polling
 * makes up for.
 *
 * Updates that come together are handed to the ledger in one turn of the event loop, so that they
 * share a commit; always in the order in which they came. One that may rest on what an earlier one
 * brings to light, or that takes a read, waits until all earlier ones are on record.
 */
import type { WireOrder } from "../broker/broker.ts";
import { type Claim, isAccepted } from "../claim/claim.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import { parentKeyOf } from "../claim/family.ts";
import { isLive } from "../claim/transitions.ts";
import { isZero } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
import { type RecorderPorts, recordOrder } from "./order-recorder.ts";

export interface StreamPorts extends RecorderPorts {
  readonly account: AccountId;
}

/** What an update has the ledger write; in a list, since a promise of a promise is one. */
type HandedOver = readonly Promise<unknown>[];

export class StreamUpdates {
  readonly #ports: StreamPorts;
  /** Resolves when the last update was handed to the ledger. */
  #handedOver: Promise<unknown> = Promise.resolve();
  readonly #unwritten = new Set<Promise<unknown>>();

  constructor(ports: StreamPorts) {
    this.#ports = ports;
  }

  /** Resolves once the order is on record. */
  async record(wire: WireOrder): Promise<void> {
    const own = this.#handedOver.then(() => this.#handOver(wire));
    this.#handedOver = own.catch(() => undefined);
    await Promise.all(await own);
  }

  async #handOver(wire: WireOrder): Promise<HandedOver> {
    const order = this.#ports.broker.readWireOrder(wire);
    const claim = order && (await this.#claimOf(order));
    if (order === undefined || claim === undefined) return [];
    const written = recordOrder(this.#ports, claim, order, "stream");
    this.#unwritten.add(written);
    const forget = () => this.#unwritten.delete(written);
    const over = written.then(forget, forget);
    if (isReplaced(order)) await over;
    return [written];
  }

  /** The claim that the update may be recorded on now. */
  async #claimOf(order: BrokerOrder): Promise<Claim | undefined> {
    const claim = await this.#find(order);
    const standsAlone = claim !== undefined && parentKeyOf(claim) === undefined;
    if (standsAlone && !isReplaced(order)) return claim;
    await Promise.allSettled(this.#unwritten);
    const current = await this.#find(order);
    const isFilled = !isZero(order.filledQuantity);
    if (current !== undefined && isFilled) await this.#recordEntryOf(current);
    return current;
  }

  /** By the broker's id, or by ours where the answer that would have told the broker's was lost. */
  async #find({ brokerOrderId, clientOrderId }: BrokerOrder): Promise<Claim | undefined> {
    const { ledger, account } = this.#ports;
    const known = await ledger.claimOfOrder(account, brokerOrderId);
    if (known !== undefined) return known;
    const claims = await ledger.unsettledClaims(account);
    return claims.find((claim) => claim.clientOrderId === clientOrderId && !isAccepted(claim));
  }

  /** A leg sells what its entry bought: an entry whose last fill the stream lost is read first. */
  async #recordEntryOf(leg: Claim): Promise<void> {
    const { ledger, broker } = this.#ports;
    const key = parentKeyOf(leg);
    const entry = key && (await ledger.claimOf(key));
    if (entry === undefined || !isLive(entry.status) || entry.brokerOrderId === null) return;
    if (entry.intent.side === leg.intent.side) return;
    const lookup = await broker.orderById(entry.brokerOrderId);
    if (lookup.kind === "found") await recordOrder(this.#ports, entry, lookup.order, "stream");
  }
}

/** Recorded together with the order in its place, which is read for that. */
function isReplaced({ status, replacedBy }: BrokerOrder): boolean {
  return status === "replaced" && replacedBy !== null;
}
