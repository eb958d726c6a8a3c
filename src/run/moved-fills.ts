/**
 * Where a day with faults differs from the same day without them: the orders whose fills are
 * others, and which faults they met. Pure.
 *
 * Positions are compared with positions, and an order with the one of the same part in the other
 * day's position: a request id alone would not do, because an entry at another bar has another one,
 * and where a position was never begun, those behind it have other numbers.
 */
import type { EpochMs } from "../core/clock.ts";
import { toFixed } from "../core/decimal.ts";
import type { Claim } from "../index.ts";
import type { BacktestRecords } from "./backtest-world.ts";
import { clientOrderIdsOf } from "./claim-ids.ts";
import { fillsOf, type OrderFill } from "./trade-accounts.ts";

/** What an order filled in one of the two days. */
export interface MovedSide {
  readonly at: EpochMs;
  readonly quantity: string;
  readonly price: string;
}

export interface MovedFill {
  /** In the day with faults; where that has no such order, in the other. */
  readonly requestId: string;
  readonly symbol: string;
  readonly side: string;
  /** The stage of an entry, the leg of an exit; null where the strategy gave it no anchor. */
  readonly part: string | null;
  /** Null where that day has no such fill. */
  readonly without: MovedSide | null;
  readonly withFaults: MovedSide | null;
  /** Kinds of fault that requests about it met; empty where an earlier one moved it. */
  readonly faults: readonly string[];
}

export function movedFills(
  without: BacktestRecords,
  withFaults: BacktestRecords,
): readonly MovedFill[] {
  const [calm, faulty] = [actionsOf(without), actionsOf(withFaults)];
  return pairedPositions(positionsOf(calm), positionsOf(faulty))
    .flatMap(([a, b]) => pairedActions(a?.actions ?? [], b?.actions ?? []))
    .flatMap((pair) => movedOf(pair, faulty, withFaults))
    .sort((a, b) => timeOf(a) - timeOf(b));
}

interface Action {
  readonly claim: Claim;
  readonly part: string | null;
  /** Undefined where nothing of it was filled. */
  readonly fill: OrderFill | undefined;
}

type Filled = Action & { readonly fill: OrderFill };
/** The same thing in the two days; undefined where one of them has it not. */
type Pair<Thing> = readonly [without: Thing | undefined, withFaults: Thing | undefined];

function actionsOf({ ledger, orders, fills: parts }: BacktestRecords): readonly Action[] {
  const fills = new Map(fillsOf(orders, parts).map((fill) => [fill.clientOrderId, fill]));
  return (ledger?.claims ?? []).map((claim) => {
    const [fill] = [...clientOrderIdsOf(claim)].flatMap((id) => fills.get(id) ?? []);
    return { claim, part: partOf(claim), fill };
  });
}

function partOf({ intent: { anchor } }: Claim): string | null {
  if (anchor === null) return null;
  return "stage" in anchor ? anchor.stage : anchor.leg;
}

/** What was filled from flat to flat. */
interface Position {
  readonly symbol: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** In the order of their fills. */
  readonly actions: readonly Filled[];
}

function positionsOf(actions: readonly Action[]): readonly Position[] {
  const lives = new Map<string, Filled[]>();
  for (const { fill, ...action } of actions) {
    if (fill === undefined) continue;
    const life = `${fill.symbol} ${action.claim.episode}`;
    lives.set(life, [...(lives.get(life) ?? []), { ...action, fill }]);
  }
  return [...lives.values()].map((ofLife) => {
    const inOrder = ofLife.sort((a, b) => a.fill.at - b.fill.at);
    const times = inOrder.map(({ fill }) => fill.at);
    const [from = 0, until = from] = [times[0], times.at(-1)];
    return { symbol: ofLife[0]?.fill.symbol ?? "", from, until, actions: inOrder };
  });
}

/** Each position with the one that shares an entry with it, or else most time. */
function pairedPositions(
  calm: readonly Position[],
  faulty: readonly Position[],
): readonly Pair<Position>[] {
  const byEntry = new Map(faulty.flatMap((b) => entriesOf(b).map((id) => [id, b] as const)));
  const isFree = new Set(faulty);
  const found = new Map<Position, Position>();
  const pair = (a: Position, b: Position | undefined) => {
    if (b !== undefined && isFree.delete(b)) found.set(a, b);
  };
  for (const a of calm) pair(a, byEntry.get(entriesOf(a).find((id) => byEntry.has(id)) ?? ""));
  for (const a of calm) if (!found.has(a)) pair(a, heldWith(a, [...isFree]));
  const alone = [...isFree].map((b): Pair<Position> => [undefined, b]);
  return [...calm.map((a): Pair<Position> => [a, found.get(a)]), ...alone];
}

function entriesOf({ actions }: Position): readonly string[] {
  const entries = actions.filter(({ claim }) => claim.intent.effect === "open");
  return entries.map(({ claim }) => claim.key.requestId);
}

/** The one that was held with `a` for longest; undefined where none was. */
function heldWith(a: Position, others: readonly Position[]): Position | undefined {
  const sharedMs = (b: Position) => Math.min(a.until, b.until) - Math.max(a.from, b.from);
  const [longest] = others
    .filter((b) => b.symbol === a.symbol && sharedMs(b) >= 0)
    .sort((b, c) => sharedMs(c) - sharedMs(b));
  return longest;
}

/** The same request first; what is left, side by side and part by part, in the order of time. */
function pairedActions(
  calm: readonly Filled[],
  faulty: readonly Filled[],
): readonly Pair<Filled>[] {
  const isFree = new Set(faulty);
  const takes = (a: Filled, isSame: (b: Filled) => boolean): Filled | undefined => {
    const found = [...isFree].find((b) => isSame(b) && kindOf(a) === kindOf(b));
    if (found !== undefined) isFree.delete(found);
    return found;
  };
  const byRequest = calm.map((a): Pair<Filled> => [a, takes(a, (b) => isSameRequest(a, b))]);
  const pairs = byRequest.map(([a, b]): Pair<Filled> => [a, b ?? (a && takes(a, () => true))]);
  return [...pairs, ...[...isFree].map((b): Pair<Filled> => [undefined, b])];
}

/** An exit's anchor has the position's number, and those of two days are not the same. */
function isSameRequest({ claim }: Action, other: Action): boolean {
  return claim.intent.effect === "open" && claim.key.requestId === other.claim.key.requestId;
}

function kindOf({ claim, part }: Action): string {
  return `${claim.intent.side} ${part}`;
}

function movedOf(
  [a, b]: Pair<Filled>,
  faulty: readonly Action[],
  withFaults: BacktestRecords,
): readonly MovedFill[] {
  const action = b ?? a;
  if (action === undefined || textOf(a?.fill) === textOf(b?.fill)) return [];
  const { claim, part } = action;
  const { symbol, side } = claim.intent;
  const sides = { without: sideOf(a?.fill), withFaults: sideOf(b?.fill) };
  // The entry that was wanted at the same bar, too: it may have been refused, and come later.
  const wanted = faulty.filter((one) => a !== undefined && isSameRequest(a, one));
  const claims = [...wanted.map((one) => one.claim), ...(b === undefined ? [] : [b.claim])];
  const faults = faultsOf(claims, withFaults);
  return [{ requestId: claim.key.requestId, symbol, side, part, ...sides, faults }];
}

/** To the second, as it is shown. */
function textOf(fill: OrderFill | undefined): string {
  if (fill === undefined) return "";
  return `${Math.floor(fill.at / 1_000)}: ${fill.quantity} @ ${fill.price}`;
}

function sideOf(fill: OrderFill | undefined): MovedSide | null {
  if (fill === undefined) return null;
  return { at: fill.at, quantity: fill.quantity, price: toFixed(fill.price, 2) };
}

function faultsOf(claims: readonly Claim[], { requests }: BacktestRecords): readonly string[] {
  const ids = new Set(claims.flatMap((claim) => [...clientOrderIdsOf(claim)]));
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
