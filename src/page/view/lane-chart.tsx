/** One symbol's lane: a chart that is pointed at, or stepped through with the arrow keys. */
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { quantityText } from "../model/amount-text.ts";
import { type Lane, type LanePoint, nearest, type Span, storyOf } from "../model/session-lanes.ts";
import type { MarkView } from "../sidecar-answers.ts";
import { Amount } from "./amount.tsx";
import {
  AXIS_HEIGHT,
  LANE_HEIGHT,
  type LaneSource,
  laneOptions,
  placesOf,
} from "./lane-drawing.ts";

interface LaneChartProps {
  readonly lane: Lane;
  readonly span: Span;
  /** Of all lanes together, so that their times are below one another. */
  readonly priceDigits: number;
  readonly marks: readonly MarkView[];
  readonly isLast: boolean;
  readonly onPick: (mark: MarkView) => void;
}

interface Told {
  readonly point: LanePoint;
  readonly left: number;
  readonly top: number;
}

const REACH_PX = 24;
const FAR = { left: Number.POSITIVE_INFINITY, top: 0 };
/** Being a little higher or lower counts less than being earlier or later. */
const HEIGHT_COUNTS = 0.6;

export function LaneChart(props: LaneChartProps) {
  const { lane, marks, isLast, onPick } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const current = useRef(props);
  const chosen = useRef<Told | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  current.current = props;
  const tell = (next: Told | null) => {
    if (next?.point.mark.sequence === chosen.current?.point.mark.sequence) return;
    chosen.current = next;
    setTold(next);
    chart.current?.redraw(false);
  };
  useEffect(() => drawIn(place.current, chart, sourceOf(current, chosen, tell), isLast), [isLast]);
  useEffect(() => {
    chart.current?.setData(dataOf(lane));
  });
  const step = (event: KeyboardEvent) => {
    const plot = chart.current;
    if (plot === null) return;
    const next = stepped(lane, chosen.current?.point, event.key);
    if (event.key === "Escape") tell(null);
    if (event.key === "Enter" && chosen.current !== null) onPick(chosen.current.point.mark);
    if (next === undefined) return;
    event.preventDefault();
    tell(toldOf(plot, lane, next));
  };
  const label = `${lane.name}: ${lane.points.length} marks; arrow keys tell of each`;
  return (
    <div class="lane">
      <h3>
        {lane.name}
        {lane.held !== null && (
          <span>
            <Amount text={quantityText(lane.held)} /> held
          </span>
        )}
      </h3>
      {/* biome-ignore lint/a11y/useSemanticElements: a chart is no form's group */}
      <div
        class="plot"
        role="group"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys step through it
        tabIndex={0}
        onKeyDown={step}
        onBlur={() => tell(null)}
        onClick={() => chosen.current !== null && onPick(chosen.current.point.mark)}
        style={{ minHeight: `${LANE_HEIGHT + (isLast ? AXIS_HEIGHT : 0)}px` }}
      >
        <div ref={place} />
        <Tip told={told} marks={marks} />
      </div>
    </div>
  );
}

function Tip({ told, marks }: { readonly told: Told | null; readonly marks: readonly MarkView[] }) {
  return (
    <div class="tip-place" aria-live="polite">
      {told !== null && (
        <ul class="tip" style={{ "--left": `${told.left}px`, top: `${told.top}px` }}>
          {storyOf(told.point.mark, marks).map((line, index) => (
            <li key={`${index} ${line}`}>{line}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

type Ref<Value> = { current: Value };

function drawIn(
  place: HTMLDivElement | null,
  chart: Ref<uPlot | null>,
  source: LaneSource,
  isLast: boolean,
): () => void {
  if (place === null) return () => undefined;
  const options = laneOptions(source, Math.max(200, place.clientWidth), isLast);
  const plot = new uPlot(options, dataOf(source.lane()), place);
  chart.current = plot;
  const watch = new ResizeObserver(() => {
    const width = Math.max(200, place.clientWidth);
    if (width !== plot.width) plot.setSize({ width, height: options.height });
  });
  watch.observe(place);
  const theme = matchMedia("(prefers-color-scheme: dark)");
  const redraw = () => plot.redraw(false);
  theme.addEventListener("change", redraw);
  return () => {
    watch.disconnect();
    theme.removeEventListener("change", redraw);
    plot.destroy();
    chart.current = null;
  };
}

function sourceOf(
  current: Ref<LaneChartProps>,
  chosen: Ref<Told | null>,
  tell: (told: Told | null) => void,
): LaneSource {
  return {
    lane: () => current.current.lane,
    span: () => current.current.span,
    priceDigits: () => current.current.priceDigits,
    chosen: () => chosen.current?.point,
    pointAt: (plot, pointer) => {
      if (pointer === null) {
        if (plot.root.matches(":hover")) tell(null);
        return;
      }
      const places = placesOf(plot, current.current.lane);
      const distance = (point: LanePoint) => {
        const { left, top } = places.get(point) ?? FAR;
        return Math.hypot(left - pointer.left, (top - pointer.top) * HEIGHT_COUNTS);
      };
      const found = nearest(current.current.lane.points, distance, REACH_PX);
      tell(found === undefined ? null : toldOf(plot, current.current.lane, found));
    },
  };
}

function toldOf(plot: uPlot, lane: Lane, point: LanePoint): Told {
  const { left, top } = placesOf(plot, lane).get(point) ?? FAR;
  return { point, left: left + plot.over.offsetLeft, top: top + plot.over.offsetTop };
}

function stepped(lane: Lane, from: LanePoint | undefined, key: string): LanePoint | undefined {
  const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (step === 0 || lane.points.length === 0) return undefined;
  const sequence = from?.mark.sequence;
  const index = lane.points.findIndex(({ mark }) => mark.sequence === sequence);
  const start = index === -1 ? (step > 0 ? -1 : lane.points.length) : index;
  return lane.points[Math.min(lane.points.length - 1, Math.max(0, start + step))];
}

function dataOf({ xs, nets, prices }: Lane): uPlot.AlignedData {
  return [[...xs], [...nets], [...prices]];
}
