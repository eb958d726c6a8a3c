/**
 * Claims that count as one: an append-only log has a record for every state of a claim. Records of
 * one request are merged where neither ids nor terms speak against it; ids of orders that took one
 * another's place do not, and then the quantity may be another one. What was answered with SKIP is
 * no state of the claim, and stays a record of its own.
 */
import { byText, grouped, sortedByText } from "./grouped.ts";
import { type RecordedClaim, type Says, textOf } from "./recorded.ts";

/** Of two records of one moment, the later state. */
const LATER_STATE: readonly Says[] = [
  ...(["open", "not_there", "refused", "ended_empty", "working", "done", "skipped"] as const),
];
const IDS = ["clientOrderId", "brokerOrderId"] as const;
const TERMS = ["symbol", "side", "quantity", "notional"] as const;

/** The name of the chain of replacements that an order's id belongs to; undefined for others. */
export type ChainOf = (id: string) => string | undefined;

/** Each claim once, in an order that does not depend on that of the input. */
export function distinctClaims(
  claims: readonly RecordedClaim[],
  chainOf: ChainOf = () => undefined,
): readonly RecordedClaim[] {
  const requests = grouped(sortedByText(claims, textOf), keyOf);
  return [...requests.values()].flatMap((records) => [
    ...merged(
      records.filter(({ says }) => says === "skipped"),
      (a, b) => textOf({ ...a, records: 1 }) === textOf(b),
    ),
    ...merged(
      records.filter(({ says }) => says !== "skipped"),
      (a, b) => isSameAction(a, b, chainOf),
    ),
  ]);
}

function keyOf({ account, agent, requestId, clientOrderId, brokerOrderId }: RecordedClaim): string {
  const ids = requestId === null ? [null, clientOrderId, brokerOrderId] : [requestId];
  return JSON.stringify([account, agent, ...ids]);
}

function merged(
  records: readonly RecordedClaim[],
  isSame: (a: RecordedClaim, b: RecordedClaim) => boolean,
): readonly RecordedClaim[] {
  const found: RecordedClaim[] = [];
  for (const record of [...records].sort(earlierFirst)) {
    const index = found.findIndex((one) => isSame(one, record));
    const before = found[index];
    if (before === undefined) found.push(record);
    else found[index] = together(before, record);
  }
  return found;
}

function earlierFirst(a: RecordedClaim, b: RecordedClaim): number {
  const time = (a.at ?? 0) - (b.at ?? 0);
  const state = LATER_STATE.indexOf(a.says) - LATER_STATE.indexOf(b.says);
  return time || state || byText(textOf)(a, b);
}

function isSameAction(a: RecordedClaim, b: RecordedClaim, chainOf: ChainOf): boolean {
  const isLike = (name: (typeof IDS)[number] | (typeof TERMS)[number]) =>
    a[name] === null || b[name] === null || a[name] === b[name];
  const others = IDS.filter((name) => !isLike(name));
  const areReplaced = others.every((name) => {
    const chain = chainOf(a[name] ?? "");
    return chain !== undefined && chain === chainOf(b[name] ?? "");
  });
  const isReplaced = others.length > 0;
  return areReplaced && TERMS.every((name) => isLike(name) || (isReplaced && name === "quantity"));
}

/** The later record's word, and whatever only the earlier one says. */
function together(earlier: RecordedClaim, later: RecordedClaim): RecordedClaim {
  const said = Object.entries(later).filter(([, value]) => value !== null);
  const { quantity } = earlier;
  const isChanged = quantity !== null && later.quantity !== null && quantity !== later.quantity;
  return {
    ...earlier,
    ...Object.fromEntries(said),
    ...(isChanged && { quantity, quantityAtEnd: later.quantityAtEnd ?? later.quantity }),
    at: earlier.at ?? later.at,
    mentioned: [...new Set([...earlier.mentioned, ...later.mentioned])].sort(),
    saysFilled: later.saysFilled || earlier.saysFilled,
    saysAllFilled: later.saysAllFilled || earlier.saysAllFilled,
    records: earlier.records + later.records,
  };
}
