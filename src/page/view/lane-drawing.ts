/**
 * How a lane is drawn: a scale of prices with the fills on it, the position as an area of steps on
 * a scale of its own behind them, and the marks and spans of trouble over both.
 */
import uPlot from "uplot";
import { axisPriceText } from "../model/amount-text.ts";
import {
  heldExtent,
  type Lane,
  type LanePoint,
  levelsOf,
  type Span,
} from "../model/session-lanes.ts";
import { shortTime, timeOfDay } from "../model/time-text.ts";
import { GLYPHS, type Glyph } from "./mark-glyph.ts";

export const LANE_HEIGHT = 112;
export const AXIS_HEIGHT = 22;
const AXIS_WIDTH = 52;
const DIGIT_WIDTH = 6.5;
/** Between a price and the plot. */
const AXIS_GAP = 10;
/** Of the extent of prices, left free above and below for what has none. */
const ROOM_ABOVE = 0.55;
const ROOM_BELOW = 0.4;
/** Of the extent of the position: it is what prices stand in front of. */
const HELD_ABOVE = 0.9;
const HELD_BELOW = 0.25;
/** Prices that are all the same have some extent too. */
const PRICE_EXTENT = 0.002;
const STRIP_PX = 11;
/** Half a time's name, less what is free beside the plot. */
const EDGE_PX = 14;
/** Marks that stand at one place are put on levels of this height. */
const LEVEL_PX = 12;
const LEVELS = 4;
const GLYPH_SCALE = 1;
const SYNC = "session";

/** What of a lane the chart asks for at each drawing. */
export interface LaneSource {
  lane(): Lane;
  span(): Span;
  /** So much room the longest price needs. */
  priceDigits(): number;
  /** The mark that is told about; it is drawn larger. */
  chosen(): LanePoint | undefined;
  /** Told where the pointer is, in CSS pixels of the plot; null where it has left. */
  pointAt(chart: uPlot, place: { readonly left: number; readonly top: number } | null): void;
}

export function laneOptions(source: LaneSource, width: number, isLast: boolean): uPlot.Options {
  const font = "11px system-ui, sans-serif";
  const axis = { font, stroke: () => colourOf("--quiet"), ticks: { show: false } };
  return {
    width,
    height: LANE_HEIGHT + (isLast ? AXIS_HEIGHT : 0),
    legend: { show: false },
    padding: [4, 12, isLast ? 0 : 4, 0],
    tzDate: (at) => uPlot.tzDate(new Date(at * 1_000), "America/New_York"),
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
      sync: { key: SYNC },
    },
    scales: {
      x: { time: true, range: () => [source.span().from, source.span().to] },
      price: { range: (_, low, high) => priceRange(low, high) },
      held: { range: (_, low, high) => heldRange(low, high) },
    },
    axes: [
      {
        ...axis,
        show: isLast,
        size: AXIS_HEIGHT,
        space: 70,
        grid: { show: false },
        values: (chart, splits, _, __, stepS) =>
          splits.map((at) => (isAtEdge(chart, at) ? "" : axisTime(at, stepS))),
      },
      {
        ...axis,
        scale: "price",
        size: () => Math.max(AXIS_WIDTH, source.priceDigits() * DIGIT_WIDTH + AXIS_GAP),
        space: 26,
        filter: (_, splits) => ofPrices(source.lane(), splits),
        grid: {
          ...{ stroke: () => colourOf("--line"), width: 1 },
          filter: (_, splits) => ofPrices(source.lane(), splits),
        },
        values: (_, splits) => splits.map((at) => (at === null ? "" : axisPriceText(at))),
      },
    ],
    series: [
      {},
      {
        scale: "held",
        width: 1,
        stroke: () => colourOf("--position"),
        fill: () => colourOf("--position-fill"),
        paths: uPlot.paths.stepped?.({ align: 1 }) ?? null,
        points: { show: false },
      },
      {
        scale: "price",
        width: 1,
        dash: [2, 3],
        spanGaps: true,
        stroke: () => colourOf("--quiet"),
        points: { show: false },
      },
    ],
    hooks: {
      drawClear: [(chart) => drawTroubles(chart, source)],
      draw: [(chart) => drawMarks(chart, source)],
      setCursor: [(chart) => tellPointer(chart, source)],
    },
  } as uPlot.Options;
}

function priceRange(low: number | null, high: number | null): [number, number] {
  const [bottom, top] = [low ?? 0, high ?? 1];
  const extent = Math.max(top - bottom, Math.abs(top) * PRICE_EXTENT);
  return [bottom - extent * ROOM_BELOW, top + extent * ROOM_ABOVE];
}

function heldRange(low: number | null, high: number | null): [number, number] {
  const [bottom, top] = heldExtent(low, high);
  const extent = top - bottom;
  return [bottom - extent * HELD_BELOW, top + extent * HELD_ABOVE];
}

/** A time whose name would be cut off by the right edge. */
function isAtEdge(chart: uPlot, at: number): boolean {
  const { min = 0, max = 1 } = chart.scales.x ?? {};
  const widthPx = chart.bbox.width / uPlot.pxRatio;
  return (((max ?? 1) - at) / ((max ?? 1) - (min ?? 0))) * widthPx < EDGE_PX;
}

/** A lane without a fill has no prices: nothing is written beside it. */
function ofPrices({ prices }: Lane, splits: readonly number[]): (number | null)[] {
  const hasAny = prices.some((price) => price !== null);
  return splits.map((split) => (hasAny ? split : null));
}

/** With seconds where one minute has several places. */
function axisTime(atS: number, stepS: number): string {
  const at = new Date(atS * 1_000).toISOString();
  return stepS < 60 ? timeOfDay(at) : shortTime(at);
}

export interface Place {
  readonly left: number;
  readonly top: number;
}

/** Where each mark is, in CSS pixels of the plot. */
export function placesOf(chart: uPlot, { points }: Lane): ReadonlyMap<LanePoint, Place> {
  const height = chart.over.clientHeight;
  const tops: Readonly<Record<LanePoint["place"], (point: LanePoint, level: number) => number>> = {
    above: (_, level) => STRIP_PX + level * LEVEL_PX,
    below: (_, level) => height - STRIP_PX + 2 - level * LEVEL_PX,
    within: ({ mark: { price, net } }) => {
      if (price !== null) return chart.valToPos(Number(price), "price");
      return net === null ? height / 2 : chart.valToPos(Number(net), "held");
    },
  };
  const found = new Map<LanePoint, Place>();
  for (const place of ["above", "within", "below"] as const) {
    const own = points.filter((point) => point.place === place);
    const lefts = own.map(({ x }) => chart.valToPos(x, "x"));
    const levels = levelsOf(lefts, LEVEL_PX, LEVELS);
    own.forEach((point, index) => {
      const left = lefts[index] ?? 0;
      found.set(point, { left, top: tops[place](point, levels[index] ?? 0) });
    });
  }
  return found;
}

function tellPointer(chart: uPlot, source: LaneSource): void {
  const { left = -1, top = -1 } = chart.cursor;
  // The cursors of other lanes are moved along; only the one that is pointed at has a height.
  source.pointAt(chart, left < 0 || top < 0 ? null : { left, top });
}

function drawTroubles(chart: uPlot, source: LaneSource): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.fillStyle = colourOf("--trouble");
  for (const { from, to } of source.lane().troubles) {
    const left = chart.valToPos(from, "x", true);
    const right = chart.valToPos(to ?? source.span().to, "x", true);
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  ctx.restore();
}

function drawMarks(chart: uPlot, source: LaneSource): void {
  const { ctx, bbox } = chart;
  const ratio = uPlot.pxRatio;
  const chosen = source.chosen();
  for (const [point, { left, top }] of placesOf(chart, source.lane())) {
    const size = point.mark.sequence === chosen?.mark.sequence ? GLYPH_SCALE * 1.5 : GLYPH_SCALE;
    ctx.save();
    ctx.translate(bbox.left + left * ratio, bbox.top + top * ratio);
    ctx.scale(ratio * size, ratio * size);
    // The line between fills is dashed, and the canvas is the same.
    ctx.setLineDash([]);
    drawGlyph(ctx, GLYPHS[point.mark.kind]);
    ctx.restore();
  }
}

function drawGlyph(ctx: CanvasRenderingContext2D, { path, isLine, colour }: Glyph): void {
  const shape = new Path2D(path);
  const ground = colourOf("--panel");
  if (isLine) {
    ctx.lineWidth = 4;
    ctx.strokeStyle = ground;
    ctx.stroke(shape);
    ctx.lineWidth = 2;
    ctx.strokeStyle = colourOf(colour);
    ctx.stroke(shape);
    return;
  }
  ctx.lineWidth = 2;
  ctx.strokeStyle = ground;
  ctx.stroke(shape);
  ctx.fillStyle = colourOf(colour);
  ctx.fill(shape);
}

function colourOf(property: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim();
}
