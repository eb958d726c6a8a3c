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
import { filledAtFound, filledAtOf } from "../broker/wire-order.ts";
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

/** Read when so many updates had arrived. */
interface UnsettledClaims {
  readonly arrivals: number;
  readonly claims: Promise<readonly Claim[]>;
}

export class StreamUpdates {
  readonly #ports: StreamPorts;
  /** Resolves when the last update was handed to the ledger. */
  #handedOver: Promise<unknown> = Promise.resolve();
  readonly #unwritten = new Set<Promise<unknown>>();
  #arrivals = 0;
  #unsettled: UnsettledClaims | undefined;

  constructor(ports: StreamPorts) {
    this.#ports = ports;
  }

  /** Resolves once the order is on record. */
  async record(wire: WireOrder): Promise<void> {
    this.#arrivals += 1;
    const arrival = this.#arrivals;
    const own = this.#handedOver.then(() => this.#handOver(wire, arrival));
    this.#handedOver = own.catch(() => undefined);
    await Promise.all(await own);
  }

  async #handOver(wire: WireOrder, arrival: number): Promise<HandedOver> {
    const order = this.#ports.broker.readWireOrder(wire);
    const claim = order && (await this.#claimOf(order, arrival));
    if (order === undefined || claim === undefined) return [];
    const written = recordOrder(this.#ports, claim, order, "stream", filledAtOf(wire));
    this.#unwritten.add(written);
    const forget = () => {
      this.#unwritten.delete(written);
      this.#unsettled = undefined;
    };
    const over = written.then(forget, forget);
    if (isReplaced(order)) await over;
    return [written];
  }

  /** The claim that the update may be recorded on now. */
  async #claimOf(order: BrokerOrder, arrival: number): Promise<Claim | undefined> {
    const claim = await this.#find(order, arrival);
    const standsAlone = claim !== undefined && parentKeyOf(claim) === undefined;
    if (standsAlone && !isReplaced(order)) return claim;
    const current = this.#unwritten.size === 0 ? claim : await this.#findAnew(order, arrival);
    const isFilled = !isZero(order.filledQuantity);
    if (current !== undefined && isFilled) await this.#recordEntryOf(current);
    return current;
  }

  /** Once all earlier ones are on record, which may have brought its claim to light. */
  async #findAnew(order: BrokerOrder, arrival: number): Promise<Claim | undefined> {
    await Promise.allSettled(this.#unwritten);
    return this.#find(order, arrival);
  }

  /** By the broker's id, or by ours where the answer that would have told the broker's was lost. */
  async #find(order: BrokerOrder, arrival: number): Promise<Claim | undefined> {
    const { brokerOrderId, clientOrderId } = order;
    const { ledger, account } = this.#ports;
    const known = await ledger.claimOfOrder(account, brokerOrderId);
    if (known !== undefined) return known;
    const claims = await this.#unsettledBy(arrival);
    return claims.find((claim) => claim.clientOrderId === clientOrderId && !isAccepted(claim));
  }

  /**
   * A claim is on disk before its order is sent: a list that was read after an update had arrived
   * has the claim of its order. So one does for all that have come together, until one is written.
   */
  #unsettledBy(arrival: number): Promise<readonly Claim[]> {
    const { ledger, account } = this.#ports;
    if (this.#unsettled === undefined || this.#unsettled.arrivals < arrival) {
      const claims = ledger.unsettledClaims(account);
      this.#unsettled = { arrivals: this.#arrivals, claims };
    }
    return this.#unsettled.claims;
  }

  /** A leg sells what its entry bought: an entry whose last fill the stream lost is read first. */
  async #recordEntryOf(leg: Claim): Promise<void> {
    const { ledger, broker } = this.#ports;
    const key = parentKeyOf(leg);
    const entry = key && (await ledger.claimOf(key));
    if (entry === undefined || !isLive(entry.status) || entry.brokerOrderId === null) return;
    if (entry.intent.side === leg.intent.side) return;
    const lookup = await broker.orderById(entry.brokerOrderId);
    if (lookup.kind !== "found") return;
    const filledAt = filledAtFound(lookup);
    await recordOrder(this.#ports, entry, lookup.order, "stream", filledAt);
  }
}

/** Recorded together with the order in its place, which is read for that. */
function isReplaced({ status }: BrokerOrder): boolean {
  return status === "replaced";
}
