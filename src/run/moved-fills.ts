/**
 * Where a day with faults differs from the same day without them: the actions whose fills are
 * others, and which faults their orders met. Pure.
 */
import type { EpochMs } from "../core/clock.ts";
import { toFixed } from "../core/decimal.ts";
import type { Claim } from "../index.ts";
import type { BacktestRecords } from "./backtest-world.ts";
import { clientOrderIdsOf } from "./claim-ids.ts";
import { fillsOf, type OrderFill } from "./trade-accounts.ts";

/** What an action filled in one of the two days. */
export interface MovedSide {
  readonly at: EpochMs;
  readonly quantity: string;
  readonly price: string;
}

export interface MovedFill {
  readonly requestId: string;
  readonly symbol: string;
  readonly side: string;
  /** Null where that day has no fill of the action. */
  readonly without: MovedSide | null;
  readonly withFaults: MovedSide | null;
  /** Kinds of fault that requests about its order met; empty where an earlier one moved it. */
  readonly faults: readonly string[];
}

export function movedFills(
  without: BacktestRecords,
  withFaults: BacktestRecords,
): readonly MovedFill[] {
  const [calm, faulty] = [actionsOf(without), actionsOf(withFaults)];
  return [...new Set([...calm.keys(), ...faulty.keys()])]
    .flatMap((requestId): MovedFill[] => {
      const [a, b] = [calm.get(requestId), faulty.get(requestId)];
      const claim = (b ?? a)?.claim;
      if (claim === undefined || textOf(a?.fill) === textOf(b?.fill)) return [];
      const { symbol, side } = claim.intent;
      const sides = { without: sideOf(a?.fill), withFaults: sideOf(b?.fill) };
      const faults = b === undefined ? [] : faultsOf(b.claim, withFaults);
      return [{ requestId, symbol, side, ...sides, faults }];
    })
    .sort((a, b) => timeOf(a) - timeOf(b));
}

interface Action {
  readonly claim: Claim;
  readonly fill: OrderFill | undefined;
}

function actionsOf({ ledger, orders }: BacktestRecords): ReadonlyMap<string, Action> {
  const fills = new Map(fillsOf(orders).map((fill) => [fill.clientOrderId, fill]));
  return new Map(
    (ledger?.claims ?? []).map((claim) => {
      const [fill] = [...clientOrderIdsOf(claim)].flatMap((id) => fills.get(id) ?? []);
      return [claim.key.requestId, { claim, fill }];
    }),
  );
}

function textOf(fill: OrderFill | undefined): string {
  return fill === undefined ? "" : `${fill.quantity} @ ${fill.price}`;
}

function sideOf(fill: OrderFill | undefined): MovedSide | null {
  if (fill === undefined) return null;
  return { at: fill.at, quantity: fill.quantity, price: toFixed(fill.price, 2) };
}

function faultsOf(claim: Claim, { requests }: BacktestRecords): readonly string[] {
  const ids = clientOrderIdsOf(claim);
  const kinds = requests.flatMap(({ fault, body, query }) => {
    const sent = (body as { readonly client_order_id?: string } | undefined)?.client_order_id;
    const isAbout = ids.has(sent ?? "") || ids.has(query.client_order_id ?? "");
    return isAbout && fault !== undefined ? [fault] : [];
  });
  return [...new Set(kinds)];
}

function timeOf({ without, withFaults }: MovedFill): EpochMs {
  return without?.at ?? withFaults?.at ?? 0;
}
