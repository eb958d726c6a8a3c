/**
 * A sidecar that stands still, as a machine that sleeps or a container that is frozen does, at the
 * two places where that could harm: while it holds the lock, and once it may send.
 */
import { expect, onTestFinished, test } from "vitest";
import { expectAgreement, publishedBy } from "../crash/agreement.ts";
import { ServerProxy } from "../postgres/server-proxy.ts";
import { newDatabase, rowsOf } from "../postgres/shared-server.ts";
import { Fleet } from "./fleet.ts";
import { orderNumber, startWorld } from "./sidecar-world.ts";

/** Two sidecars on one database; what the server says to the first one can be held back. */
async function openWorld(words?: readonly string[]) {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const world = await startWorld(words);
  const { proxy, url: through } = await ServerProxy.start(url);
  const paused = await world.start(through);
  const other = await Fleet.start(world, url, 1);
  /** Stops it as soon as `isSo` on the server, before it is told so. */
  const pauseWhen = (isSo: string) =>
    proxy.beforeAnswers(async () => {
      const [found] = await rowsOf<{ so: boolean }>(url, `SELECT (${isSo}) AS so`);
      if (found?.so) paused.signal("SIGSTOP");
      return found?.so === true;
    });
  return { world, paused, other, pauseWhen };
}

const HOLDS_THE_HEAD = `SELECT count(*) > 0 FROM pg_stat_activity a
  JOIN pg_locks l ON l.pid = a.pid AND l.relation = 'tradelatch.head'::regclass
  WHERE a.state = 'idle in transaction'`;
const HAS_A_CLAIM = "SELECT count(*) > 0 FROM tradelatch.claims";

test("one that holds the lock on the head does not keep the others from sending", async () => {
  // With the deadlines that are the default: an order that waited so long may still be sent.
  const { world, paused, other, pauseWhen } = await openWorld([]);
  const isPaused = pauseWhen(HOLDS_THE_HEAD);
  const first = paused.send(orderNumber(0));
  await isPaused;
  // The server ends a transaction that says nothing.
  await other.pursue(orderNumber(3), 0);
  const repeat = await other.pursue(orderNumber(0), 0);
  paused.signal("SIGCONT");
  // Its transaction is gone, and so is what it would have written.
  expect(await first).toMatchObject({ status: 409 });
  expect(((await paused.send(orderNumber(0))) as typeof repeat).body.id).toBe(repeat.body.id);
  expect(world.broker.orders()).toHaveLength(2);
  await other.untilSettled();
  expectAgreement(await publishedBy(other.at(0)), world.broker);
});

test("one that wakes up with an old number sends nothing and is told of the order that was sent", async () => {
  const { world, paused, other, pauseWhen } = await openWorld();
  const isPaused = pauseWhen(HAS_A_CLAIM);
  const first = paused.send(orderNumber(0));
  await isPaused;
  const repeat = await other.pursue(orderNumber(0), 0);
  paused.signal("SIGCONT");
  const late = await first;
  expect(late === "cut" || late.status === 409 || late.body.id === repeat.body.id).toBe(true);
  expect(((await paused.send(orderNumber(0))) as typeof repeat).body.id).toBe(repeat.body.id);
  const posts = world.broker
    .requests()
    .filter(({ method, path }) => method === "POST" && path === "/v2/orders");
  expect(posts).toHaveLength(1);
  await other.untilSettled();
  const records = await publishedBy(other.at(0));
  expect(records.events.map(({ body }) => body.type)).toContain("reopened");
  expectAgreement(records, world.broker);
});
