/**
 * The session as lanes, one for each symbol: fills at their prices, the position as an area of
 * steps behind them, what was asked for below, and what was not done above. Pure: what is drawn,
 * and the story that a mark tells.
 */
import type { MarkView } from "../sidecar-answers.ts";
import { dollarsText, priceText, quantityText } from "./amount-text.ts";
import { nameOf } from "./claim-line.ts";
import { timeOfDay } from "./time-text.ts";

export interface LanePoint {
  readonly mark: MarkView;
  /** Seconds since 1970. */
  readonly x: number;
  /** `above`: what did not happen; `within`: fills; `below`: what was asked for. */
  readonly place: "above" | "within" | "below";
}

export interface Lane {
  readonly symbol: string;
  /** What people call it. */
  readonly name: string;
  /** Where the position changes; those of one moment are in order. */
  readonly xs: readonly number[];
  /** The position behind each; null where nobody knows it. */
  readonly nets: readonly (number | null)[];
  /** The position at the end of what is shown, with all its digits; null as in `nets`. */
  readonly held: string | null;
  /** The price of each that is a fill. */
  readonly prices: readonly (number | null)[];
  readonly points: readonly LanePoint[];
  /** Spans in which an incident was open; `to` is null while it is. */
  readonly troubles: readonly { readonly from: number; readonly to: number | null }[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

const PLACES: Readonly<Record<MarkView["kind"], LanePoint["place"]>> = {
  entry: "below",
  exit: "below",
  fill: "within",
  adjusted: "within",
  blocked: "above",
  refused: "above",
  incident: "above",
  resolved: "above",
};

/**
 * Lanes in which nothing is held: incidents about actions that are no orders have no symbol, and
 * what a spread has bought is held as its contracts.
 */
const WITHOUT_POSITION: Readonly<Record<string, string>> = { "": "Actions", MLEG: "Spreads" };
/** Around what happened, so much of it at each end. */
const MARGIN = 0.02;
const SHORTEST_S = 60;

/** All lanes share one span: the session so far. */
export function spanOf(marks: readonly MarkView[], now: string, isOpen: boolean): Span {
  const times = marks.map(({ at }) => secondsOf(at));
  const last = isOpen ? [secondsOf(now)] : [];
  const from = Math.min(...times, ...(times.length === 0 ? [secondsOf(now)] : []));
  const to = Math.max(...times, ...last, from + SHORTEST_S);
  const margin = (to - from) * MARGIN;
  return { from: from - margin, to: to + margin };
}

export function lanesOf(marks: readonly MarkView[], span: Span): readonly Lane[] {
  const symbols = [...new Set(marks.map(({ symbol }) => symbol))].sort();
  return symbols.map((symbol) => {
    const own = marks.filter((mark) => mark.symbol === symbol);
    const points = own.map((mark): LanePoint => {
      return { mark, x: secondsOf(mark.at), place: PLACES[mark.kind] };
    });
    const lane = { symbol, name: symbol, points, ...stepsOf(own, span), troubles: troublesOf(own) };
    const name = WITHOUT_POSITION[symbol];
    if (name === undefined) return lane;
    return { ...lane, name, nets: lane.nets.map(() => null), held: null };
  });
}

function stepsOf(
  marks: readonly MarkView[],
  { from, to }: Span,
): Pick<Lane, "xs" | "nets" | "held" | "prices"> {
  const moves = marks.filter(({ kind }) => kind === "fill" || kind === "adjusted");
  const [first] = moves;
  const before = first === undefined ? netOf(marks[0]) : netBefore(first);
  const last = moves.at(-1);
  return {
    xs: [from, ...moves.map(({ at }) => secondsOf(at)), to],
    nets: [before, ...moves.map(netOf), last === undefined ? before : netOf(last)],
    held: (last ?? marks[0])?.net ?? null,
    prices: [null, ...moves.map(priceOf), null],
  };
}

function priceOf({ kind, price }: MarkView): number | null {
  return kind === "fill" && price !== null ? Number(price) : null;
}

function netOf(mark: MarkView | undefined): number | null {
  return mark?.net === null || mark === undefined ? null : Number(mark.net);
}

function netBefore({ kind, side, quantity, net }: MarkView): number | null {
  if (kind === "adjusted" || net === null || quantity === null) return null;
  return Number(net) - (side === "buy" ? Number(quantity) : -Number(quantity));
}

/** What the area of what is held goes over: from nothing to all, be it a fraction of a coin. */
export function heldExtent(low: number | null, high: number | null): readonly [number, number] {
  const [bottom, top] = [Math.min(0, low ?? 0), Math.max(0, high ?? 0)];
  return top > bottom ? [bottom, top] : [0, 1];
}

function troublesOf(marks: readonly MarkView[]): Lane["troubles"] {
  const spans = marks
    .filter(({ kind }) => kind === "incident")
    .map(({ at, incident }) => {
      const end = marks.find((mark) => mark.kind === "resolved" && mark.incident === incident);
      return { from: secondsOf(at), to: end === undefined ? null : secondsOf(end.at) };
    });
  return joined(spans.sort((a, b) => a.from - b.from));
}

/** In order of their begin. Many of them drawn over one another would hide what is behind them. */
function joined(spans: Lane["troubles"]): Lane["troubles"] {
  const found: Lane["troubles"][number][] = [];
  for (const span of spans) {
    const last = found.at(-1);
    if (last === undefined || (last.to !== null && last.to < span.from)) found.push(span);
    else {
      const to = last.to === null || span.to === null ? null : Math.max(last.to, span.to);
      found.splice(-1, 1, { from: last.from, to });
    }
  }
  return found;
}

/** What hovering a mark tells: its claim's whole story in the session, in order. */
export function storyOf(mark: MarkView, marks: readonly MarkView[]): readonly string[] {
  const own = marks.filter((other) => isSameStory(mark, other));
  return own.map((one) => `${timeOfDay(one.at)}  ${lineOf(one)}`);
}

function isSameStory(mark: MarkView, other: MarkView): boolean {
  if (mark.incident !== null) return other.incident === mark.incident;
  if (mark.requestId === null || mark.agent === null) return other === mark;
  if (other.requestId === null || other.agent === null) return false;
  const name = { agent: mark.agent, requestId: mark.requestId };
  return nameOf(name) === nameOf({ agent: other.agent, requestId: other.requestId });
}

function lineOf({ kind, text, quantity, price, notionalUsd, net }: MarkView): string {
  switch (kind) {
    case "entry":
    case "exit":
      return `${kind}: ${text}`;
    case "fill":
      return quantity === null || price === null
        ? text
        : `filled ${quantityText(quantity)} @ ${priceText(price)}${heldText(net)}`;
    case "blocked":
      return notionalUsd === null ? text : `${text} (${dollarsText(notionalUsd)} USD)`;
    case "incident":
    case "resolved":
      return `${kind}: ${text}`;
    default:
      return text;
  }
}

/** What a mark says in a list, where its time and kind stand before it. */
export function textOf({ kind, text, quantity, price }: MarkView): string {
  if (kind !== "fill" || quantity === null || price === null) return text;
  return `${quantityText(quantity)} filled @ ${priceText(price)}`;
}

function heldText(net: string | null): string {
  return net === null ? "" : `, then ${quantityText(net)} held`;
}

export function secondsOf(at: string): number {
  return Date.parse(at) / 1_000;
}

/** The mark nearest to a place, within `reach`; undefined where there is none. */
export function nearest(
  points: readonly LanePoint[],
  distanceTo: (point: LanePoint) => number,
  reach: number,
): LanePoint | undefined {
  let found: LanePoint | undefined;
  let best = reach;
  for (const point of points) {
    const distance = distanceTo(point);
    if (distance <= best) [found, best] = [point, distance];
  }
  return found;
}

/**
 * On which level each mark stands, so that those at nearly one place do not hide each other:
 * `lefts` are in pixels and grow. A mark for which no level is free stands on the last one.
 */
export function levelsOf(lefts: readonly number[], width: number, levels: number): number[] {
  const taken = Array.from({ length: levels }, () => Number.NEGATIVE_INFINITY);
  return lefts.map((left) => {
    const free = taken.findIndex((last) => left - last >= width);
    const level = free === -1 ? levels - 1 : free;
    taken[level] = left;
    return level;
  });
}
