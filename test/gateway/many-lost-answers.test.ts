import { expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, refused } from "./world.ts";

/** More than are looked up one by one. */
const LANDED = 45;
const LOST = 45;

/** A process that lost the answers to many POSTs, of which some landed, and its broker. */
async function worldOfLostAnswers() {
  const world = await openWorld({ cash: "100000000" });
  const dead = await world.open();
  // No two are equal: such a one would wait for the other.
  const submit = (name: string, first: number, count: number) => {
    for (let index = first; index < first + count; index += 1) {
      const size = { quantity: String(index), requestId: `${name}-${index}` };
      void dead.latch.submit({ ...OPEN, ...size, anchor: undefined });
    }
    return world.rest();
  };
  for (let index = 0; index < LANDED; index += 1) world.fault({ kind: "accept_then_hang" });
  await submit("landed", 1, LANDED);
  dead.gate = (method) => (method === "POST" ? "lost" : "pass");
  await submit("lost", 1 + LANDED, LOST);
  dead.runs = false;
  return world;
}

test("a start on many claims without an answer finds their orders by one list, and sends none", async () => {
  const world = await worldOfLostAnswers();
  const next = await world.open();
  const { claims, unread } = await world.drive(next.latch.recover());
  expect(unread).toBe(0);
  expect(claims).toHaveLength(LANDED + LOST);
  const became = (name: string) =>
    new Set(
      claims.filter(({ claim }) => claim.key.requestId.startsWith(name)).map((one) => one.became),
    );
  expect(became("landed")).toEqual(new Set(["settled"]));
  expect(became("lost")).toEqual(new Set(["unknown"]));
  expect(world.reads("/v2/orders:by_client_order_id").length).toBeLessThan(LOST);
  expect(world.posts()).toHaveLength(LANDED);
});

test("what can be read of that list is found, where one of its orders cannot be", async () => {
  const world = await worldOfLostAnswers();
  const next = await world.open();
  next.answered = (_, answer) => {
    const body = new ReadableStream({
      async start(controller) {
        const text = await answer.text();
        const isList = text.startsWith("[");
        const told = isList ? text.replace(/"filled_qty":"[^"]*"/, '"filled_qty":"all"') : text;
        controller.enqueue(new TextEncoder().encode(told));
        controller.close();
      },
    });
    return new Response(body, answer);
  };
  const { claims } = await world.drive(next.latch.recover());
  const landed = claims.filter(({ claim }) => claim.key.requestId.startsWith("landed"));
  expect(landed).toHaveLength(LANDED);
  const unfound = landed.filter(({ claim }) => claim.brokerOrderId === null);
  expect(unfound.length, "but the one that cannot be read").toBeLessThan(2);
});

test("a start that can ask nothing says so of those that it has tried to look up", async () => {
  const world = await worldOfLostAnswers();
  const next = await world.open();
  next.gate = (_, path) => (path.startsWith("/v2/orders") ? refused() : "pass");
  const { unread } = await world.drive(next.latch.recover());
  expect(unread).toBeGreaterThan(0);
});

test("that list says when an exit filled: behind an entry that was bought later the next one is sent", async () => {
  const world = await openWorld({ ...LONG, cash: "100000000" });
  const dead = await world.open();
  const page = { kind: "html", status: 502, accept: false } as const;
  for (const path of ["/v2/orders", "/v2/orders:by_client_order_id"]) {
    world.simulator.addFaults([{ match: { method: "GET", path }, fault: page, times: 1_000 }]);
  }
  for (let index = 0; index <= LANDED; index += 1) world.fault({ kind: "accept_then_hang" });
  void dead.latch.submit(CLOSE);
  await world.rest();
  const far = { ...OPEN, symbol: "SQQQ", type: "limit", limitPrice: "1" } as const;
  for (let index = 1; index <= LANDED; index += 1) {
    void dead.latch.submit({ ...far, quantity: String(index), requestId: `far-${index}` });
  }
  await world.rest();
  await world.advance(1_000);
  await world.submit(dead, OPEN);
  await world.advance(2_500);
  expect(world.book()).toMatchObject({ net: "12", episode: 1 });
  dead.runs = false;
  world.simulator.clearFaults();
  const next = await world.open();
  expect(await world.drive(next.latch.recover())).toMatchObject({ unread: 0 });
  expect(world.reads("/v2/orders:by_client_order_id").length).toBeLessThan(LANDED);
  expect(world.book().net).toBe("6");
  expect(await world.submit(next, CLOSE)).toMatchObject({ status: "PROCEED" });
  await world.advance(2_500);
  expect(world.simulator.positions()).toEqual([]);
});

test("a start takes orders also where no list can be read, once a few were looked up", async () => {
  const world = await worldOfLostAnswers();
  const next = await world.open();
  next.gate = (_, path) => (path === "/v2/orders" ? "lost" : "pass");
  const { claims, unread } = await world.drive(next.latch.recover());
  expect(unread).toBe(0);
  const settled = claims.filter(({ became }) => became === "settled");
  expect(settled.length).toBeGreaterThan(0);
  expect(world.posts()).toHaveLength(LANDED);
});

test("a start on many working orders whose whole list is too long reads the open ones, and none singly", async () => {
  const world = await openWorld({ cash: "100000000" });
  const first = await world.open();
  const limit = { type: "limit", limitPrice: "1", anchor: undefined } as const;
  for (let index = 1; index <= LANDED; index += 1) {
    const size = { quantity: String(index), requestId: `resting-${index}` };
    await world.drive(first.latch.submit({ ...OPEN, ...limit, ...size }));
  }
  first.runs = false;
  const next = await world.open();
  let lists = 0;
  // Each first one is of all orders, and each second one of those that are open.
  next.gate = (_, path) => {
    if (path !== "/v2/orders") return "pass";
    lists += 1;
    return lists % 2 === 1 ? "lost" : "pass";
  };
  const { claims, unread } = await world.drive(next.latch.recover());
  expect({ claims: claims.length, unread }).toEqual({ claims: LANDED, unread: 0 });
  expect(lists).toBeGreaterThan(1);
  const singly = world.orders().filter(({ id }) => world.reads(`/v2/orders/${id}`).length > 0);
  expect(singly).toEqual([]);
});
