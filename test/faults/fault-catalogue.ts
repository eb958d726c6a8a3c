/**
 * Every fault that the simulated broker knows, and where it strikes an order's life. A kind that
 * has no row here does not pass the types, nor the test that compares this table with the schema.
 *
 * A fault that changes what reading shows is given together with a lost answer, because only then
 * does anything depend on what is read. `lingers` is what strikes besides when a sidecar starts
 * while the fault goes on.
 */
import { DATA_FAULTS, faultRulesSchema } from "../../src/simulator/fault-rule-schema.ts";
import type { DataFault, Fault } from "../../src/simulator/index.ts";
import {
  answer,
  BEFORE_OPEN,
  ERROR_500,
  events,
  type FaultRow,
  HTML,
  LONG_POSITION_LAG,
  MINUTE_LIMIT,
  MISMATCH,
  onOrder,
  onReads,
  POSITION_LAG,
  READS,
  reading,
} from "./fault-row.ts";

/** Market data touches no order: its faults are in test/simulator and test/broker. */
export type FaultKind = Exclude<Fault, DataFault>["kind"];

export const CATALOGUE: Readonly<Record<FaultKind, readonly FaultRow[]>> = {
  refuse: [
    answer(
      "a 503",
      { kind: "refuse", status: 503, message: "service unavailable" },
      { onlyDuring: true },
    ),
    answer("a 422 that says position intent mismatch", {
      ...{ kind: "refuse", status: 422, code: 42_210_000, message: MISMATCH },
    }),
    answer(
      "a 403 that nobody has seen before",
      { kind: "refuse", status: 403, code: 40_319_999, message: "not today" },
      { lingers: [], onlyDuring: true },
    ),
  ],
  rate_limited: [
    answer("a 429 that asks for three seconds", { kind: "rate_limited" }),
    answer("a 429 that asks for a minute", MINUTE_LIMIT, {
      ...{ lingers: [onReads(MINUTE_LIMIT, "*", 1)], onlyDuring: true },
    }),
  ],
  drop: [answer("a connection that is cut before anything happens", { kind: "drop" })],
  accept_then_drop: [answer("a lost answer", { kind: "accept_then_drop" })],
  accept_then_hang: [answer("an answer that never comes", { kind: "accept_then_hang" })],
  accept_then_error: [
    answer("a 504 to an order that was taken", { kind: "accept_then_error", status: 504 }),
    answer("a 500 to an order that was taken", ERROR_500, { onlyDuring: true }),
  ],
  html: [
    answer("a gateway's page with 502", { ...HTML, status: 502 }, { onlyDuring: true }),
    answer("a gateway's page with 404", { ...HTML, status: 404 }, { onlyDuring: true }),
    answer("a gateway's page with 200 to an order that was taken", {
      ...{ kind: "html", status: 200, accept: true },
    }),
    {
      ...reading("a gateway's page with 404 for every read", { ...HTML, status: 404 }, "*", 12),
      compares: true,
    },
  ],
  slow: [
    answer("an answer that takes twelve seconds", { kind: "slow", delayMs: 12_000 }),
    answer(
      "an answer that takes four seconds",
      { kind: "slow", delayMs: 4_000 },
      { onlyDuring: true },
    ),
  ],
  arrive_late: [
    answer("an order that arrives after twelve seconds", {
      ...{ kind: "arrive_late", delayMs: 12_000 },
    }),
    answer(
      "an order that arrives after four seconds",
      { kind: "arrive_late", delayMs: 4_000 },
      { onlyDuring: true },
    ),
    answer(
      "an order that arrives when it was long proved absent",
      { kind: "arrive_late", delayMs: 45_000 },
      { lingers: [], lastsMs: 45_000, onlyDuring: true },
    ),
  ],
  list_lag: [
    reading("lists that lag by ten seconds", { kind: "list_lag", lagMs: 10_000 }, "orders"),
    {
      name: "lists that lag while the look-up by id is a page",
      rules: [
        onOrder({ kind: "accept_then_drop" }),
        onReads({ kind: "list_lag", lagMs: 10_000 }, "orders"),
        onReads({ ...HTML, status: 502 }, "orders:by_client_order_id", READS),
      ],
      onlyDuring: true,
    },
  ],
  client_id_lag: [
    reading(
      "look-ups that lag by ten seconds",
      { kind: "client_id_lag", lagMs: 10_000 },
      "orders:by_client_order_id",
    ),
    {
      name: "look-ups and lists that lag after a page of a gateway that took the order",
      rules: [
        onOrder({ kind: "html", status: 502, accept: true }),
        onOrder({ kind: "client_id_lag", lagMs: 12_000 }),
        onOrder({ kind: "list_lag", lagMs: 12_000 }),
      ],
    },
  ],
  position_lag: [
    {
      ...reading("positions that lag by twenty seconds", LONG_POSITION_LAG, "positions*"),
      ...{ compares: true, lastsMs: 25_000 },
    },
    {
      name: "positions that lag after a refusal",
      rules: [
        onOrder({ kind: "refuse", status: 422, code: 42_210_000, message: MISMATCH }),
        onReads(POSITION_LAG, "positions*"),
      ],
      ...{ compares: true, lastsMs: 15_000 },
    },
  ],
  reject_later: [
    answer("an order that is taken and rejected afterwards", { kind: "reject_later" }),
    {
      name: "a lost answer to an order that is rejected afterwards",
      rules: [onOrder({ kind: "accept_then_drop" }), onOrder({ kind: "reject_later" })],
      onlyDuring: true,
    },
  ],
  partial_fill: [
    {
      name: "a half that fills, and the rest at the next price",
      rules: [onOrder({ kind: "partial_fill", quantity: "3" })],
      moves: true,
    },
    {
      name: "a lost answer to an order that fills by half",
      rules: [
        onOrder({ kind: "accept_then_drop" }),
        onOrder({ kind: "partial_fill", quantity: "3" }),
      ],
      ...{ moves: true, onlyDuring: true },
    },
    {
      name: "a half that fills, and a rest that never does",
      rules: [onOrder({ kind: "partial_fill", quantity: "3", rest: "script" })],
    },
  ],
  cancel_stuck: [
    {
      name: "a cancel that is stuck until the open",
      rules: [{ match: { method: "DELETE" }, fault: { kind: "cancel_stuck" } }],
      ...{ does: "cancels", startAt: BEFORE_OPEN, lastsMs: 21_000 },
    },
  ],
  event_lost: [events("every event lost", { kind: "event_lost" })],
  event_repeated: [events("every event told twice", { kind: "event_repeated" })],
  event_reordered: [events("events that overtake one another", { kind: "event_reordered" }, 1)],
  stream_cut: [events("a stream that is cut at the event", { kind: "stream_cut" }, 1)],
};

/** The kinds that the simulator's schema takes. */
export function knownKinds(): readonly string[] {
  const { fault } = faultRulesSchema.shape.rules.element.shape;
  const kinds = fault.options.map((option) => option.shape.kind.value);
  return kinds.filter((kind) => !DATA_FAULTS.some((one) => one === kind));
}
