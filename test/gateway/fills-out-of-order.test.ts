/** Which life of the position an entry is of whose fill is known later than an exit's behind it. */
import { describe, expect, test } from "vitest";
import type { RequestId } from "../../src/core/ids.ts";
import { CLOSE, LONG, OPEN, openWorld, type Process, type World } from "./world.ts";

const ADD = { ...OPEN, quantity: "8" } as const;
const KEYS = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" };
const PAGE = { kind: "html", status: 502, accept: false } as const;

const ACTIVITIES = "/v2/account/activities/FILL";

/** Neither by the id that we gave it nor in a list; an order that the broker has named is read. */
function hideUnanswered({ simulator }: World): void {
  for (const path of ["/v2/orders", "/v2/orders:by_client_order_id"]) {
    simulator.addFaults([{ match: { method: "GET", path }, fault: PAGE, times: 1_000 }]);
  }
}

async function cancelByHand({ simulator }: World, id: string | undefined): Promise<void> {
  const url = `${simulator.url}/v2/orders/${id}`;
  expect((await fetch(url, { method: "DELETE", headers: KEYS })).status).toBe(204);
}

async function replaceByHand({ simulator }: World, id: string | undefined, change: object) {
  const patch = { method: "PATCH", headers: KEYS, body: JSON.stringify(change) };
  expect((await fetch(`${simulator.url}/v2/orders/${id}`, patch)).status).toBe(200);
}

/** The answer to the entry is lost, and the exit of all behind it is booked first. */
async function soldBeforeTheAddIsKnown(
  add: typeof ADD | Record<string, unknown> = ADD,
  settings: Parameters<World["open"]>[0] = {},
) {
  const world = await openWorld(LONG);
  const bot = await world.open(settings);
  world.fault({ kind: "accept_then_drop" }, { side: "buy" });
  hideUnanswered(world);
  const entry = await world.submit(bot, add as typeof ADD);
  expect(entry).toMatchObject({ status: "PENDING", phase: "unknown" });
  const exit = await world.submit(bot, CLOSE);
  await world.advance(2_500);
  expect(world.book()).toMatchObject({ net: "0", episode: 1 });
  return { world, bot, entry, exit };
}

async function addIsKnown(world: World): Promise<void> {
  world.simulator.clearFaults();
  await world.advance(6_000);
}

async function isThatOrder(
  world: World,
  bot: Process,
  intent: Parameters<World["submit"]>[1],
  requestId: RequestId | null,
) {
  const posts = world.posts().length;
  expect(await world.submit(bot, intent)).toMatchObject({ status: "SKIP", requestId });
  expect(world.posts()).toHaveLength(posts);
}

describe("an entry had filled before the exit of all that else was held, and is known later:", () => {
  test.each([
    ["at the market", ADD],
    ["with a limit", { ...ADD, type: "limit", limitPrice: "80" }],
  ])("%s, the exit's repeat by another instance is that exit", async (_, add) => {
    const { world, entry, exit } = await soldBeforeTheAddIsKnown(add);
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "8", episode: 1 });
    expect(world.reads(ACTIVITIES), "its last fill tells enough").toEqual([]);
    const second = await world.open();
    await isThatOrder(world, second, CLOSE, exit.requestId);
    await isThatOrder(world, second, add as typeof ADD, entry.requestId);
  });

  test("an entry that was sent in between is told of once it is asked for again", async () => {
    const { world, bot } = await soldBeforeTheAddIsKnown();
    const { requestId } = await world.submit(bot, { ...OPEN, quantity: "5" });
    await addIsKnown(world);
    expect(world.book().net).toBe("13");
    await isThatOrder(world, bot, { ...OPEN, quantity: "5" }, requestId);
  });

  test("it is told of itself behind one that was sent and booked in between", async () => {
    const { world, bot, entry } = await soldBeforeTheAddIsKnown();
    await world.submit(bot, { ...OPEN, quantity: "5" });
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "5", episode: 2 });
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "13", episode: 2 });
    await isThatOrder(world, bot, ADD, entry.requestId);
  });

  test("so is the exit, behind one that was sent and booked in between", async () => {
    const { world, bot, exit } = await soldBeforeTheAddIsKnown();
    const next = await world.submit(bot, { ...OPEN, quantity: "7" });
    await world.advance(2_500);
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "15", episode: 2, lifeFrom: 1 });
    const second = await world.open();
    await isThatOrder(world, second, CLOSE, exit.requestId);
    await isThatOrder(world, second, { ...OPEN, quantity: "7" }, next.requestId);
  });

  test("the exit waits meanwhile, behind one that was booked in between, and only while it is equal", async () => {
    const { world, entry, exit } = await soldBeforeTheAddIsKnown();
    const second = await world.open();
    await world.submit(second, { ...OPEN, quantity: "7" });
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "7", episode: 2 });
    const posts = world.posts().length;
    const waits = await world.submit(second, CLOSE);
    const cause = { requestId: entry.requestId };
    expect(waits).toMatchObject({ status: "BLOCKED", code: "not_sent", cause });
    expect(world.posts()).toHaveLength(posts);
    expect(await world.submit(second, { ...CLOSE, quantity: "5" })).toMatchObject({
      status: "PROCEED",
    });
    await addIsKnown(world);
    await isThatOrder(world, second, CLOSE, exit.requestId);
  });

  test("the exit opens no short once both are over, where it does not say that it closes", async () => {
    const shorts = { allowShort: true };
    const { world, bot, exit } = await soldBeforeTheAddIsKnown(ADD, shorts);
    await world.submit(bot, { ...OPEN, quantity: "7" });
    await world.advance(2_500);
    await addIsKnown(world);
    await world.submit(bot, { ...CLOSE, quantity: "15" });
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "0", episode: 2, lifeFrom: 1 });
    const { effect: _, ...unsaid } = CLOSE;
    await isThatOrder(world, await world.open(shorts), unsaid, exit.requestId);
  });

  test("once another life has begun behind it, the exit is a new one", async () => {
    const { world, bot, exit } = await soldBeforeTheAddIsKnown();
    await world.submit(bot, { ...OPEN, quantity: "7" });
    await world.advance(2_500);
    await addIsKnown(world);
    await world.submit(bot, { ...CLOSE, quantity: "15" });
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "0", episode: 2, lifeFrom: 1 });
    await isThatOrder(world, await world.open(), CLOSE, exit.requestId);
    await world.submit(bot, { ...OPEN, quantity: "9" });
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "9", episode: 3 });
    expect(world.book()).not.toHaveProperty("lifeFrom");
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
  });
});

describe("an entry that cannot be read had filled before others were bought and all of them sold:", () => {
  const ALL = { ...CLOSE, quantity: "12" } as const;

  /** Six are bought beside what is held, and the exit of all that is known ends the position. */
  async function boughtAndSold(add: "before the exit" | "behind it") {
    const world = await openWorld(LONG);
    const bot = await world.open();
    hideUnanswered(world);
    const lose = async () => {
      world.fault({ kind: "accept_then_drop" }, { side: "buy" });
      const { requestId } = await world.submit(bot, ADD);
      return requestId;
    };
    const before = add === "before the exit" ? await lose() : null;
    const entry = await world.submit(bot, OPEN);
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "12", episode: 1 });
    await world.submit(bot, ALL);
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "0", episode: 1 });
    const lost = before ?? (await lose());
    return { world, bot, entry, lost, second: await world.open() };
  }

  test("the repeat of what was bought waits until it is read, and is told of itself", async () => {
    const { world, entry, lost, second } = await boughtAndSold("before the exit");
    const posts = world.posts().length;
    const waits = await world.submit(second, OPEN);
    const cause = { requestId: lost };
    expect(waits).toMatchObject({ status: "BLOCKED", code: "not_sent", cause });
    expect(world.posts()).toHaveLength(posts);
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "8", episode: 1 });
    await isThatOrder(world, second, OPEN, entry.requestId);
  });

  test("so it does behind another entry, which goes out", async () => {
    const { world, entry, lost, second } = await boughtAndSold("before the exit");
    const other = { ...OPEN, quantity: "5" } as const;
    expect(await world.submit(second, other)).toMatchObject({ status: "PROCEED" });
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "5", episode: 2 });
    const waits = await world.submit(second, OPEN);
    const cause = { requestId: lost };
    expect(waits).toMatchObject({ status: "BLOCKED", code: "not_sent", cause });
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "13", episode: 2, lifeFrom: 1 });
    await isThatOrder(world, second, OPEN, entry.requestId);
  });

  test("it goes out with a name of its own, and once the window is over", async () => {
    const { world, second } = await boughtAndSold("before the exit");
    const named = { ...OPEN, clientOrderId: "by-name" } as const;
    expect(await world.submit(second, named)).toMatchObject({ status: "PROCEED" });
    await world.advance(50_000);
    expect(await world.submit(second, OPEN)).toMatchObject({ status: "PROCEED" });
  });

  test("it goes out where what cannot be read came behind the exit", async () => {
    const { world, second } = await boughtAndSold("behind it");
    expect(await world.submit(second, OPEN)).toMatchObject({ status: "PROCEED" });
  });
});

describe("an entry fills in part before the exit of all that else was held, and the rest behind it:", () => {
  const REST = { ...ADD, type: "limit", limitPrice: "70" } as const;
  const EXIT = { ...CLOSE, type: "limit", limitPrice: "74" } as const;

  function fillEntry({ simulator }: World, quantity: string): void {
    const isWorking = ({ side, status }: { side: string; status: string }) =>
      side === "buy" && status !== "replaced";
    const { id } = simulator.orders().find(isWorking) ?? { id: "" };
    simulator.fill({ orderId: id, quantity, price: "70" });
  }

  test("where its answer was lost, the exit's repeat by another instance is that exit", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    world.fault({ kind: "accept_then_drop" }, { side: "buy" });
    hideUnanswered(world);
    const entry = await world.submit(bot, REST);
    fillEntry(world, "3");
    await world.advance(10);
    const { requestId } = await world.submit(bot, EXIT);
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "0", episode: 1 });
    fillEntry(world, "5");
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "8", episode: 1 });
    const second = await world.open();
    await isThatOrder(world, second, EXIT, requestId);
    await isThatOrder(world, second, REST, entry.requestId);
  });

  test("where one list shows both, the exit's repeat by another instance is that exit", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, REST);
    fillEntry(world, "3");
    await world.advance(10);
    const { requestId } = await world.submit(bot, EXIT);
    await world.advance(10);
    fillEntry(world, "5");
    expect(world.book()).toMatchObject({ net: "6" });
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "8", episode: 1 });
    await isThatOrder(world, await world.open(), EXIT, requestId);
  });

  test("where it was replaced in between, a lost exit that is known later is the same one", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, REST);
    fillEntry(world, "3");
    const [{ id } = { id: "" }] = world.orders();
    world.fault({ kind: "accept_then_drop" }, { side: "sell" });
    hideUnanswered(world);
    const exit = bot.latch.submit(EXIT);
    await world.advance(10);
    await replaceByHand(world, id, { limit_price: "69" });
    fillEntry(world, "5");
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "14", episode: 1 });
    const { requestId } = await world.drive(exit);
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "8", episode: 1 });
    await isThatOrder(world, await world.open(), EXIT, requestId);
  });

  test("what the exit has sold too is of the life before, and the next exit is sent", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, REST);
    fillEntry(world, "3");
    await world.advance(2_500);
    const all = { ...EXIT, quantity: "9" } as const;
    await world.submit(bot, all);
    await world.advance(10);
    fillEntry(world, "5");
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "5", episode: 2 });
    expect(await world.submit(bot, { ...EXIT, quantity: "5" })).toMatchObject({
      status: "PROCEED",
    });
  });

  test("where the activities cannot be read its last fill counts, and no exit waits", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const match = { method: "GET", path: ACTIVITIES } as const;
    world.simulator.addFaults([{ match, fault: PAGE, times: 1_000 }]);
    await world.submit(bot, REST);
    fillEntry(world, "3");
    await world.advance(10);
    await world.submit(bot, EXIT);
    await world.advance(10);
    fillEntry(world, "5");
    await world.advance(4_500);
    expect(world.reads(ACTIVITIES).length).toBeGreaterThan(0);
    expect(world.book()).toMatchObject({ net: "8", episode: 2 });
    expect(await world.submit(bot, EXIT)).toMatchObject({ status: "PROCEED" });
  });
});

describe("an entry that fills after the exit of all begins a life of the position:", () => {
  test("where it rested, the next exit is sent", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "70" });
    const exit = { ...CLOSE, type: "limit", limitPrice: "74" } as const;
    await world.submit(bot, exit);
    await world.advance(4_500);
    world.simulator.setPrice("TQQQ", "69");
    await world.advance(8_000);
    expect(world.book()).toMatchObject({ net: "6", episode: 2 });
    expect(await world.submit(bot, exit)).toMatchObject({ status: "PROCEED" });
  });

  test("where it was replaced before the exit, and that is told late, the next exit is sent", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "69" });
    const [{ id } = { id: "" }] = world.orders();
    await world.advance(2_500);
    for (const path of ["/v2/orders", `/v2/orders/${id}`]) {
      world.simulator.addFaults([{ match: { method: "GET", path }, fault: PAGE, times: 1_000 }]);
    }
    await replaceByHand(world, id, { limit_price: "70" });
    await world.advance(100);
    const exit = { ...CLOSE, type: "limit", limitPrice: "74" } as const;
    await world.submit(bot, exit);
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "0", episode: 1 });
    world.simulator.setPrice("TQQQ", "69");
    await world.advance(100);
    const replaced = world.orders().find((order) => order.id === id);
    await world.drive(bot.latch.applyUpdate({ ...replaced }));
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "6", episode: 2 });
    expect(await world.submit(bot, exit)).toMatchObject({ status: "PROCEED" });
  });

  test("where it came to the broker late, the next exit is sent", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    world.fault({ kind: "arrive_late", delayMs: 13_000 }, { side: "buy" });
    hideUnanswered(world);
    const entry = await world.submit(bot, OPEN);
    expect(entry).toMatchObject({ status: "PENDING", phase: "unknown" });
    await world.submit(bot, CLOSE);
    await world.advance(6_000);
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "6", episode: 2 });
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.simulator.positions()).toEqual([]);
  });
});

describe("an exit of all had filled before an entry behind it, and is known later:", () => {
  /** Bought back while nobody could read the exit; the entry's fill is told first. */
  async function boughtBeforeTheExitIsKnown(exit: Parameters<World["submit"]>[1]) {
    const world = await openWorld(LONG);
    const bot = await world.open();
    world.fault({ kind: "accept_then_drop" }, { side: "sell" });
    hideUnanswered(world);
    expect(await world.submit(bot, exit)).toMatchObject({ status: "PENDING", phase: "unknown" });
    const { requestId } = await world.submit(bot, OPEN);
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "12", episode: 1 });
    world.simulator.clearFaults();
    await world.advance(6_000);
    expect(world.book().net).toBe("6");
    return { world, bot, requestId };
  }

  test.each([
    ["at the market", CLOSE],
    ["with a limit", { ...CLOSE, type: "limit", limitPrice: "70" }],
  ] as const)("%s, the next exit is sent, and a repeat of the entry is not", async (_, exit) => {
    const { world, bot, requestId } = await boughtBeforeTheExitIsKnown(exit);
    await isThatOrder(world, bot, OPEN, requestId);
    const next = await world.submit(bot, exit);
    expect(next).toMatchObject({ status: "PROCEED" });
    await world.advance(2_500);
    await isThatOrder(world, await world.open(), exit, next.requestId);
    await world.untilSettled();
    expect(world.simulator.positions()).toEqual([]);
    expect(world.posts()).toHaveLength(3);
  });
});

describe("an exit of all had filled before what is bought behind it, some of which is sold before it is known:", () => {
  /** Twelve are bought, and four sold by an order that came behind the entry, or before it. */
  async function soldOfWhatWasBought(first: "entry" | "exit") {
    const world = await openWorld(LONG);
    const bot = await world.open();
    world.fault({ kind: "accept_then_drop" }, { side: "sell" });
    hideUnanswered(world);
    const exit = { ...CLOSE, quantity: first === "entry" ? "6" : "2" } as const;
    const part = { ...CLOSE, quantity: "4", type: "limit", limitPrice: "80" } as const;
    const { requestId } = await world.submit(bot, exit);
    if (first === "exit") await world.submit(bot, part);
    await world.submit(bot, { ...OPEN, quantity: "12", type: "limit", limitPrice: "76" });
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "18", episode: 1 });
    if (first === "entry") await world.submit(bot, part);
    world.simulator.setPrice("TQQQ", "81");
    await world.advance(4_500);
    expect(world.book()).toMatchObject({ net: "14", episode: 1 });
    await addIsKnown(world);
    return { world, bot, exit, requestId };
  }

  test("the next exit is sent", async () => {
    const { world, bot, exit, requestId } = await soldOfWhatWasBought("entry");
    expect(world.book()).toMatchObject({ net: "8", episode: 1 });
    const next = await world.submit(bot, exit);
    expect(next).toMatchObject({ status: "PROCEED" });
    expect(next.requestId).not.toBe(requestId);
    await world.untilSettled();
    expect(world.simulator.positions()).toMatchObject([{ qty: "2" }]);
  });

  test("it is that exit where the other one had come before the entry, and filled behind it", async () => {
    const { world, exit, requestId } = await soldOfWhatWasBought("exit");
    expect(world.book()).toMatchObject({ net: "12", episode: 1 });
    await isThatOrder(world, await world.open(), exit, requestId);
  });
});

test("an exit that only a list shows, behind an entry that was bought later, is of the life before", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  world.fault({ kind: "accept_then_drop" }, { side: "sell" });
  const lookUps = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
  const lag = { kind: "client_id_lag", lagMs: 300_000 } as const;
  world.simulator.addFaults([{ match: lookUps, fault: lag, times: 1_000 }]);
  expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PENDING", phase: "unknown" });
  await world.submit(bot, OPEN);
  await world.advance(2_500);
  expect(world.book().net).toBe("12");
  await world.advance(20_000);
  expect(world.book().net).toBe("6");
  expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
  await world.untilSettled();
  expect(world.simulator.positions()).toEqual([]);
});

test("an exit whose fill is known behind a later entry's is the same one behind an earlier entry's", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  const hidden = await world.submit(bot, ADD);
  await world.advance(10);
  const [{ id } = { id: "" }] = world.orders();
  for (const path of ["/v2/orders", `/v2/orders/${id}`, "/v2/orders:by_client_order_id"]) {
    world.simulator.addFaults([{ match: { method: "GET", path }, fault: PAGE, times: 1_000 }]);
  }
  world.fault({ kind: "accept_then_drop" }, { side: "sell" });
  const exit = await world.submit(bot, CLOSE);
  expect(exit).toMatchObject({ status: "PENDING", phase: "unknown" });
  await world.advance(10);
  await world.submit(bot, OPEN);
  await world.advance(2_500);
  expect(world.book()).toMatchObject({ net: "12", episode: 1 });
  world.simulator.clearFaults();
  for (const path of ["/v2/orders", `/v2/orders/${id}`]) {
    world.simulator.addFaults([{ match: { method: "GET", path }, fault: PAGE, times: 1_000 }]);
  }
  await world.advance(6_000);
  expect(world.book()).toMatchObject({ net: "6", episode: 1 });
  const second = await world.open();
  const waits = await world.submit(second, CLOSE);
  const cause = { requestId: hidden.requestId };
  expect(waits).toMatchObject({ status: "BLOCKED", code: "not_sent", cause });
  await addIsKnown(world);
  expect(world.book()).toMatchObject({ net: "14", episode: 1, lifeFrom: 0 });
  await isThatOrder(world, second, CLOSE, exit.requestId);
});

describe("an exit of all had filled before what is bought behind it and booked piece by piece:", () => {
  /** The exit's answer is lost; it is known once all of `bought` is in the book. */
  async function boughtBehind(bought: (world: World, bot: Process) => Promise<void>) {
    const world = await openWorld(LONG);
    const bot = await world.open();
    world.fault({ kind: "accept_then_drop" }, { side: "sell" });
    hideUnanswered(world);
    const { requestId } = await world.submit(bot, CLOSE);
    await bought(world, bot);
    world.simulator.clearFaults();
    await world.advance(6_000);
    expect(world.book().net).toBe("11");
    const next = await world.submit(bot, CLOSE);
    expect(next).toMatchObject({ status: "PROCEED" });
    expect(next.requestId).not.toBe(requestId);
    await world.untilSettled();
    expect(world.simulator.positions()).toMatchObject([{ qty: "5" }]);
  }

  test("behind two entries the next exit is sent", () =>
    boughtBehind(async (world, bot) => {
      for (const quantity of ["6", "5"]) {
        await world.submit(bot, { ...OPEN, quantity });
        await world.advance(2_500);
      }
      expect(world.book().net).toBe("17");
    }));

  test("behind an entry that fills in two parts the next exit is sent", () =>
    boughtBehind(async (world, bot) => {
      world.fault({ kind: "partial_fill", quantity: "4", rest: "script" }, { side: "buy" });
      await world.submit(bot, { ...OPEN, quantity: "11" });
      await world.advance(2_500);
      expect(world.book().net).toBe("10");
      const { id } = world.orders().find(({ qty }) => qty === "11") ?? { id: "" };
      world.simulator.fill({ orderId: id, quantity: "7", price: "76" });
      await world.advance(4_500);
      expect(world.book().net).toBe("17");
    }));
});

test("what was bought beside an exit that was canceled makes no later exit the one before it", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  await world.submit(bot, { ...CLOSE, type: "limit", limitPrice: "90" });
  await world.submit(bot, { ...OPEN, quantity: "2", type: "limit", limitPrice: "76" });
  await world.advance(2_500);
  await cancelByHand(world, world.orders().find(({ side }) => side === "sell")?.id);
  await world.advance(4_500);
  expect(world.book()).toMatchObject({ net: "8", reservations: [] });
  const all = { ...CLOSE, quantity: "8" } as const;
  world.fault({ kind: "accept_then_drop" }, { side: "sell" });
  hideUnanswered(world);
  const { requestId } = await world.submit(bot, all);
  await world.submit(bot, { ...OPEN, quantity: "8" });
  await world.advance(2_500);
  expect(world.book().net).toBe("16");
  await addIsKnown(world);
  expect(world.book().net).toBe("8");
  const next = await world.submit(bot, all);
  expect(next).toMatchObject({ status: "PROCEED" });
  expect(next.requestId).not.toBe(requestId);
  await world.untilSettled();
  expect(world.simulator.positions()).toEqual([]);
});

test("an exit that filled behind an entry, and is known later, is the same exit again", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  world.fault({ kind: "accept_then_drop" }, { side: "sell" });
  hideUnanswered(world);
  const exit = { ...CLOSE, type: "limit", limitPrice: "80" } as const;
  const { requestId } = await world.submit(bot, exit);
  await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "76" });
  await world.advance(2_500);
  expect(world.book()).toMatchObject({ net: "12", episode: 1 });
  world.simulator.setPrice("TQQQ", "81");
  await addIsKnown(world);
  expect(world.book()).toMatchObject({ net: "6", episode: 1 });
  await isThatOrder(world, bot, exit, requestId);
});

test("an exit that came late, under the id of a refused try, may be of the life before too", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  world.fault({ kind: "arrive_late", delayMs: 30_000 }, { side: "sell" });
  const { requestId } = await world.submit(bot, CLOSE);
  await world.advance(20_000);
  expect(world.theClaim()).toMatchObject({ outcome: "absent" });
  const message = "insufficient qty available for order (requested: 6, available: 0)";
  world.fault({ kind: "refuse", status: 403, code: 40310000, message }, { side: "sell" });
  expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "BLOCKED", requestId });
  hideUnanswered(world);
  await world.advance(10_000);
  expect(world.simulator.positions()).toEqual([]);
  await world.submit(bot, OPEN);
  await world.advance(2_500);
  expect(world.book()).toMatchObject({ net: "12", episode: 1 });
  world.simulator.clearFaults();
  await world.advance(30_000);
  expect(world.book().net).toBe("6");
  const next = await world.submit(bot, CLOSE);
  expect(next).toMatchObject({ status: "PROCEED" });
  expect(next.requestId).not.toBe(requestId);
});

test.each([
  ["polling", false],
  ["the stream, late", true],
])(
  "an exit that was replaced filled when the order in its place did: told by %s",
  async (_, late) => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const exit = { ...CLOSE, type: "limit", limitPrice: "90" } as const;
    const { requestId } = await world.submit(bot, exit);
    const [first] = world.orders();
    const url = `${world.simulator.url}/v2/orders/${first?.id}`;
    const body = JSON.stringify({ limit_price: "80" });
    await world.advance(4_500);
    expect((await fetch(url, { method: "PATCH", headers: KEYS, body })).status).toBe(200);
    for (const path of ["/v2/orders", `/v2/orders/${first?.id}`]) {
      world.simulator.addFaults([{ match: { method: "GET", path }, fault: PAGE, times: 1_000 }]);
    }
    const replaced = () => world.orders().find(({ id }) => id === first?.id);
    await world.advance(100);
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "76" });
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "12", episode: 1 });
    world.simulator.setPrice("TQQQ", "81");
    if (late) await bot.latch.applyUpdate({ ...replaced() });
    await addIsKnown(world);
    expect(world.book()).toMatchObject({ net: "6", episode: 1 });
    await isThatOrder(world, await world.open(), exit, requestId);
  },
);

test("nor is one whose last shares are as many as the order before it in its place had sold", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  const exit = { ...CLOSE, type: "limit", limitPrice: "90" } as const;
  await world.submit(bot, exit);
  const [{ id } = { id: "" }] = world.orders();
  world.simulator.fill({ orderId: id, quantity: "3", price: "90" });
  await world.advance(2_500);
  await replaceByHand(world, id, { limit_price: "85" });
  await world.advance(2_500);
  expect(world.book()).toMatchObject({ net: "3", reservations: [{ quantity: "3" }] });
  const next = world.orders().find(({ status }) => status === "new")?.id ?? "";
  for (const path of ["/v2/orders", `/v2/orders/${next}`]) {
    world.simulator.addFaults([{ match: { method: "GET", path }, fault: PAGE, times: 1_000 }]);
  }
  world.simulator.fill({ orderId: next, quantity: "3", price: "85" });
  await world.advance(100);
  await world.submit(bot, OPEN);
  await world.advance(2_500);
  expect(world.book()).toMatchObject({ net: "9", episode: 1 });
  await addIsKnown(world);
  expect(world.book().net).toBe("6");
  expect(await world.submit(bot, exit)).toMatchObject({ status: "PROCEED" });
});
