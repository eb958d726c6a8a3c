/** The trace that a log line belongs to, under the names that log processors expect. */
import { isSpanContextValid, trace } from "@opentelemetry/api";

export interface TraceFields {
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly trace_flags?: string;
}

/**
 * pino's `mixin`: the latch's own logger has it, and a logger that is passed in may. Each call
 * gives an object of its own, because pino writes the line's fields into it.
 *
 * @example
 * ```ts
 * const logger = pino({ mixin: traceFields });
 * const latch = await openLatch({ logger });
 * ```
 */
export function traceFields(): TraceFields {
  const active = trace.getActiveSpan()?.spanContext();
  if (active === undefined || !isSpanContextValid(active)) return {};
  const { traceId, spanId, traceFlags } = active;
  const trace_flags = traceFlags.toString(16).padStart(2, "0");
  return { trace_id: traceId, span_id: spanId, trace_flags };
}
