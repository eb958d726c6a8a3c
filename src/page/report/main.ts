/**
 * Draws the charts of a backtest's report from the data that stands in the page: one for the
 * equity, one for each symbol with its fills. All of them share the time axis and the pointer.
 */
import uPlot from "uplot";
import type { PriceLane, ReportData } from "../../run/report-data.ts";

const HEIGHT = 200;
const AXIS_WIDTH = 64;
const MARK_PX = 6;
const ZONE = "America/New_York";
const FONT = "11px system-ui, sans-serif";
const TIME = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hour: "2-digit",
  minute: "2-digit",
});

const DAY = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, month: "2-digit", day: "2-digit" });

const data = JSON.parse(document.getElementById("data")?.textContent ?? "") as ReportData;
const IS_OF_ONE_DAY =
  new Set([data.equity.times[0], data.equity.times.at(-1)].map((at = 0) => DAY.format(at * 1_000)))
    .size === 1;
const charts: { readonly chart: uPlot; readonly place: HTMLElement }[] = [];

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The time of day; where there are several days, over the day on which it is the first. */
function axisText(at: number, index: number, splits: readonly number[]): string {
  const time = TIME.format(at * 1_000);
  const day = DAY.format(at * 1_000);
  const before = splits[index - 1];
  const isNew = before === undefined || DAY.format(before * 1_000) !== day;
  return IS_OF_ONE_DAY || !isNew ? time : `${time}\n${day}`;
}

function optionsOf(width: number, label: string, line: string, marks?: PriceLane): uPlot.Options {
  const axis = { font: FONT, stroke: () => colour("--quiet"), ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [12, 28, 0, 0],
    tzDate: (at) => uPlot.tzDate(new Date(at * 1_000), ZONE),
    cursor: { sync: { key: "report" }, drag: { x: true, y: false } },
    scales: { x: { time: true } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: IS_OF_ONE_DAY ? 50 : 64,
        values: (_, splits) => splits.map(axisText),
      },
      { ...axis, size: AXIS_WIDTH, grid: { stroke: () => colour("--line"), width: 1 } },
    ],
    series: [
      { label: "Time" },
      {
        label,
        width: 1.5,
        stroke: () => colour(line),
        points: { show: false },
        value: (_, value) => (value === null ? "-" : value.toFixed(2)),
      },
    ],
    hooks: marks === undefined ? {} : { draw: [(chart) => drawMarks(chart, marks)] },
  };
}

/** A triangle at each fill: up where it was bought, below the price; down where it was sold. */
function drawMarks({ ctx, valToPos }: uPlot, { marks }: PriceLane): void {
  const size = MARK_PX * devicePixelRatio;
  ctx.save();
  for (const { time, price, side } of marks) {
    const down = side === "sell" ? -1 : 1;
    const x = valToPos(time, "x", true);
    const y = valToPos(price, "y", true) + down * 2 * devicePixelRatio;
    ctx.fillStyle = colour(side === "buy" ? "--buy" : "--sell");
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x - size, y + down * size * 1.6);
    ctx.lineTo(x + size, y + down * size * 1.6);
    ctx.fill();
  }
  ctx.restore();
}

function widthOf(place: HTMLElement): number {
  return Math.max(240, place.clientWidth);
}

function draw(place: HTMLElement, label: string, line: string, lane: PriceLane): void {
  const options = optionsOf(widthOf(place), label, line, lane);
  charts.push({ chart: new uPlot(options, [[...lane.times], [...lane.closes]], place), place });
}

const { times, profits } = data.equity;
const equity = document.getElementById("equity");
if (equity !== null) {
  draw(equity, "Profit, USD", "--equity", { symbol: "", times, closes: profits, marks: [] });
}
for (const lane of data.lanes) {
  const place = document.createElement("div");
  place.className = "chart";
  const title = document.createElement("h3");
  title.textContent = lane.symbol;
  document.getElementById("lanes")?.append(title, place);
  draw(place, `${lane.symbol}, USD`, "--price", lane);
}

addEventListener("resize", () => {
  for (const { chart, place } of charts) chart.setSize({ width: widthOf(place), height: HEIGHT });
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { chart } of charts) chart.redraw(false);
});
