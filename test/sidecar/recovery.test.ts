import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { inDirectory } from "../cli/program.ts";
import { KEY_ID, KEYS, ORDER, openOrderWorld, SECRET } from "./orders-world.ts";

const LIMIT = { ...ORDER, type: "limit", limit_price: "70" } as const;
const NAMED = { ...ORDER, client_order_id: "bot-1" };

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
    expect(sidecar.sidecar.recovery).toEqual({ found: 1, settled: 0, working: 0, unknown: 1 });
    const answers = await world.insist(sidecar, order);
    expect(answers[0]?.status).toBe(409);
    expect(answers.at(-1)?.status).toBe(200);
    expect(answers.at(-1)?.body.id).toBe(world.simulator.orders()[0]?.id);
    expect(world.posts()).toHaveLength(1);
  });

  test.each([
    ["that filled", ORDER, { found: 1, settled: 1, working: 0, unknown: 0 }, "SKIP"],
    ["that works", LIMIT, { found: 1, settled: 0, working: 1, unknown: 0 }, "PENDING"],
    ["under the bot's id", NAMED, { found: 1, settled: 1, working: 0, unknown: 0 }, "SKIP"],
  ])("finds the order %s before it takes one, and gives it to the repeat", async (...given) => {
    const [, order, recovery, status] = given;
    const world = await openOrderWorld();
    const dead = await world.open();
    world.fault({ kind: "accept_then_hang" });
    await world.sendInVain(dead, order);
    dead.isDead = true;
    const sidecar = await world.open();
    expect(sidecar.sidecar.recovery).toEqual(recovery);
    const answer = await world.send(sidecar, order);
    expect(answer).toMatchObject({ status: 200, body: { id: world.simulator.orders()[0]?.id } });
    expect(answer.headers.get("tradelatch-status")).toBe(status);
    expect(world.posts()).toHaveLength(1);
  });

  test("takes nothing up where everything was settled", async () => {
    const world = await openOrderWorld();
    const first = await world.open();
    await world.send(first, ORDER);
    await world.advance(5_000);
    await world.shut(first);
    const second = await world.open();
    expect(second.sidecar.recovery).toEqual({ found: 0, settled: 0, working: 0, unknown: 0 });
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

test("a sidecar without its broker does not start, and leaves neither a port nor a lock", async () => {
  const world = await openOrderWorld();
  const nowhere = world.open({ baseUrl: "http://127.0.0.1:1" });
  await expect(nowhere).rejects.toMatchObject({ code: "broker_unavailable" });
  const sidecar = await world.open();
  expect((await world.send(sidecar, ORDER)).status).toBe(200);
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

test("kill -9 while the broker holds its answer back: the next start answers with that order", async () => {
  const broker = await startSimulator({
    ...{ startAt: systemClock.now(), prices: { TQQQ: "75" }, keyId: KEY_ID, secret: SECRET },
  });
  onTestFinished(() => broker.close());
  await inDirectory(async (directory) => {
    const store = `${directory}/latch.db`;
    broker.addFaults([
      { match: { method: "POST", path: "/v2/orders" }, fault: { kind: "accept_then_hang" } },
    ]);
    const first = await serve(store, broker);
    const lost = first.place().then(
      () => "answered",
      () => "cut",
    );
    await untilHung(broker);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(await lost).toBe("cut");
    const second = await serve(store, broker);
    expect(second.said).toMatch(/Claims picked up: 1 \(\d settled now, \d working, 0 unknown\)/);
    const answer = await second.place();
    const [order, ...others] = broker.orders();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("idempotent-replayed")).toBe("true");
    expect(await answer.json()).toMatchObject({ id: order?.id });
    expect(others).toEqual([]);
    expect(posts(broker)).toHaveLength(1);
    second.child.kill("SIGTERM");
    expect(await second.ended).toEqual([0, null]);
  });
});

test("SIGTERM while the broker holds its answer back: the client is told, and the program ends", async () => {
  const broker = await startSimulator({
    ...{ startAt: systemClock.now(), prices: { TQQQ: "75" }, keyId: KEY_ID, secret: SECRET },
  });
  onTestFinished(() => broker.close());
  await inDirectory(async (directory) => {
    broker.addFaults([
      { match: { method: "POST", path: "/v2/orders" }, fault: { kind: "accept_then_hang" } },
    ]);
    const { child, ended, place } = await serve(`${directory}/latch.db`, broker);
    const answer = place();
    await untilHung(broker);
    const stoppedAt = systemClock.now();
    child.kill("SIGTERM");
    const { status, headers } = await answer;
    expect(status).toBe(409);
    expect(headers.get("retry-after")).not.toBeNull();
    expect(await ended).toEqual([0, null]);
    expect(systemClock.now() - stoppedAt).toBeLessThan(5_000);
  });
});
