/**
 * A process that stood still between its reads of a position and what it makes of them, while
 * another one on the same store went on. Where it stands it is held in front of the ledger.
 */
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { createAlpacaBroker } from "../../src/broker/alpaca/alpaca-broker.ts";
import { RateBudget } from "../../src/broker/alpaca/rate-budget.ts";
import { DEFAULT_CLAIM_POLICY } from "../../src/claim/policy.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { ExitJudge } from "../../src/reconcile/exit-judge.ts";
import { PositionComparison } from "../../src/reconcile/position-comparison.ts";
import type { Fault } from "../../src/simulator/index.ts";
import { orderByHand } from "../faults/by-hand.ts";
import { bookRecord } from "../faults/ledger-record.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import {
  HELD,
  KEY_ID,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  SECRET,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";

const SECONDS = 1_000;
const MISMATCH: Fault = {
  ...{ kind: "refuse", status: 422, code: 42_210_000 },
  message: "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
};

/** A sidecar, and beside it on its store what another process does, step by step. */
async function openBeside() {
  const world = await openOrderWorld(HELD);
  const sidecar = await world.open();
  const { clock, started } = sidecar;
  const { account } = started.latch;
  const { ledger, holdAt } = held(openLedger(world.store, clock));
  const budget = new RateBudget({ clock });
  const at = { baseUrl: world.simulator.url, keyId: KEY_ID, secret: SECRET };
  const broker = createAlpacaBroker({ ...at, clock, budget, fetchApi: fetch });
  const fills = { refreshFills: async () => [], sightingOf: () => undefined };
  const ports = { account, ledger, broker, clock, ...fills };
  const { divergence } = DEFAULT_CLAIM_POLICY;
  const comparison = new PositionComparison({
    ...{ ...ports, divergence, flatten: async () => undefined, log: pino({ level: "silent" }) },
  });
  const judge = new ExitJudge(ports);
  const judges = async () => judge.tick(await ledger.unsettledClaims(account));
  return { world, sidecar, holdAt, compares: () => comparison.tick(), judges };
}

/** A ledger whose next call of one method can be made to wait until it is let go. */
function held(ledger: Ledger) {
  const gates = new Map<string | symbol, () => Promise<void>>();
  const watched = new Proxy(ledger, {
    get:
      (target, name) =>
      async (...given: unknown[]) => {
        const gate = gates.get(name);
        gates.delete(name);
        await gate?.();
        return Reflect.get(target, name).apply(target, given);
      },
  });
  /** Resolves, once it is reached, with what lets it go. */
  const holdAt = (name: keyof Ledger) =>
    new Promise<() => void>((reached) => {
      gates.set(name, () => new Promise<void>((release) => reached(release)));
    });
  return { ledger: watched, holdAt };
}

async function incidents({ started }: StartedSidecar): Promise<readonly string[]> {
  const all = await started.latch.incidents();
  return all.map(({ kind, resolution }) => `${kind} ${resolution?.verdict ?? "open"}`);
}

test.each(["compare", "lastSequence"] as const)(
  "a comparison that stood still in front of %s takes over no position from before",
  async (step) => {
    const { world, sidecar, compares, holdAt } = await openBeside();
    const both = async () => {
      await compares();
      await world.drive(sidecar.started.latch.comparePositions());
    };
    await orderByHand(world, SELL);
    await both();
    await world.advance(15 * SECONDS);
    await both();
    await world.advance(20 * SECONDS);
    const reached = holdAt(step);
    const standing = compares();
    const release = await reached;
    await world.drive(sidecar.started.latch.comparePositions());
    expect(await bookRecord(sidecar)).toBe("0");
    expect((await world.send(sidecar, ORDER)).status).toBe(200);
    await world.advance(60 * SECONDS);
    expect(await bookRecord(sidecar)).toBe("6");
    release();
    await standing;
    expect(await bookRecord(sidecar)).toBe("6");
    expect(await incidents(sidecar)).toEqual(["phantom adopted"]);
    expect((await world.send(sidecar, SELL)).status).toBe(200);
  },
);

test("two reads of a position agree on nothing where the book moved between them and came back", async () => {
  const { world, sidecar, compares } = await openBeside();
  await orderByHand(world, SELL);
  await compares();
  await world.advance(40 * SECONDS);
  for (let nth = 1; nth <= 2; nth += 1) {
    await world.drive(sidecar.started.latch.comparePositions());
    await world.advance(40 * SECONDS);
  }
  expect(await bookRecord(sidecar)).toBe("0");
  await world.send(sidecar, ORDER);
  await orderByHand(world, SELL);
  await world.advance(40 * SECONDS);
  await compares();
  expect(await bookRecord(sidecar)).toBe("6");
  await world.advance(15 * SECONDS);
  await compares();
  expect(await bookRecord(sidecar)).toBe("0");
});

describe("an exit that was refused, judged by another process, and refused again", () => {
  const EXIT = { ...SELL, client_order_id: "exit-of-the-day" };
  const LATCHED = ["refused_exit open", "refused_exit still_held"];
  const JUDGED = ["refused_exit still_held", "refused_exit still_held"];

  async function refusedOnce() {
    const opened = await openBeside();
    opened.world.fault(MISMATCH);
    await opened.world.send(opened.sidecar, EXIT);
    await opened.judges();
    return opened;
  }

  async function refusedAgain(world: OrderWorld, sidecar: StartedSidecar): Promise<void> {
    await world.advance(20 * SECONDS);
    expect(await incidents(sidecar)).toEqual(["refused_exit still_held"]);
    world.fault(MISMATCH);
    expect((await world.send(sidecar, EXIT)).status).toBe(422);
  }

  test("stays latched when a verdict on the first refusal comes late", async () => {
    const { world, sidecar, judges, holdAt } = await refusedOnce();
    await world.advance(10 * SECONDS);
    const reached = holdAt("judge");
    const standing = judges();
    const release = await reached;
    await refusedAgain(world, sidecar);
    release();
    await standing;
    expect(await incidents(sidecar)).toEqual(LATCHED);
    await world.advance(20 * SECONDS);
    expect(await incidents(sidecar)).toEqual(JUDGED);
  });

  test("stays latched where one of two reads was made for the first refusal", async () => {
    const { world, sidecar, judges } = await refusedOnce();
    await refusedAgain(world, sidecar);
    await judges();
    expect(await incidents(sidecar)).toEqual(LATCHED);
    await world.advance(10 * SECONDS);
    await judges();
    expect(await incidents(sidecar)).toEqual(JUDGED);
  });
});
