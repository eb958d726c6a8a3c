/** Finds groups of orders by ids and parts of ids, without looking at every order each time. */
import { byText, grouped } from "./grouped.ts";
import type { OrderGroup } from "./order-group.ts";
import type { RecordedClaim } from "./recorded.ts";

/** Shorter beginnings are shared by chance. */
const PART_MIN = 8;
/** The ids that we make: `tl-`, 32 hexadecimal digits, and the attempt's number. */
const OWN_ID = /^(tl-[0-9a-f]{32}-)\d+$/;

export class OrderIndex {
  readonly #byId: ReadonlyMap<string, readonly OrderGroup[]>;
  readonly #byClientId: ReadonlyMap<string, readonly OrderGroup[]>;
  readonly #byStem: ReadonlyMap<string, readonly OrderGroup[]>;
  /** Sorted, so that all that begin alike are neighbours. */
  readonly #clientIds: readonly string[];

  constructor(groups: readonly OrderGroup[]) {
    this.#byId = indexed(groups, ({ id }) => id);
    this.#byClientId = indexed(groups, ({ clientOrderId }) => clientOrderId);
    this.#byStem = indexed(groups, ({ clientOrderId }) => stemOf(clientOrderId));
    this.#clientIds = [...this.#byClientId.keys()].sort(byText((id) => id));
  }

  /** The groups that have one of the claim's whole ids; its request id may be the order's. */
  withIdsOf({ brokerOrderId, clientOrderId, requestId }: RecordedClaim): readonly OrderGroup[] {
    const named = [
      ...this.#found(this.#byId, brokerOrderId),
      ...this.#found(this.#byClientId, clientOrderId),
    ];
    return distinct(named.length > 0 ? named : this.#found(this.#byClientId, requestId));
  }

  /** The groups of other attempts of the same claim. */
  withStemOf({ clientOrderId }: RecordedClaim): readonly OrderGroup[] {
    return this.#found(this.#byStem, stemOf(clientOrderId));
  }

  /** The groups whose id begins as the claim's does, or that its result mentions. */
  withPartsOf(claim: RecordedClaim): readonly OrderGroup[] {
    const ids = [claim.clientOrderId, claim.requestId].filter(
      (id): id is string => id !== null && id.length >= PART_MIN,
    );
    return distinct([
      ...ids.flatMap((id) => [...this.#beginningWith(id), ...this.#beginningOf(id)]),
      ...claim.mentioned.flatMap((word) => [
        ...this.#found(this.#byId, word),
        ...this.#found(this.#byClientId, word),
      ]),
    ]);
  }

  /** Orders whose id is `id` with something behind it. */
  #beginningWith(id: string): readonly OrderGroup[] {
    const found: OrderGroup[] = [];
    for (let place = this.#placeOf(id); place < this.#clientIds.length; place += 1) {
      const longer = this.#clientIds[place] ?? "";
      if (!longer.startsWith(id)) break;
      found.push(...this.#found(this.#byClientId, longer));
    }
    return found;
  }

  /** Orders whose id is what a limit of length has left of `id`. */
  #beginningOf(id: string): readonly OrderGroup[] {
    const lengths = Array.from({ length: id.length - PART_MIN }, (_, index) => PART_MIN + index);
    return lengths.flatMap((length) => this.#found(this.#byClientId, id.slice(0, length)));
  }

  /** Where `id` is or would be. */
  #placeOf(id: string): number {
    let [low, high] = [0, this.#clientIds.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#clientIds[middle] ?? "") < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #found(index: ReadonlyMap<string, readonly OrderGroup[]>, id: string | null) {
    return (id === null ? undefined : index.get(id)) ?? [];
  }
}

function stemOf(clientOrderId: string | null): string | null {
  return OWN_ID.exec(clientOrderId ?? "")?.[1] ?? null;
}

function indexed(
  groups: readonly OrderGroup[],
  idOf: (order: OrderGroup["orders"][number]) => string | null,
): ReadonlyMap<string, readonly OrderGroup[]> {
  const pairs = groups.flatMap((group) =>
    [...new Set(group.orders.map(idOf))].flatMap((id) => (id === null ? [] : [{ id, group }])),
  );
  const found = [...grouped(pairs, ({ id }) => id)];
  return new Map(found.map(([id, all]) => [id, all.map(({ group }) => group)]));
}

function distinct(groups: readonly OrderGroup[]): readonly OrderGroup[] {
  return [...new Set(groups)];
}
