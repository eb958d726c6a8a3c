/**
 * What Prometheus is told. Values that the latch, the broker's adapter and the stream keep are read
 * when they are asked for; only answers are counted here. One registry for each sidecar.
 *
 * Labels are our own words only: no text of a client's, no symbol, no id.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { isAccepted } from "../claim/claim.ts";
import { CLAIM_STATUSES, isLive } from "../claim/transitions.ts";
import type { Clock } from "../core/clock.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import { INCIDENT_KINDS } from "../incident/incident.ts";
import type { Latch } from "../latch.ts";
import { allIncidents } from "../ledger/all-incidents.ts";
import type { StreamHealth } from "./stream-service.ts";

export interface MetricsPorts {
  readonly clock: Clock;
  /** Undefined until there is one. */
  latch():
    | Pick<Latch, "countByStatus" | "unsettledClaims" | "incidents" | "rateBudget">
    | undefined;
  stream(): Pick<StreamHealth, "connected" | "behindSince">;
}

type Submit<Args extends readonly unknown[]> = (...args: Args) => Promise<OrderAnswer>;

export interface SidecarMetrics {
  readonly contentType: string;
  /** Everything in Prometheus' text format; values that cannot be read now are left out. */
  text(): Promise<string>;
  /** `submit` with its answers counted and timed. */
  observed<Args extends readonly unknown[]>(submit: Submit<Args>): Submit<Args>;
}

/** The answers of the gateway, and what stands for a call that took no order. */
const ANSWERS = ["PROCEED", "PENDING", "SKIP", "BLOCKED", "NOT_TAKEN"] as const;
type AnswerLabel = (typeof ANSWERS)[number];

/** From an fsync to the longest that a caller waits. */
const SUBMIT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const MS_PER_SECOND = 1_000;

export function createMetrics(ports: MetricsPorts): SidecarMetrics {
  const registry = new Registry();
  const readLedger = claimGauges(registry, ports);
  addBrokerGauges(registry, ports);
  const record = answerRecorder(registry);
  return {
    contentType: registry.contentType,
    text: async () => {
      await readLedger();
      return registry.metrics();
    },
    observed:
      (submit) =>
      async (...args) => {
        const startedAt = ports.clock.now();
        let label: AnswerLabel = "NOT_TAKEN";
        try {
          const answer = await submit(...args);
          label = answer.status;
          return answer;
        } finally {
          record(label, ports.clock.now() - startedAt);
        }
      },
  };
}

function answerRecorder(registry: Registry) {
  const registers = [registry];
  const answers = new Counter({
    name: "tradelatch_answers_total",
    help: "Answers to orders since the start; NOT_TAKEN is a call that took none.",
    labelNames: ["answer"],
    registers,
  });
  const durations = new Histogram({
    name: "tradelatch_submit_duration_seconds",
    help: "From an order's arrival at the gateway to its answer.",
    buckets: SUBMIT_SECONDS,
    registers,
  });
  for (const answer of ANSWERS) answers.inc({ answer }, 0);
  return (answer: AnswerLabel, durationMs: number) => {
    answers.inc({ answer });
    durations.observe(durationMs / MS_PER_SECOND);
  };
}

/** Gauges of one reading of the ledger, and what makes that reading. */
function claimGauges(registry: Registry, ports: MetricsPorts): () => Promise<void> {
  const registers = [registry];
  const claims = new Gauge({
    name: "tradelatch_claims",
    help: "Claims of orders on record by state; none while the ledger cannot be read.",
    labelNames: ["status"],
    registers,
  });
  const oldest = new Gauge({
    name: "tradelatch_oldest_unresolved_claim_seconds",
    help: "Age of the oldest attempt at an order that nobody knows the end of; 0: there is none.",
    registers,
  });
  const incidents = new Gauge({
    name: "tradelatch_incidents_open",
    help: "Open incidents by kind; none while the ledger cannot be read.",
    labelNames: ["kind"],
    registers,
  });
  const readable = new Gauge({
    name: "tradelatch_ledger_readable",
    help: "1 while the ledger can be read, 0 before the start is over and while it cannot.",
    registers,
  });
  return async () => {
    const read = await ledgerReading(ports).catch(() => undefined);
    claims.reset();
    incidents.reset();
    oldest.remove();
    readable.set(read === undefined ? 0 : 1);
    if (read === undefined) return;
    for (const status of CLAIM_STATUSES) claims.set({ status }, read.counts[status] ?? 0);
    for (const kind of INCIDENT_KINDS) {
      incidents.set({ kind }, read.incidents.filter((one) => one.kind === kind).length);
    }
    oldest.set(read.oldestSeconds);
  };
}

async function ledgerReading({ clock, latch: current }: MetricsPorts) {
  const latch = current();
  if (latch === undefined) return undefined;
  const counts = await latch.countByStatus();
  const unresolved = (await latch.unsettledClaims()).filter(
    (claim) => isLive(claim.status) && !isAccepted(claim),
  );
  const incidents = await allIncidents(latch, { isOpen: true });
  const now = clock.now();
  const oldestAt = Math.min(now, ...unresolved.map(({ openedAt }) => openedAt));
  return { counts, incidents, oldestSeconds: (now - oldestAt) / MS_PER_SECOND };
}

function addBrokerGauges(registry: Registry, ports: MetricsPorts): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number | undefined) => {
    const added: Gauge = new Gauge({
      name,
      help,
      registers,
      collect: () => {
        const now = value();
        if (now === undefined) added.remove();
        else added.set(now);
      },
    });
  };
  const budget = () => ports.latch()?.rateBudget();
  gauge(
    "tradelatch_rate_budget_remaining",
    "Requests to the broker that still fit into the last minute.",
    () => budget()?.remaining,
  );
  gauge(
    "tradelatch_rate_budget_capacity",
    "Requests to the broker that fit into a minute.",
    () => budget()?.capacity,
  );
  gauge("tradelatch_stream_connected", "1 while the broker's trade updates come in.", () =>
    ports.stream().connected ? 1 : 0,
  );
  gauge(
    "tradelatch_stream_lag_seconds",
    "How long trade updates have been waiting for listeners; 0 while none does.",
    () => lagSeconds(ports),
  );
}

function lagSeconds({ clock, stream }: MetricsPorts): number {
  const { behindSince } = stream();
  return behindSince === undefined ? 0 : Math.max(0, clock.now() - behindSince) / MS_PER_SECOND;
}
