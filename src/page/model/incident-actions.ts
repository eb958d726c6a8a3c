/** What a person may do about an incident, and what a confirmation has to repeat. Pure. */
import type { ClaimView, IncidentView, PositionsView } from "../sidecar-answers.ts";
import { quantityText } from "./amount-text.ts";
import { isAboutAction } from "./cause-chain.ts";
import { nameOf, whatOf } from "./claim-line.ts";

export type ActionName = "adopt" | "flatten" | "resolve";

export interface Action {
  readonly name: ActionName;
  readonly label: string;
  /** What will happen, with the numbers. */
  readonly effect: string;
  /** Null where the broker was not read. */
  readonly numbers: Numbers | null;
  /** What is known in their place; null where they are there, or nothing is held in it. */
  readonly unread: Unread | null;
  /** Whether it is refused where the numbers are others by then. */
  readonly confirmsNumbers: boolean;
  /** Whether how the claim behind it ended must be said too. */
  readonly asksForEnd: boolean;
  /** How it may have ended, where that is asked for. */
  readonly ends?: readonly End[];
  /** Whether something is sent to the broker. */
  readonly trades: boolean;
}

export interface Numbers {
  readonly brokerQuantity: string;
  readonly bookQuantity: string;
}

/** The broker has not been read since the book moved, or not at the last try. */
export interface Unread {
  readonly bookQuantity: string;
  /** When it was last read; null: never yet. */
  readonly since: string | null;
}

/** What is chosen from. */
export interface End {
  /** Empty where no claim waits for its end. */
  readonly value: string;
  readonly text: string;
}

const ABOUT_POSITIONS: readonly IncidentView["kind"][] = ["phantom", "orphan", "quantity", "side"];

export function actionsOf(
  incident: IncidentView,
  claims: ReadonlyMap<string, ClaimView>,
  positions: PositionsView | null,
): readonly Action[] {
  if (incident.status === "resolved") return [];
  const numbers = numbersOf(incident, positions);
  const unread = unreadOf(incident, positions);
  // Before it is known what ends with it, nobody could say what a word would come to.
  if (isUnread(incident, claims)) return [];
  const resolve = resolveAction(incident, claims, { numbers, unread });
  if (numbers === null || !ABOUT_POSITIONS.includes(incident.kind)) return [resolve];
  const { brokerQuantity, bookQuantity } = numbers;
  const { symbol } = incident;
  const change = `from ${quantityText(bookQuantity)} to ${quantityText(brokerQuantity)} ${symbol}`;
  const adopt: Action = {
    ...{ name: "adopt", label: "Adopt", numbers, unread, asksForEnd: false, trades: false },
    confirmsNumbers: true,
    effect: `The book goes ${change}, as the broker has it. Nothing is traded.`,
  };
  const flatten: Action = {
    ...{ name: "flatten", label: "Flatten", numbers, unread, asksForEnd: false, trades: true },
    confirmsNumbers: true,
    effect: `The book goes ${change}, and all of that is closed at market.`,
  };
  return Number(brokerQuantity) === 0 ? [adopt, resolve] : [adopt, flatten, resolve];
}

/** What book and broker hold, as it was read; a row without a difference was not. */
function numbersOf({ symbol }: IncidentView, positions: PositionsView | null): Numbers | null {
  const row = positions?.rows.find((one) => one.symbol === symbol);
  return row === undefined || row.difference === null
    ? null
    : { brokerQuantity: row.broker?.quantity ?? "0", bookQuantity: row.book.net };
}

function unreadOf({ symbol }: IncidentView, positions: PositionsView | null): Unread | null {
  const row = positions?.rows.find((one) => one.symbol === symbol);
  return row === undefined || row.difference !== null
    ? null
    : { bookQuantity: row.book.net, since: positions?.readAt ?? null };
}

/** An action that is no order has no claim among the orders': its incident says if one waits. */
function resolveGuard({ id, kind }: IncidentView): Action {
  const common = {
    ...({ name: "resolve", label: "Resolve", trades: false } as const),
    ...{ numbers: null, unread: null, confirmsNumbers: false },
  };
  const ends = kind === "late_settlement" ? [OVER_ALREADY, ...GUARD_ENDS] : GUARD_ENDS;
  const effect =
    `Incident ${id} ends, and with it the claim of the action where it waits for its end. ` +
    "Say only what the provider's own records show.";
  return { ...common, effect, asksForEnd: true, ends };
}

function resolveAction(
  incident: IncidentView,
  claims: ReadonlyMap<string, ClaimView>,
  held: Pick<Action, "numbers" | "unread">,
): Action {
  if (isAboutAction(incident)) return resolveGuard(incident);
  const claim = claimBehind(incident, claims);
  const common = {
    ...({ name: "resolve", label: "Resolve", trades: false } as const),
    ...{ ...held, confirmsNumbers: false },
  };
  if (claim === undefined) {
    const effect = `Incident ${incident.id} ends with your reason. Nothing is traded or changed.`;
    return { ...common, effect, asksForEnd: false };
  }
  const effect =
    `Incident ${incident.id} ends, and with it the claim to ${whatOf(claim)}. ` +
    "Say only what the broker's own records show.";
  const ends = claim.intent.effect === "close" ? EXIT_ENDS : ENTRY_ENDS;
  return { ...common, effect, asksForEnd: true, ends };
}

/** The order's claim that an incident is about; undefined where it is about none. */
function subjectOf({ causes, subject }: IncidentView) {
  return causes.find((cause) => subject === `claim ${nameOf(cause)}`);
}

function isUnread(incident: IncidentView, claims: ReadonlyMap<string, ClaimView>): boolean {
  const key = isAboutAction(incident) ? undefined : subjectOf(incident);
  return key !== undefined && !claims.has(nameOf(key));
}

/** The claim that the incident is about, while nobody knows how it ended. */
export function claimBehind(
  incident: IncidentView,
  claims: ReadonlyMap<string, ClaimView>,
): ClaimView | undefined {
  const { kind } = incident;
  const key = subjectOf(incident);
  const claim = key && claims.get(nameOf(key));
  if (claim?.status !== "IN_RECONCILIATION") return undefined;
  const isMissing = kind === "unknown_outcome" && claim.orderStatus !== "replaced";
  return isMissing || claim.brokerOrderId === null ? claim : undefined;
}

const ABSENT: End = { value: "absent", text: "absent: the broker has no such order" };
const EXIT_ENDS: readonly End[] = [
  {
    value: "rejected",
    text: "rejected: refused or over without a fill, the shares are still held and free",
  },
  { value: "already_flat", text: "already flat: the shares of this exit are gone" },
  ABSENT,
];
const ENTRY_ENDS: readonly End[] = [
  { value: "rejected", text: "rejected: refused or over without a fill" },
  ABSENT,
];

/** The dialog's own empty choice is none. */
export const NO_END = "none";
const OVER_ALREADY: End = { value: NO_END, text: "the claim is over: only the incident ends" };
const GUARD_ENDS: readonly End[] = [
  { value: "done", text: "done: it happened" },
  { value: "rejected", text: "rejected: it did not, and is not to be tried again" },
  { value: "absent", text: "absent: it did not; the next claim may proceed" },
];
