/**
 * Finds out that a replacement whose answer was lost was never made, where nobody asks for it
 * again. Until then its claim holds the shares that the new order could sell besides, and no other
 * exit gets them; a replacement that was made is followed by whoever reads fills.
 *
 * The proof is that of an absent order: at least three looks that agree, over the absence window,
 * all begun when the request could no longer be under way. A look is at both orders: the old one
 * works as it did, and none that works or filled has the new one's id. Sends nothing.
 */
import { type Claim, isAccepted, type Replacing } from "../claim/claim.ts";
import { type BrokerOrder, hasEnded, isTerminalStatus } from "../claim/evidence.ts";
import { ABSENCE_READS } from "../claim/policy.ts";
import { type EpochMs, earliest } from "../core/clock.ts";
import { isZero } from "../core/decimal.ts";
import type { BrokerOrderId } from "../core/ids.ts";
import { claimName } from "../core/key-names.ts";
import type { ReadBackPorts } from "./read-back.ts";

const PAUSE_MS = 5_000;

/** Looks that agree so far; a clock that nobody sets tells how far they lie apart. */
interface Looks {
  readonly busyUntil: EpochMs;
  readonly count: number;
  readonly firstAt: number;
  readonly dueAt: EpochMs;
}

type Replaced = Claim & { readonly replacing: Replacing };

export class LostReplacements {
  readonly #ports: ReadBackPorts;
  readonly #looks = new Map<string, Looks>();
  #nextDueAt: EpochMs | undefined;

  constructor(ports: ReadBackPorts) {
    this.#ports = ports;
  }

  /** When the next tick would read something. */
  nextDueAt(): EpochMs | undefined {
    return this.#nextDueAt;
  }

  /** Looks at those of `claims` that are due; call it as often as you like. */
  async tick(claims: readonly Claim[]): Promise<void> {
    const { clock } = this.#ports;
    const replaced = claims.filter(isBeingReplaced);
    const names = new Set(replaced.map(({ key }) => claimName(key)));
    for (const name of this.#looks.keys()) if (!names.has(name)) this.#looks.delete(name);
    for (const claim of replaced) {
      if (clock.now() >= this.#dueAt(claim)) await this.#look(claim);
    }
    this.#nextDueAt = earliest(replaced.map((claim) => this.#dueAt(claim)));
  }

  #dueAt({ key, replacing }: Replaced): EpochMs {
    const looks = this.#looks.get(claimName(key));
    return looks?.busyUntil === replacing.busyUntil ? looks.dueAt : replacing.busyUntil;
  }

  async #look(claim: Replaced): Promise<void> {
    const { clock, ledger, policy } = this.#ports;
    const { key, replacing } = claim;
    const { clientOrderId, busyUntil } = replacing;
    const name = claimName(key);
    const at = clock.elapsed?.() ?? clock.now();
    const agrees = await this.#isAsItWas(claim);
    const before = this.#looks.get(name);
    const goesOn = agrees && before?.busyUntil === busyUntil && before.count > 0;
    const count = agrees ? (goesOn ? before.count : 0) + 1 : 0;
    const firstAt = goesOn ? before.firstAt : at;
    const dueAt = clock.now() + PAUSE_MS;
    this.#looks.set(name, { busyUntil, count, firstAt, dueAt });
    if (count < ABSENCE_READS || at - firstAt < policy.absenceWindowMs) return;
    const reason = "its order works as it did, and none that works has the id of the new one";
    const request = { clientOrderId, busyUntil, reason, isOrderAsItWas: true };
    await ledger.record(key, { type: "replace_dropped", ...request, now: clock.now() });
  }

  /** False also where it cannot be read, or is on its way. */
  async #isAsItWas({ brokerOrderId, replacing }: Replaced): Promise<boolean> {
    const { broker } = this.#ports;
    if (brokerOrderId === null) return false;
    const next = await broker.orderByClientId(replacing.clientOrderId);
    if (next.kind === "unknown") return false;
    if (next.kind === "found" && !isWithoutEffect(next.order, brokerOrderId)) return false;
    const lookup = await broker.orderById(brokerOrderId, "read_back");
    if (lookup.kind !== "found") return false;
    const { status, replacedBy } = lookup.order;
    return replacedBy === null && !hasEnded(status) && status !== "pending_replace";
  }
}

/** Whether it is over without a fill, as one that was rejected afterwards, or replaces another. */
function isWithoutEffect(
  { status, filledQuantity, replaces }: BrokerOrder,
  replaced: BrokerOrderId,
): boolean {
  return replaces !== replaced || (isTerminalStatus(status) && isZero(filledQuantity));
}

function isBeingReplaced(claim: Claim): claim is Replaced {
  return claim.replacing !== null && isAccepted(claim);
}
