/**
 * Spans and one histogram, through OpenTelemetry's API alone: nothing is kept or exported unless
 * the process registers an SDK, and without one the work is called as if this were not here.
 *
 * 1. A span and a measurement carry our own words, ids and symbols; no text of a broker's or of an
 *    error's, which may quote what nobody should read in a trace (I11).
 * 2. What happens later to a claim, in whatever trace, carries its request id and is linked to the
 *    span that claimed it, for as long as this process remembers that.
 * 3. Nothing depends on it: an SDK that throws changes no answer and stops no order.
 */
import {
  type Attributes,
  context,
  createNoopMeter,
  diag,
  type Histogram,
  isSpanContextValid,
  type Link,
  type MeterProvider,
  metrics,
  type Span,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { systemClock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";

const SCOPE = "tradelatch";
const DURATION = "tradelatch.operation.duration";
const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const MS_PER_SECOND = 1_000;

export type Operation =
  | "order"
  | "claim"
  | "submit"
  | "read_back"
  | "verdict"
  | "settle"
  | "release"
  | "doubt";

/** How an operation went: one of our own words, and what a trace may say besides. */
export interface Described {
  readonly result: string;
  readonly attributes?: Attributes;
}

export interface TracedOperation<Value> {
  readonly operation: Operation;
  readonly attributes: Attributes;
  readonly links?: readonly Link[];
  readonly describe: (value: Value) => Described;
}

/** `work` within a span of its own; its value and its failure are passed on as they are. */
export function traced<Value>(
  traced: TracedOperation<Value>,
  work: (span: Span | undefined) => Promise<Value>,
): Promise<Value> {
  const span = startSpan(traced.operation, traced.attributes, traced.links);
  if (span === undefined && durations() === undefined) return work(undefined);
  const within = span === undefined ? context.active() : trace.setSpan(context.active(), span);
  return context.with(within, () => measured(traced, span, work));
}

/** A span for what turned out to have happened since `startedAt`, by {@link startOfWork}. */
export function noteDone(
  operation: Operation,
  startedAt: number,
  { result, attributes = {} }: Described,
  links?: readonly Link[],
): void {
  const told = { "tradelatch.result": result, ...attributes };
  const span = startSpan(operation, told, links, startedAt);
  attempt(() => span?.end());
  record(operation, startedAt, result);
}

export function startOfWork(): number {
  return systemClock.elapsed?.() ?? systemClock.now();
}

/** Undefined where no SDK is registered. */
function startSpan(
  operation: Operation,
  attributes: Attributes,
  links: readonly Link[] = [],
  startTime?: number,
): Span | undefined {
  return attempt(() => {
    const options = { attributes, links: [...links], ...(startTime && { startTime }) };
    const span = trace.getTracer(SCOPE).startSpan(`tradelatch.${operation}`, options);
    return isSpanContextValid(span.spanContext()) ? span : undefined;
  });
}

async function measured<Value>(
  { operation, describe }: TracedOperation<Value>,
  span: Span | undefined,
  work: (span: Span | undefined) => Promise<Value>,
): Promise<Value> {
  const startedAt = startOfWork();
  let result = "failed";
  try {
    const value = await work(span);
    result = "done";
    attempt(() => {
      const described = describe(value);
      result = described.result;
      span?.setAttributes({ ...described.attributes, "tradelatch.result": result });
    });
    return value;
  } catch (error) {
    attempt(() => span?.setStatus({ code: SpanStatusCode.ERROR, message: kindOf(error) }));
    throw error;
  } finally {
    attempt(() => span?.end());
    record(operation, startedAt, result);
  }
}

/** An SDK that fails is told to OpenTelemetry's own diagnostics, and to nobody else. */
function attempt<Value>(call: () => Value): Value | undefined {
  try {
    return call();
  } catch (error) {
    diag.error("a span or a measurement of tradelatch failed", error);
    return undefined;
  }
}

function kindOf(error: unknown): string {
  if (error instanceof LatchError) return error.code;
  return error instanceof Error ? error.name : "unknown";
}

function record(operation: Operation, startedAt: number, result: string): void {
  const seconds = (startOfWork() - startedAt) / MS_PER_SECOND;
  attempt(() => durations()?.record(seconds, { operation, result }));
}

let known: { readonly provider: unknown; readonly histogram: Histogram | undefined } | undefined;

/** The histogram of whichever SDK is registered now; undefined where none is. */
function durations(): Histogram | undefined {
  const provider = metrics.getMeterProvider();
  if (known?.provider !== provider) known = { provider, histogram: histogramOf(provider) };
  return known.histogram;
}

function histogramOf(provider: MeterProvider): Histogram | undefined {
  const meter = provider.getMeter(SCOPE);
  if (meter === createNoopMeter()) return undefined;
  return meter.createHistogram(DURATION, {
    description: "How long claims, submits, read-backs, verdicts and settlements took.",
    unit: "s",
    advice: { explicitBucketBoundaries: SECONDS_BUCKETS },
  });
}
