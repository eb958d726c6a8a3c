/**
 * A host process that has registered OpenTelemetry's own SDK, with exporters in memory. After the
 * test nothing is registered any more.
 */
import { context, metrics, propagation, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { onTestFinished } from "vitest";

export interface RecordingSdk {
  /** Ended spans, the first to end first. */
  spans(operation?: string): readonly ReadableSpan[];
  /** How often each operation had each result: `claim proceed`. */
  counts(): Promise<Readonly<Record<string, number>>>;
}

/** `others`: what the host has besides. */
export function registerSdk(others: readonly SpanProcessor[] = []): RecordingSdk {
  const kept = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor(kept), ...others];
  const tracing = new NodeTracerProvider({ spanProcessors });
  tracing.register();
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  // Collected when asked for; the interval is longer than any test.
  const reader = new PeriodicExportingMetricReader({
    exporter: measured,
    exportIntervalMillis: 2 ** 31 - 1,
  });
  const metering = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(metering);
  onTestFinished(async () => {
    for (const api of [trace, context, propagation, metrics]) api.disable();
    await Promise.all([tracing.shutdown(), metering.shutdown()]);
  });
  return {
    spans: (operation) =>
      kept
        .getFinishedSpans()
        .filter(({ name }) => operation === undefined || name === `tradelatch.${operation}`),
    counts: async () => {
      await reader.forceFlush();
      const last = measured.getMetrics().at(-1);
      const points = (last?.scopeMetrics ?? [])
        .flatMap((scope) => scope.metrics)
        .filter(({ descriptor }) => descriptor.name === "tradelatch.operation.duration")
        .flatMap(({ dataPoints }): readonly DataPoint<unknown>[] => dataPoints);
      return Object.fromEntries(
        points.map(({ attributes, value }) => [
          `${attributes.operation} ${attributes.result}`,
          (value as { count: number }).count,
        ]),
      );
    },
  };
}
