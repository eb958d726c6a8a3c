/** Sidecars on one database, as they would be on several machines: real processes, one broker. */
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { startSimulator } from "../../src/simulator/index.ts";
import { type Answer, KillableProgram, type Sent } from "../crash/killable-program.ts";
import { newDatabase } from "./shared-server.ts";

const ORDERS = 60;
const BOTS_OF_AN_ORDER = 2;
const MOST_TRIES = 100;
/** Soon over, so that a claim whose owner died is resolved within seconds. */
const WORDS = [
  ...["--send-deadline-ms", "1500", "--post-deadline-ms", "1500", "--absence-window-ms", "200"],
];

function order(number: number): Sent {
  const terms = { symbol: "TQQQ", side: "buy", qty: String(number + 1), type: "market" };
  return { body: { ...terms, time_in_force: "day", client_order_id: `order-${number}` } };
}

async function openWorld() {
  const database = await newDatabase();
  onTestFinished(() => database.drop());
  const startAt = systemClock.now();
  const calendar = Object.fromEntries(
    [-1, 0, 1].map((day) => [
      new Date(startAt + day * 86_400_000).toISOString().slice(0, 10),
      { open: "00:00", close: "23:59" },
    ]),
  );
  const prices = { TQQQ: "75" };
  const broker = await startSimulator({ startAt, calendar, prices, cash: "100000000" });
  onTestFinished(() => broker.close());
  const start = async (store = database.url) => {
    const settings = { store, brokerUrl: broker.url, words: WORDS };
    const program = new KillableProgram(settings);
    onTestFinished(() => program.kill());
    await program.untilSaid(/Claims picked up[^\n]*\n/);
    return program;
  };
  return { broker, start, store: database.url };
}

/** A bot that is patient: it sends its order again, to whichever sidecar, until it has an answer. */
async function pursue(sent: Sent, sidecars: readonly KillableProgram[], first: number) {
  for (let count = 0; count < MOST_TRIES; count += 1) {
    const living = sidecars.filter(({ isGone }) => !isGone);
    const sidecar = living[(first + count) % living.length] as KillableProgram;
    const answer = await sidecar.send(sent);
    if (answer !== "cut" && answer.status === 200) return answer;
  }
  throw new Error(`no answer to ${JSON.stringify(sent.body)}`);
}

test("orders that two bots send at once, one of three sidecars dying, are at the broker once", async () => {
  const { broker, start } = await openWorld();
  const sidecars = await Promise.all([start(), start(), start()]);
  const pursued: Promise<Answer>[] = [];
  for (let number = 0; number < ORDERS; number += 1) {
    for (let bot = 0; bot < BOTS_OF_AN_ORDER; bot += 1) {
      pursued.push(pursue(order(number), sidecars, number + bot));
    }
  }
  await pursued[0];
  await sidecars[1]?.kill();
  const answers = await Promise.all(pursued);
  const ids = broker.orders().map(({ client_order_id: id }) => id);
  expect(new Set(ids).size).toBe(ORDERS);
  expect(ids).toHaveLength(ORDERS);
  for (const [index, { body }] of answers.entries()) {
    const named = `order-${Math.floor(index / BOTS_OF_AN_ORDER)}`;
    expect(body).toMatchObject({ client_order_id: named });
  }
});

test("a sidecar says which database it uses, and not with which password", async () => {
  const { start, store } = await openWorld();
  const url = new URL(store);
  url.password = "pa55word";
  const sidecar = await start(url.href);
  const { username, host, pathname } = url;
  await sidecar.untilSaid(new RegExp(`Store: postgres://${username}@${host}${pathname}\n`));
});
