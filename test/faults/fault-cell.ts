/**
 * One cell of the matrix: a fault, a bot that enters or exits, and a sidecar that restarts before
 * the bot goes on (`before`), while the fault goes on (`during`), or before the fault (`after`).
 *
 * The bot is as stubborn as clients are: the same bytes again on 409, 429, 5xx and resets. What is
 * true afterwards is looked up at the broker and in the ledger.
 */
import { expect } from "vitest";
import {
  type Answer,
  HELD,
  type OpenedSidecar,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  type Request,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";
import {
  expectCanceled,
  expectNoDifference,
  expectOneOrder,
  expectStruck,
  isSentAgain,
  MARKET,
  type Side,
} from "./cell-outcome.ts";
import type { FaultRow } from "./fault-row.ts";
import { expectHealed, HEALING_MS } from "./healing.ts";

export const RESTARTS = ["before", "during", "after"] as const;
/** Where the fault strikes, seen from the restart. */
export type Strikes = (typeof RESTARTS)[number];

const RESTING = {
  entry: { ...ORDER, type: "limit", limit_price: "70" },
  exit: { ...SELL, type: "limit", limit_price: "90" },
} as const;
const OTHER = { ...ORDER, symbol: "SPY", qty: "1" } as const;
const LOOK_EVERY_MS = 2_000;

export interface CellResult {
  readonly world: OrderWorld;
  readonly sidecar: StartedSidecar;
  readonly healedAfterMs: number;
}

export async function runCell(row: FaultRow, side: Side, strikes: Strikes): Promise<CellResult> {
  const { startAt, hearsStream = false } = row;
  const world = await openOrderWorld(
    { ...(side === "exit" ? HELD : {}), startAt },
    { hearsStream },
  );
  if (row.compares) world.comparePositions();
  const { sidecar, answer } = await LIVES[strikes](world, row, side);
  await world.advance(row.lastsMs ?? 0);
  if (row.moves) world.simulator.setPrice("TQQQ", "75.5");
  expectStruck(world, row);
  world.comparePositions();
  const healedAfterMs = await untilHealed(world, sidecar);
  if (row.does === "cancels") expectCanceled(world);
  else expectOneOrder(world, side, answer);
  await expectTradesOn(world, sidecar);
  await expectNoDifference(sidecar);
  return { world, sidecar, healedAfterMs };
}

interface Lived {
  readonly sidecar: StartedSidecar;
  /** The last that the bot heard. */
  readonly answer: Answer;
}

type Life = (world: OrderWorld, row: FaultRow, side: Side) => Promise<Lived>;

const LIVES: Readonly<Record<Strikes, Life>> = {
  /** The fault strikes, the bot has its first answer, and then the sidecar restarts. */
  before: async (world, row, side) => {
    const first = await world.open();
    const action = await prepared(world, first, row, side);
    world.simulator.addFaults(row.rules);
    const answer = await world.send(first, action.body, action.request);
    await world.shut(first);
    const sidecar = await world.begin();
    return goOn(world, sidecar, isSentAgain(answer) ? action : answer);
  },
  /** The sidecar dies on the way, and the fault goes on over the next start. */
  during: async (world, row, side) => {
    const dead = await world.open();
    const action = await prepared(world, dead, row, side);
    world.simulator.addFaults(row.rules);
    if (row.does === "cancels") await world.send(dead, action.body, action.request);
    else await world.sendInVain(dead, action.body);
    dead.isDead = true;
    world.simulator.addFaults(row.lingers ?? []);
    return goOn(world, await world.begin(), action);
  },
  /** A sidecar that has traded restarts, and the fault strikes the next one. */
  after: async (world, row, side) => {
    const first = await world.open();
    await world.send(first, OTHER);
    await world.shut(first);
    const second = await world.open();
    const action = await prepared(world, second, row, side);
    world.simulator.addFaults(row.rules);
    return goOn(world, second, action);
  },
};

interface Action {
  readonly body: object;
  readonly request?: Request;
}

/** A stream that nobody hears yet would have no faults. */
async function heard(world: OrderWorld, opened: StartedSidecar): Promise<void> {
  for (;;) {
    const page = await world.send(opened, "", { method: "GET", path: "/metrics" });
    if (/^tradelatch_stream_connected 1$/m.test(page.text)) return;
    await world.advance(100);
  }
}

/** What the bot does; an order that it is to cancel rests at the broker already. */
async function prepared(
  world: OrderWorld,
  opened: StartedSidecar,
  row: FaultRow,
  side: Side,
): Promise<Action> {
  if (row.hearsStream) await heard(world, opened);
  if (row.does !== "cancels") return { body: MARKET[side] };
  const placed = await world.send(opened, RESTING[side]);
  expect(placed.status).toBe(200);
  await world.advance(2_000);
  return { body: {}, request: { method: "DELETE", path: `/v2/orders/${placed.body.id}` } };
}

/** The bot sends on until it has an answer; the sidecar may still be starting. */
async function goOn(
  world: OrderWorld,
  opened: OpenedSidecar,
  next: Action | Answer,
): Promise<Lived> {
  const answers = "body" in next && "status" in next ? [next] : await insisted(world, opened, next);
  const started = await world.drive(opened.sidecar.started);
  const answer = answers.at(-1);
  if (answer === undefined) throw new Error("the bot sent nothing");
  return { sidecar: Object.assign(opened, { started }), answer };
}

function insisted(world: OrderWorld, opened: OpenedSidecar, { body, request }: Action) {
  return world.insist(opened, body, request);
}

/** Looks again and again, so that what heals early is not waited for; and says when it had. */
async function untilHealed(world: OrderWorld, sidecar: StartedSidecar): Promise<number> {
  for (let afterMs = LOOK_EVERY_MS; ; afterMs += LOOK_EVERY_MS) {
    try {
      await expectHealed(world, sidecar, { withinMs: LOOK_EVERY_MS });
      return afterMs;
    } catch (error) {
      if (afterMs >= HEALING_MS) throw error;
    }
  }
}

/** What still works is canceled; then the bot enters, and exits all that it holds. */
async function expectTradesOn(world: OrderWorld, sidecar: StartedSidecar): Promise<void> {
  await cancelWorking(world, sidecar);
  const entry = await world.send(sidecar, { ...ORDER, qty: "2" });
  expect([entry.status, entry.text]).toEqual([200, expect.any(String)]);
  const exit = await world.send(sidecar, { ...SELL, qty: held(world) });
  expect([exit.status, exit.text]).toEqual([200, expect.any(String)]);
  await world.advance(LOOK_EVERY_MS);
  expect(await sidecar.started.latch.book(ORDER.symbol)).toMatchObject({ net: "0" });
  expect(held(world)).toBeUndefined();
}

async function cancelWorking(world: OrderWorld, sidecar: StartedSidecar): Promise<void> {
  if (!world.simulator.orders().some(({ status }) => status === "partially_filled")) return;
  await world.send(sidecar, "", { method: "DELETE", path: "/v2/orders" });
  await world.advance(LOOK_EVERY_MS);
}

function held(world: OrderWorld): string | undefined {
  return world.simulator.positions().find(({ symbol }) => symbol === ORDER.symbol)?.qty;
}
