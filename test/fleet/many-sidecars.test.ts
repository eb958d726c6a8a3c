/**
 * Sidecars on one store, real processes in front of one broker, and every kind of trouble while two
 * bots at once send each order. `MANY_ORDERS=10000` makes a long run of it.
 */
import { expect, onTestFinished, test } from "vitest";
import type { Simulator } from "../../src/simulator/index.ts";
import { expectAgreement, publishedBy } from "../crash/agreement.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { newServer, type PostgresServer } from "../postgres/postgres-server.ts";
import { CUT_ALL, newDatabase, onServer } from "../postgres/shared-server.ts";
import { Fleet } from "./fleet.ts";
import { orderNumber, type SidecarWorld, startWorld } from "./sidecar-world.ts";

const ORDERS = Number(process.env.MANY_ORDERS ?? "240");
const BOTS_OF_AN_ORDER = 2;
const ORDERS_AT_ONCE = 24;
/** Longer than the deadlines after which others look after a claim. */
const FREEZE_MS = 8_000;
const LIMIT_MS = 300_000 + ORDERS * 400;

type BotAnswer = { readonly body: { readonly id: string; readonly qty: string } };

/** What happens when so much of all orders is done; of one kind, one thing after the other. */
interface Trouble {
  readonly kind: "sidecars" | "server";
  readonly share: number;
  readonly what: () => Promise<void>;
}

/** Carries out all orders, and the troubles as it comes to them; what each bot was given. */
async function carryOut(
  fleet: Fleet,
  troubles: readonly Trouble[],
): Promise<readonly (readonly BotAnswer[])[]> {
  const answers: (readonly BotAnswer[])[] = [];
  const due = [...troubles].sort((a, b) => a.share - b.share);
  const under = { sidecars: Promise.resolve(), server: Promise.resolve() };
  let [next, done] = [0, 0];
  const begin = ({ kind, what }: Trouble) => {
    under[kind] = under[kind].then(what);
    under[kind].catch(() => undefined);
  };
  const worker = async () => {
    for (let number = next++; number < ORDERS; number = next++) {
      const bots = Array.from({ length: BOTS_OF_AN_ORDER }, (_, bot) =>
        fleet.pursue(orderNumber(number), number + bot),
      );
      answers[number] = await Promise.all(bots);
      done += 1;
      while (due[0] !== undefined && done >= due[0].share * ORDERS) begin(due.shift() as Trouble);
    }
  };
  await Promise.all(Array.from({ length: ORDERS_AT_ONCE }, worker));
  await Promise.all(Object.values(under));
  expect(due).toEqual([]);
  return answers;
}

/** Each order is at the broker once, both its bots were given it, and all records agree. */
async function expectOneOrderEach(
  { broker, logged }: SidecarWorld,
  fleet: Fleet,
  answers: Awaited<ReturnType<typeof carryOut>>,
): Promise<void> {
  await fleet.untilSettled();
  expect(quantitiesAt(broker)).toEqual(answers.map((_, number) => String(number + 1)).sort());
  for (const [number, [first, second]] of answers.entries()) {
    expect(first?.body.qty).toBe(String(number + 1));
    const both = `order ${number}: ${JSON.stringify([first?.body, second?.body])}`;
    expect(second?.body.id, both).toBe(first?.body.id);
  }
  expectAgreement(await publishedBy(fleet.at(0)), broker);
  // Such an answer is refused and asked for again, so that no bot would show it.
  expect(logged()).not.toContain("answered another question");
}

function quantitiesAt(broker: Simulator): readonly string[] {
  return broker
    .orders()
    .map(({ qty }) => qty ?? "")
    .sort();
}

/** One dies and another comes in its place; one stands still and goes on. */
function troublesOfSidecars(fleet: Fleet): readonly Trouble[] {
  const kind = "sidecars";
  return [
    { kind, share: 0.1, what: () => fleet.replace(1) },
    { kind, share: 0.25, what: () => fleet.freeze(2, FREEZE_MS) },
    { kind, share: 0.65, what: () => fleet.replace(0) },
  ];
}

function troublesOfServer(server: PostgresServer): readonly Trouble[] {
  const kind = "server";
  const cut = () => onServer(server.urlOf("postgres"), CUT_ALL);
  return [
    { kind, share: 0.2, what: cut },
    { kind, share: 0.4, what: () => server.restart("SIGINT") },
    { kind, share: 0.5, what: cut },
    { kind, share: 0.6, what: () => server.restart("SIGKILL") },
  ];
}

test("three sidecars on one database send each of many orders once, whatever befalls them", {
  timeout: LIMIT_MS,
}, async () => {
  const server = await newServer();
  onTestFinished(() => server.destroy());
  await server.start();
  const world = await startWorld();
  const fleet = await Fleet.start(world, server.urlOf("postgres"));
  const troubles = [...troublesOfSidecars(fleet), ...troublesOfServer(server)];
  await expectOneOrderEach(world, fleet, await carryOut(fleet, troubles));
});

test("three sidecars on one file send each of many orders once, whatever befalls them", {
  timeout: LIMIT_MS,
}, async () => {
  const world = await startWorld();
  const fleet = await Fleet.start(world, temporaryFile());
  await expectOneOrderEach(world, fleet, await carryOut(fleet, troublesOfSidecars(fleet)));
});

test("a sidecar says which database it uses, and not with which password", async () => {
  const { url: store, drop } = await newDatabase();
  onTestFinished(drop);
  const url = new URL(store);
  url.password = "pa55word";
  const sidecar = await (await startWorld()).start(url.href);
  const { username, host, pathname } = url;
  await sidecar.untilSaid(new RegExp(`Store: postgres://${username}@${host}${pathname}\n`));
  expect((await sidecar.page("/latch/v1/config")).store).toBe(
    `postgres://${username}@${host}${pathname}`,
  );
});
