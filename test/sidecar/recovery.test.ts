import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { inDirectory } from "../cli/program.ts";
import { cancelByHand, replaceByHand } from "../faults/by-hand.ts";
import { rewriteAnswers } from "../faults/rewritten-answers.ts";
import type { Gate } from "../gateway/traffic.ts";
import {
  connectionRefused,
  HELD,
  KEY_ID,
  KEYS,
  ORDER,
  openOrderWorld,
  SECRET,
  SELL,
  type StartedSidecar,
} from "./orders-world.ts";

const LIMIT = { ...ORDER, type: "limit", limit_price: "70" } as const;
const NAMED = { ...ORDER, client_order_id: "bot-1" };
const CLOSE = { method: "DELETE", path: "/v2/positions/TQQQ" } as const;

function becameOf({ started }: StartedSidecar) {
  return started.recovery.claims.map(({ became }) => became);
}

describe("a sidecar that starts on a ledger whose process died", () => {
  test.each([
    ["no id", ORDER],
    ["an id of its own", NAMED],
  ])("before its POST finds nothing, and sends the repeat once, with %s", async (_, order) => {
    const world = await openOrderWorld();
    const dead = await world.open();
    dead.gate = (method) => (method === "POST" ? "lost" : "pass");
    await world.sendInVain(dead, order);
    dead.isDead = true;
    const sidecar = await world.open();
    expect(becameOf(sidecar)).toEqual(["unknown"]);
    const answers = await world.insist(sidecar, order);
    expect(answers[0]?.status).toBe(409);
    expect(answers.at(-1)?.status).toBe(200);
    expect(answers.at(-1)?.body.id).toBe(world.simulator.orders()[0]?.id);
    expect(world.posts()).toHaveLength(1);
  });

  test.each([
    ["that filled", ORDER, "settled", "SKIP"],
    ["that works", LIMIT, "working", "PENDING"],
    ["under the bot's id", NAMED, "settled", "SKIP"],
  ])("finds the order %s before it takes one, and gives it to the repeat", async (...given) => {
    const [, order, became, status] = given;
    const world = await openOrderWorld();
    const dead = await world.open();
    world.fault({ kind: "accept_then_hang" });
    await world.sendInVain(dead, order);
    dead.isDead = true;
    const sidecar = await world.open();
    expect(becameOf(sidecar)).toEqual([became]);
    const answer = await world.send(sidecar, order);
    expect(answer).toMatchObject({ status: 200, body: { id: world.simulator.orders()[0]?.id } });
    expect(answer.headers.get("tradelatch-status")).toBe(status);
    expect(world.posts()).toHaveLength(1);
  });

  test("takes orders although the broker has one of before no more", async () => {
    const world = await openOrderWorld();
    const first = await world.open();
    const { id } = (await world.send(first, LIMIT)).body;
    await world.advance(3_000);
    await world.shut(first);
    const gone = {
      kind: "refuse",
      status: 404,
      code: 40410000,
      message: "order not found",
    } as const;
    for (const path of [`/v2/orders/${id}`, "/v2/orders:by_client_order_id"]) {
      world.simulator.addFaults([{ match: { method: "GET", path }, fault: gone, times: 1_000 }]);
    }
    const lag = { kind: "list_lag", lagMs: 86_400_000 } as const;
    const match = { method: "GET", path: "/v2/orders" } as const;
    world.simulator.addFaults([{ match, fault: lag, times: 1_000 }]);
    const second = await world.begin();
    await world.advance(10_000);
    expect(second.started?.recovery).toMatchObject({ unread: 0, claims: [{ became: "unknown" }] });
    expect((await world.send(second, { ...ORDER, symbol: "SPY" })).status).toBe(200);
    expect((await world.send(second, LIMIT)).headers.get("tradelatch-status")).toBe("PENDING");
    expect(world.posts()).toHaveLength(2);
  });

  test.each([
    ["of one at work", "pass"],
    ["without an answer", "lost"],
  ] as const)("takes orders although the order %s fails to be read for long", async (_, gate) => {
    const world = await openOrderWorld();
    const first = await world.open();
    first.gate = (method) => (method === "POST" ? gate : "pass");
    if (gate === "lost") await world.sendInVain(first, LIMIT);
    else await world.send(first, LIMIT);
    await world.advance(1_000);
    first.isDead = true;
    const page = { kind: "html", status: 502, accept: false } as const;
    const match = { method: "GET", path: "/v2/orders*" } as const;
    world.simulator.addFaults([{ match, fault: page, times: 100_000 }]);
    const second = await world.begin();
    await world.advance(20_000);
    expect(second.started).toBeUndefined();
    await world.advance(20_000);
    expect(second.started?.recovery).toMatchObject({ unread: 1, claims: [{ became: "unknown" }] });
    expect((await world.send(second, { ...ORDER, symbol: "SPY" })).status).toBe(200);
    const again = await world.send(second, LIMIT);
    expect(again.headers.get("tradelatch-status")).toBe("PENDING");
    expect(world.posts()).toHaveLength(gate === "lost" ? 1 : 2);
  });

  test("takes none while the broker is away, however long", async () => {
    const world = await openOrderWorld();
    const first = await world.open();
    await world.send(first, LIMIT);
    await world.advance(1_000);
    await world.shut(first);
    const asked: string[] = [];
    const second = await world.begin({}, (_, path) => {
      const isFirst = path === "/v2/account" && asked.push(path) === 1;
      return isFirst ? "pass" : connectionRefused();
    });
    await world.advance(10 * 60_000);
    expect(asked.length).toBeGreaterThan(1);
    expect(second.started).toBeUndefined();
  });

  test("takes orders although nothing shows the order in the place of one of before", async () => {
    const world = await openOrderWorld(HELD);
    const first = await world.open();
    const { id } = (await world.send(first, LIMIT)).body;
    await world.advance(3_000);
    await world.shut(first);
    const next = await replaceByHand(world, id, { limit_price: "69" });
    await cancelByHand(world, next);
    const second = await world.begin();
    const fields = /("(?:replaced_by|replaces)":)"[^"]+"/g;
    rewriteAnswers(second, (text) => text.replace(fields, "$1null"));
    await world.advance(10_000);
    expect(second.started?.recovery).toMatchObject({ unread: 0, claims: [{ became: "unknown" }] });
    expect((await world.send(second, SELL)).status).toBe(200);
  });

  test("takes nothing up where everything was settled", async () => {
    const world = await openOrderWorld();
    const first = await world.open();
    await world.send(first, ORDER);
    await world.advance(5_000);
    await world.shut(first);
    const second = await world.open();
    expect(becameOf(second)).toEqual([]);
    const answer = await world.send(second, ORDER);
    expect(answer.headers.get("tradelatch-status")).toBe("SKIP");
  });
});

test("a sidecar that closes tells a waiting client that nothing is known yet", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  world.fault({ kind: "accept_then_hang" });
  const sent = world.send(sidecar, ORDER);
  await world.advance(1_000);
  const closed = sidecar.sidecar.close(4_000);
  const answer = await sent;
  expect(answer.status).toBe(409);
  expect(answer.tookMs).toBeLessThan(5_000);
  sidecar.isClosed = true;
  await closed;
});

describe("a sidecar whose broker is away at its start", () => {
  const away: Gate = () => connectionRefused();
  const probe = { method: "GET", path: "/readyz" } as const;

  test("lives, takes no order and says that it sent none, and takes it afterwards", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.begin({}, away);
    expect(await world.send(sidecar, "", { ...probe, path: "/healthz" })).toMatchObject({
      status: 200,
    });
    expect(await world.send(sidecar, "", probe)).toMatchObject({
      status: 503,
      body: { isReady: false, recovery: "under way", store: "ok" },
    });
    const refused = await world.send(sidecar, ORDER);
    expect(refused).toMatchObject({
      status: 409,
      body: { tradelatch: { error: "not_started", hint: expect.stringContaining("/readyz") } },
    });
    expect(refused.body.message).toContain("this call sent no order");
    expect(refused.headers.get("retry-after")).toBe("5");
    expect((await world.send(sidecar, "", CLOSE)).status).toBe(409);
    sidecar.gate = () => "pass";
    await world.drive(sidecar.sidecar.started);
    await world.advance(5_000);
    expect((await world.send(sidecar, ORDER)).status).toBe(200);
    expect(await world.send(sidecar, "", probe)).toMatchObject({
      status: 200,
      body: { isReady: true, recovery: "done", store: "ok", broker: "ok" },
    });
    expect(world.posts()).toHaveLength(1);
  });

  test("gives a known repeat the order as it was last read, and other values the 422", async () => {
    const world = await openOrderWorld();
    const first = await world.open();
    const placed = await world.send(first, NAMED);
    await world.advance(5_000);
    await world.shut(first);
    const second = await world.begin({}, away);
    const repeat = await world.send(second, NAMED);
    expect(repeat).toMatchObject({
      status: 200,
      body: { id: placed.body.id, client_order_id: "bot-1", status: "filled", filled_qty: "6" },
    });
    expect(Object.keys(repeat.body).toSorted()).toEqual(Object.keys(placed.body).toSorted());
    expect(repeat.headers.get("tradelatch-status")).toBe("SKIP");
    expect(repeat.headers.get("tradelatch-order")).toBe("last-known");
    expect(await world.send(second, { ...NAMED, qty: "7" })).toMatchObject({
      status: 422,
      body: { code: 40010001, message: "client_order_id must be unique" },
    });
    expect(await world.send(second, { ...ORDER, client_order_id: "bot-2" })).toMatchObject({
      status: 409,
      body: { tradelatch: { error: "not_started" } },
    });
    expect(world.posts()).toHaveLength(1);
  });

  test("gives a repeat without a name the order at work as it was last read", async () => {
    const world = await openOrderWorld();
    const first = await world.open();
    const placed = await world.send(first, LIMIT);
    await world.advance(5_000);
    await world.shut(first);
    const repeat = await world.send(await world.begin({}, away), LIMIT);
    expect(repeat).toMatchObject({ status: 200, body: { id: placed.body.id, status: "new" } });
    expect(repeat.headers.get("tradelatch-status")).toBe("PENDING");
    expect(world.posts()).toHaveLength(1);
  });

  test("waits for every look-up: an order in between is not sent", async () => {
    const world = await openOrderWorld();
    const dead = await world.open();
    world.fault({ kind: "accept_then_hang" });
    await world.sendInVain(dead, NAMED);
    dead.isDead = true;
    const isLookUp = (path: string) => path.endsWith(":by_client_order_id");
    const second = await world.begin({}, (_, path) =>
      isLookUp(path) ? connectionRefused() : "pass",
    );
    await world.advance(2_000);
    expect(await world.send(second, LIMIT)).toMatchObject({
      status: 409,
      body: { tradelatch: { error: "not_started" } },
    });
    expect(await world.send(second, NAMED)).toMatchObject({
      status: 409,
      body: { tradelatch: { error: "outcome_unknown", status: "PENDING" } },
    });
    second.gate = () => "pass";
    const started = await world.drive(second.sidecar.started);
    expect(started.recovery.claims.map(({ became }) => became)).toEqual(["settled"]);
    expect((await world.send(second, NAMED)).body.id).toBe(world.simulator.orders()[0]?.id);
    expect(world.posts()).toHaveLength(1);
  });

  test("ends its start where the broker does not take the keys", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.begin({ secret: "anotherSecretOfNobody" });
    await expect(sidecar.sidecar.started).rejects.toMatchObject({ code: "keys_refused" });
  });

  test("can be closed while it waits", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.begin({}, away);
    await world.advance(3_000);
    await world.shut(sidecar);
    await expect(sidecar.sidecar.started).rejects.toThrow();
  });

  test("is not told to be away by a start that is ended while the broker is asked", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.begin({}, () => "lost");
    await world.shut(sidecar);
    await expect(sidecar.sidecar.started).rejects.toThrow();
    expect(world.log.filter((line) => line.includes("no orders are taken yet"))).toEqual([]);
  });
});

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** The program itself, listening; it is killed after the test if it still runs. */
async function serve(store: string, broker: Simulator) {
  const child = spawn(process.execPath, [PROGRAM, "serve", "--port", "0", "--store", store], {
    env: {
      ...process.env,
      APCA_API_BASE_URL: broker.url,
      APCA_API_KEY_ID: KEY_ID,
      APCA_API_SECRET_KEY: SECRET,
      // Whoever waited for it would wait too long for any test.
      TRADELATCH_POST_DEADLINE_MS: "3600000",
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const ended = once(child, "close");
  let said = "";
  child.stdout.setEncoding("utf8");
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += chunk;
    if (/Claims picked up[^\n]*\n/.test(said)) break;
  }
  child.stdout.resume();
  const url = /Listening on (http:\S+):/.exec(said)?.[1];
  const place = () =>
    fetch(`${url}/v2/orders`, { method: "POST", headers: KEYS, body: JSON.stringify(ORDER) });
  return { child, ended, said, place };
}

function posts(broker: Simulator) {
  return broker.requests().filter(({ method, path }) => method === "POST" && path === "/v2/orders");
}

async function untilHung(broker: Simulator): Promise<void> {
  while (!posts(broker).some(({ answered }) => answered === "hung")) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

test("SIGTERM while the broker holds its answer back: the client is told, and the program ends", async () => {
  const broker = await startSimulator({
    ...{ startAt: systemClock.now(), prices: { TQQQ: "75" }, keyId: KEY_ID, secret: SECRET },
  });
  onTestFinished(() => broker.close());
  await inDirectory(async (directory) => {
    broker.addFaults([
      { match: { method: "POST", path: "/v2/orders" }, fault: { kind: "accept_then_hang" } },
      { match: {}, fault: { kind: "event_lost" }, times: 100 },
    ]);
    const { child, ended, place } = await serve(`${directory}/latch.db`, broker);
    const answer = place();
    await untilHung(broker);
    child.kill("SIGTERM");
    const { status, headers } = await answer;
    expect(status).toBe(409);
    expect(headers.get("retry-after")).not.toBeNull();
    expect(await ended).toEqual([0, null]);
  });
});
