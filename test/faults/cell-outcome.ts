/**
 * What is true of a cell's action afterwards, whatever the fault was: looked up at the broker and in
 * the ledger. That books and claims are healed is in healing.ts.
 */
import { expect } from "vitest";
import type { LoggedRequest } from "../../src/simulator/index.ts";
import {
  type Answer,
  ORDER,
  type OrderWorld,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";
import type { FaultRow } from "./fault-row.ts";

export const SIDES = ["entry", "exit"] as const;
export type Side = (typeof SIDES)[number];
/** What the bot sends. */
export const MARKET = { entry: ORDER, exit: SELL } as const;

/** A fault that never happened would look like a test that passed. */
export function expectStruck({ simulator }: OrderWorld, { rules }: FaultRow): void {
  const onRequests = new Set<string>(simulator.requests().map(({ fault }) => fault ?? ""));
  const waiting = new Set<string>(simulator.faults().map(({ fault }) => fault.kind));
  for (const { kind } of rules.map(({ fault }) => fault)) {
    expect(onRequests.has(kind) || !waiting.has(kind), `${kind} struck`).toBe(true);
  }
}

/**
 * At most one order came of the action, and the bot knows it; or the broker's refusal. An order
 * that the broker took and rejected afterwards has ended: a bot that asks again is given another.
 */
export function expectOneOrder(world: OrderWorld, side: Side, answer: Answer): void {
  const made = world.simulator
    .orders()
    .filter((one) => one.symbol === ORDER.symbol && one.side === MARKET[side].side);
  const lasting = made.filter(({ status }) => status !== "rejected");
  expect(lasting.length, "orders that the broker did not reject").toBeLessThanOrEqual(1);
  expect(isSentAgain(answer), `the bot ends with ${answer.status} ${answer.text}`).toBe(false);
  const [order = made[0]] = lasting;
  if (order === undefined) {
    expect(answer.status).toBeGreaterThanOrEqual(400);
    return;
  }
  expect([answer.status, answer.body.id]).toEqual([200, order.id]);
  const late = sentFor(world, side).filter(({ time }) => time > order.submitted_at);
  expect(late, "sent again although the broker had the order").toEqual([]);
}

/** What was sent to the broker for the action; nothing else is for as many shares. */
function sentFor(world: OrderWorld, side: Side): readonly LoggedRequest[] {
  const { symbol, qty } = ORDER;
  const terms = { symbol, qty, side: MARKET[side].side };
  return world
    .posts()
    .filter(({ body }) =>
      Object.entries(terms).every(([name, value]) => field(body, name) === value),
    );
}

function field(body: unknown, name: string): unknown {
  return (body as Readonly<Record<string, unknown>> | undefined)?.[name];
}

/** The order that was to be canceled is, and nothing but it came of the action. */
export function expectCanceled(world: OrderWorld): void {
  const [order, ...more] = world.simulator.orders().filter(({ symbol }) => symbol === ORDER.symbol);
  expect(order).toMatchObject({ status: "canceled", filled_qty: "0" });
  expect(more).toEqual([]);
}

/** Nobody traded past the latch, so whatever is told of a difference is a mistake. */
export async function expectNoDifference({ started }: StartedSidecar): Promise<void> {
  const kinds = (await started.latch.incidents()).map(({ kind }) => kind);
  const own = ["refused_exit", "unknown_outcome", "missing_fills", "late_evidence", "lost_exit"];
  expect(kinds.filter((kind) => !own.includes(kind))).toEqual([]);
}

export function isSentAgain({ status }: Answer): boolean {
  return status === 409 || status === 429 || status >= 500;
}
