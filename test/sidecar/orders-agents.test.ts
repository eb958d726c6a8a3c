import { expect, test } from "vitest";
import { ORDER, openOrderWorld } from "./orders-world.ts";

const KEYS = [
  { id: "one-a", secret: "secret-one-a", group: "one" },
  { id: "one-b", secret: "secret-one-b", group: "one" },
  { id: "two", secret: "secret-two", group: "two" },
  { id: "three", secret: "secret-three", group: "three", clientIdIsIdentity: false },
  { id: "four", secret: "secret-four", group: "four", dedupeWindowMs: 5_000 },
];
const AGENTS = { agents: JSON.stringify(KEYS) };

function as(id: string, more: Readonly<Record<string, string>> = {}) {
  const headers = { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": `secret-${id}`, ...more };
  return { headers };
}

test("two instances of one group are one bot, and another group is another", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open(AGENTS);
  const first = await world.send(sidecar, ORDER, as("one-a"));
  const twin = await world.send(sidecar, ORDER, as("one-b"));
  const other = await world.send(sidecar, ORDER, as("two"));
  expect([first, twin, other].map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(twin.body.id).toBe(first.body.id);
  expect(other.body.id).not.toBe(first.body.id);
  expect(world.posts()).toHaveLength(2);
});

test("the same Idempotency-Key in two groups is two orders", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open(AGENTS);
  const key = { "idempotency-key": "entry-1" };
  const first = await world.send(sidecar, ORDER, as("one-a", key));
  const other = await world.send(sidecar, { ...ORDER, qty: "7" }, as("two", key));
  expect([first.status, other.status]).toEqual([200, 200]);
  expect(world.simulator.orders().map(({ qty }) => qty)).toEqual(["6", "7"]);
});

test("the same client_order_id in two groups is one order, and the second is told so", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open(AGENTS);
  const named = { ...ORDER, client_order_id: "bot-1" };
  const first = await world.send(sidecar, named, as("one-a"));
  const second = await world.insist(sidecar, named, as("two"));
  const third = await world.insist(sidecar, named, as("two"));
  expect(first.status).toBe(200);
  expect(world.simulator.orders()).toHaveLength(1);
  for (const answer of [second.at(-1), third.at(-1)]) {
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 40010001, message: "client_order_id must be unique" },
    });
  }
});

test("a group whose ids are no identity has equal orders compared under new ids", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open(AGENTS);
  const send = (id: string, name: string) =>
    world.send(sidecar, { ...ORDER, client_order_id: name }, as(id));
  const first = await send("three", "try-1");
  await world.advance(5_000);
  const retry = await send("three", "try-2");
  expect(retry.body.id).toBe(first.body.id);
  expect(retry.headers.get("tradelatch-status")).toBe("SKIP");
  await send("two", "entry-1");
  await send("two", "entry-2");
  const ids = world.simulator.orders().map((order) => order.client_order_id);
  expect(ids).toEqual(["try-1", "entry-1", "entry-2"]);
});

test("a group's own window ends before the others'", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open(AGENTS);
  for (const id of ["two", "four"]) await world.send(sidecar, ORDER, as(id));
  await world.advance(10_000);
  const long = await world.send(sidecar, ORDER, as("two"));
  const short = await world.send(sidecar, ORDER, as("four"));
  expect(long.headers.get("tradelatch-status")).toBe("SKIP");
  expect(short.headers.get("tradelatch-status")).toBe("PROCEED");
});

test("a stranger's order is refused, and no answer or log line shows an agent's secret", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open(AGENTS);
  const answers = [
    await world.send(sidecar, ORDER, as("nobody")),
    await world.send(sidecar, ORDER, as("two", { "APCA-API-KEY-ID": "one-a" })),
    await world.send(sidecar, { ...ORDER, symbol: "secret-two" }, as("two")),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 422]);
  expect(world.posts()).toEqual([]);
  const shown = [...world.log, answers[0]?.text, answers[1]?.text].join("\n");
  for (const { secret } of KEYS) expect(shown).not.toContain(secret);
});
