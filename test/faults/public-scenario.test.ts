/**
 * The published scenario for the exit side, step by step: an exit that gets a 503, the same exit
 * again that gets a 422, the same once more that is intercepted, and an entry of a new turn. Once
 * as a bot's plain orders, and once with every try routed anew.
 */
import { expect, test } from "vitest";
import { type RoutingAdapter, routedIntent } from "../../src/index.ts";
import {
  ORDER,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";
import { expectHealed } from "./healing.ts";

const PRICES = { SQQQ: "42.90", TQQQ: "75" };
const EXIT = { ...SELL, symbol: "SQQQ", qty: "12" } as const;
const ENTRY = { ...ORDER, symbol: "SQQQ", qty: "11" } as const;

const MISMATCH = {
  kind: "refuse",
  ...{ status: 422, code: 42_210_000 },
  message: "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
} as const;

test("an exit meets 503, then 422, is then intercepted, and an entry goes through", async () => {
  const positions = [{ symbol: "SQQQ", quantity: "12", averagePrice: "40.90" }];
  const world = await openOrderWorld({ prices: PRICES, positions });
  world.comparePositions();
  const sidecar = await world.open();

  world.fault({ kind: "refuse", status: 503, message: "service unavailable" });
  const first = await world.send(sidecar, EXIT);
  expect(first.status).toBe(409);
  expect(world.posts(), "1: one call for this exit").toHaveLength(1);

  await world.advance(40_000);
  world.fault(MISMATCH);
  const second = await world.send(sidecar, EXIT);
  expect(second.status).toBe(422);
  expect(world.posts(), "2: the broker was called twice").toHaveLength(2);

  const third = await world.send(sidecar, EXIT);
  expect(third).toMatchObject({
    status: 403,
    body: { tradelatch: { status: "BLOCKED", error: "exit_duplicate_after_422", incident: 2 } },
  });
  expect(world.posts(), "3: intercepted, the calls stay two").toHaveLength(2);

  const entry = await world.send(sidecar, ENTRY);
  expect(entry.status).toBe(200);
  expect(entry.headers.get("tradelatch-incident")).toBe("2");
  expect(world.posts(), "4: the entry is sent").toHaveLength(3);

  const ids = [first, second, third].map(({ headers }) => headers.get("tradelatch-claim"));
  expect(new Set(ids).size, "one request id for all tries of the exit").toBe(1);
  expect(ids).not.toContain(entry.headers.get("tradelatch-claim"));

  await expectHealed(world, sidecar);
  expect((await world.send(sidecar, EXIT)).status).toBe(200);
  await world.advance(5_000);
  expect(await sidecar.started.latch.book("SQQQ")).toMatchObject({ net: "11" });
});

interface Route {
  readonly id: string;
  readonly venue: string;
}

const ROUTER: RoutingAdapter<Route> = { idOf: ({ id }) => id, reasonOf: ({ venue }) => venue };
const ROUTES = ["a", "b", "c"].map((venue, index) => ({ id: `route-${index + 1}`, venue }));

async function sendRouted(world: OrderWorld, sidecar: StartedSidecar, route: Route) {
  const { symbol, side, qty: quantity } = EXIT;
  const intent = routedIntent(ROUTER, route, { symbol, side, effect: "close", quantity });
  const headers = { "content-type": "application/json" };
  return world.send(sidecar, { intent }, { path: "/latch/v1/orders", headers });
}

test("an exit that is routed anew on every try keeps its request id, and each route is on record", async () => {
  const positions = [{ symbol: "SQQQ", quantity: "12", averagePrice: "40.90" }];
  const world = await openOrderWorld({ prices: PRICES, positions });
  const sidecar = await world.open();
  const [first, second, third] = ROUTES as [Route, Route, Route];

  world.fault({ kind: "refuse", status: 503, message: "service unavailable" });
  const answers = [await sendRouted(world, sidecar, first)];
  await world.advance(40_000);
  world.fault(MISMATCH);
  answers.push(await sendRouted(world, sidecar, second));
  answers.push(await sendRouted(world, sidecar, third));
  expect(answers.map(({ body }) => body.code ?? body.status)).toEqual([
    "PENDING",
    "refused_by_broker",
    "exit_duplicate_after_422",
  ]);
  expect(new Set(answers.map(({ body }) => body.requestId)).size, "one request id").toBe(1);
  expect(world.posts(), "the third route sent nothing").toHaveLength(2);

  const { items } = await sidecar.started.latch.audit.page({});
  const routes = items.map(({ decisionId }) => decisionId);
  expect(routes.toSorted()).toEqual(ROUTES.map(({ id }) => id));
});
