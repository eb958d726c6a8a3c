/**
 * Every order the broker ever took, in the order of submission, and the two ways of finding one.
 * A client_order_id is taken for ever, whatever became of its order.
 */
import { InvariantError } from "../core/errors.ts";
import { isWorking, type Order } from "./order.ts";

export class OrderBook {
  readonly #orders = new Map<string, Order>();
  readonly #idsByClientId = new Map<string, string>();
  readonly #working = new Set<string>();

  add(order: Order): void {
    if (this.#idsByClientId.has(order.clientOrderId)) {
      throw new InvariantError(`client_order_id ${order.clientOrderId} is taken`);
    }
    this.#idsByClientId.set(order.clientOrderId, order.id);
    this.#put(order);
  }

  /** The order with `changes` made to it. */
  change(id: string, changes: Partial<Order>): Order {
    const changed = { ...this.get(id), ...changes };
    this.#put(changed);
    return changed;
  }

  find(id: string): Order | undefined {
    return this.#orders.get(id);
  }

  /** Like {@link find} for an id that must exist. */
  get(id: string): Order {
    const order = this.#orders.get(id);
    if (order === undefined) throw new InvariantError(`no order ${id}`);
    return order;
  }

  findByClientId(clientOrderId: string): Order | undefined {
    const id = this.#idsByClientId.get(clientOrderId);
    return id === undefined ? undefined : this.#orders.get(id);
  }

  /** Oldest first. */
  all(): Order[] {
    return [...this.#orders.values()];
  }

  /** Orders that can still trade, oldest first; of one symbol or of all. */
  working(symbol?: string): Order[] {
    const orders = [...this.#working].map((id) => this.get(id));
    return symbol === undefined ? orders : orders.filter((order) => order.symbol === symbol);
  }

  legs(order: Order): Order[] {
    return order.legIds.map((id) => this.get(id));
  }

  #put(order: Order): void {
    this.#orders.set(order.id, order);
    if (isWorking(order)) this.#working.add(order.id);
    else this.#working.delete(order.id);
  }
}
