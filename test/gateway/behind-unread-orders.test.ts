/** What an order comes to while others in its symbol have filled, and nobody has polled that yet. */
import { describe, expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, type Process, type World } from "./world.ts";

const BUY = { symbol: "TQQQ", side: "buy", quantity: "6" } as const;
const SELL = { symbol: "TQQQ", side: "sell", quantity: "6" } as const;
/** Far from the market: it works, and fills nothing. */
const RESTING = { ...OPEN, quantity: "1", type: "limit", limitPrice: "60" } as const;
const REFUSED = { status: "BLOCKED", code: "not_sent" };

function hideOrders(world: World): void {
  const page = { kind: "html", status: 502, accept: false } as const;
  world.simulator.addFaults([
    { match: { method: "GET", path: "/v2/orders*" }, fault: page, times: 1_000 },
  ]);
}

async function cancelByHand({ simulator }: World, id: string | undefined): Promise<number> {
  const headers = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" };
  const url = `${simulator.url}/v2/orders/${id}`;
  return (await fetch(url, { method: "DELETE", headers })).status;
}

/** The shares were sold a moment ago, and as many have been bought since, which nobody has polled. */
async function boughtAgain(): Promise<{ world: World; bot: Process }> {
  const world = await openWorld(LONG);
  const bot = await world.open();
  await world.submit(bot, CLOSE);
  await world.advance(2_500);
  await world.submit(bot, OPEN);
  expect(world.book().net).toBe("0");
  return { world, bot };
}

describe("buy, sell, buy, sell within a minute", () => {
  test("are four orders: the second exit sells what the second entry has bought", async () => {
    const { world, bot } = await boughtAgain();
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.posts()).toHaveLength(3);
    expect(world.simulator.positions()).toEqual([]);
    expect(world.reads("/v2/account/activities/FILL")).toEqual([]);
  });

  test("so is the second entry where nobody has polled the first exit", async () => {
    const world = await openWorld();
    const bot = await world.open();
    for (const order of [BUY, SELL, BUY, SELL]) {
      expect(await world.submit(bot, order)).toMatchObject({ status: "PROCEED" });
    }
    await world.untilSettled();
    expect(world.posts()).toHaveLength(4);
    expect(world.simulator.positions()).toEqual([]);
    expect(world.book()).toMatchObject({ net: "0", episode: 2 });
  });

  test("so is the second exit where nobody has polled the first one either", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    for (const order of [SELL, BUY, SELL]) {
      expect(await world.submit(bot, order)).toMatchObject({ status: "PROCEED" });
    }
    await world.untilSettled();
    expect(world.posts()).toHaveLength(3);
    expect(world.simulator.positions()).toEqual([]);
    expect(world.book()).toMatchObject({ net: "0", episode: 2 });
  });

  test("a repeat of the last exit is that exit, although an entry works", async () => {
    const { world, bot } = await boughtAgain();
    const exit = await world.submit(bot, CLOSE);
    await world.advance(2_500);
    await world.submit(bot, RESTING);
    const { requestId } = exit;
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "SKIP", requestId });
    expect(world.posts()).toHaveLength(4);
  });

  test("a repeat of an entry is that entry, although an exit works", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const { requestId } = await world.submit(bot, OPEN);
    await world.submit(bot, { ...CLOSE, type: "limit", limitPrice: "90" });
    for (let repeats = 0; repeats < 5; repeats += 1) {
      expect(await world.submit(bot, OPEN)).toMatchObject({ status: "SKIP", requestId });
    }
    expect(world.posts()).toHaveLength(2);
  });

  test("a repeat of an exit that works is that exit, although an entry behind it is booked", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const exit = { ...CLOSE, type: "limit", limitPrice: "90" } as const;
    const { requestId } = await world.submit(bot, exit);
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "76" });
    await world.advance(2_500);
    expect(world.book().net).toBe("12");
    const again = { status: "PENDING", phase: "working", requestId };
    expect(await world.submit(bot, exit)).toMatchObject(again);
    expect(world.posts()).toHaveLength(2);
  });
});

describe("behind an exit of all that nobody has polled,", () => {
  const NAMED = { ...BUY, clientOrderId: "entry-2" };

  /** The shares were sold a moment ago. */
  async function sold() {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, SELL);
    expect(world.book().net).toBe("6");
    return { world, bot };
  }

  test("an entry once more is that entry, although the exit is booked meanwhile", async () => {
    const { world, bot } = await sold();
    const { requestId } = await world.submit(bot, BUY);
    await world.advance(2_500);
    expect(await world.submit(bot, BUY)).toMatchObject({ status: "SKIP", requestId });
    expect(world.posts()).toHaveLength(2);
    expect(world.book()).toMatchObject({ net: "6", episode: 2 });
  });

  test("so is one that was sent while the exit could not be read", async () => {
    const { world, bot } = await sold();
    const fault = { kind: "html", status: 502, accept: false } as const;
    const match = { method: "GET", path: "/v2/orders*" } as const;
    world.simulator.addFaults([{ match, fault, times: 1_000 }]);
    const { requestId } = await world.submit(bot, BUY);
    world.simulator.clearFaults();
    await world.advance(4_500);
    expect(world.book()).toMatchObject({ net: "6", episode: 2 });
    expect(await world.submit(bot, BUY)).toMatchObject({ status: "SKIP", requestId });
    expect(world.posts()).toHaveLength(2);
    expect(await world.submit(bot, SELL)).toMatchObject({ status: "PROCEED" });
  });

  test.each([
    ["without an answer", { kind: "accept_then_drop" }],
    ["that works", { kind: "partial_fill", quantity: "0", rest: "script" }],
  ] as const)("so is one %s, while the exit could not be read", async (_, fault) => {
    const { world, bot } = await sold();
    world.fault(fault, { side: "buy" });
    hideOrders(world);
    const { requestId } = await world.submit(bot, BUY);
    world.simulator.clearFaults();
    const page = { kind: "html", status: 502, accept: false } as const;
    const match = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
    world.simulator.addFaults([{ match, fault: page, times: 1_000 }]);
    await world.advance(12_000);
    expect(world.book()).toMatchObject({ net: "0", episode: 1 });
    expect(await world.submit(bot, BUY)).toMatchObject({ status: "PENDING", requestId });
    expect(world.posts()).toHaveLength(2);
  });

  test("so is one that two instances of a bot send at a time", async () => {
    const { world, bot } = await sold();
    const answers = await world.drive(Promise.all([bot.latch.submit(BUY), bot.latch.submit(BUY)]));
    expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(1);
    await world.untilSettled();
    expect(world.posts()).toHaveLength(2);
  });

  test("so is one that works, and fills once the exit is booked", async () => {
    const { world, bot } = await sold();
    world.fault({ kind: "partial_fill", quantity: "0", rest: "script" });
    const { requestId } = await world.submit(bot, BUY);
    await world.advance(2_500);
    const again = { status: "PENDING", phase: "working", requestId };
    expect(await world.submit(bot, BUY)).toMatchObject(again);
    expect(world.posts()).toHaveLength(2);
  });

  test.each([
    ["one that names nothing", BUY],
    ["one under its own id", NAMED],
  ])("an entry whose fill is known first, %s, can be sold", async (_, entry) => {
    const { world, bot } = await sold();
    world.fault({ kind: "accept_then_drop" }, { side: "buy" });
    expect(await world.submit(bot, entry)).toMatchObject({ status: "PROCEED" });
    expect(await world.submit(bot, SELL)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.posts()).toHaveLength(3);
    expect(world.simulator.positions()).toEqual([]);
  });

  test("an entry goes out also where the exit cannot be read", async () => {
    const { world, bot } = await sold();
    hideOrders(world);
    expect(await world.submit(bot, BUY)).toMatchObject({ status: "PROCEED" });
    expect(await world.submit(bot, { ...NAMED, quantity: "3" })).toMatchObject({
      status: "PROCEED",
    });
  });

  test("an entry goes out without a read where some of the shares are not for sale", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, { ...SELL, quantity: "5", type: "limit", limitPrice: "90" });
    const reads = world.reads("/v2/orders").length;
    expect(await world.submit(bot, RESTING)).toMatchObject({ status: "PROCEED" });
    expect(world.reads("/v2/orders")).toHaveLength(reads);
  });
});

describe("while the orders at work cannot be read,", () => {
  test("an exit like one of a moment ago is not told of that one's fill", async () => {
    const { world, bot } = await boughtAgain();
    hideOrders(world);
    expect(await world.submit(bot, CLOSE)).toMatchObject(REFUSED);
    expect(world.posts()).toHaveLength(2);
    world.simulator.clearFaults();
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.simulator.positions()).toEqual([]);
  });

  test("an exit is not told that the one before it works, once an entry behind that is booked", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const { requestId } = await world.submit(bot, CLOSE);
    const [exit] = world.orders();
    const page = { kind: "html", status: 502, accept: false } as const;
    for (const path of ["/v2/orders", `/v2/orders/${exit?.id}`]) {
      world.simulator.addFaults([{ match: { method: "GET", path }, fault: page, times: 1_000 }]);
    }
    await world.advance(1_000);
    await world.submit(bot, OPEN);
    await world.advance(2_500);
    expect(world.book().net).toBe("12");
    expect(await world.submit(bot, CLOSE)).toMatchObject({ ...REFUSED, cause: { requestId } });
    world.simulator.clearFaults();
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.simulator.positions()).toEqual([]);
    expect(world.posts()).toHaveLength(3);
  });

  test("a close is not refused for want of the shares that an entry may have bought", async () => {
    const world = await openWorld();
    const bot = await world.open({ waitMs: 5_000 });
    const { requestId } = await world.submit(bot, OPEN);
    hideOrders(world);
    const sentAt = world.now();
    expect(await world.submit(bot, CLOSE)).toMatchObject({ ...REFUSED, cause: { requestId } });
    expect(world.now() - sentAt).toBe(5_000);
    expect(world.reads("/v2/orders").length).toBeLessThan(12);
    world.simulator.clearFaults();
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
  });

  test("a close is not refused for want of the shares that an exit which was canceled held", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const { requestId } = await world.submit(bot, { ...CLOSE, type: "limit", limitPrice: "90" });
    await world.advance(5_000);
    expect(await cancelByHand(world, world.orders()[0]?.id)).toBe(204);
    hideOrders(world);
    expect(await world.submit(bot, CLOSE)).toMatchObject({ ...REFUSED, cause: { requestId } });
    const closed = bot.latch.submit(CLOSE);
    await world.advance(1_000);
    world.simulator.clearFaults();
    expect(await world.drive(closed)).toMatchObject({ status: "PROCEED" });
  });

  test("it goes out within its caller's patience once they can be read", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, OPEN);
    hideOrders(world);
    const closed = bot.latch.submit(CLOSE);
    await world.advance(1_000);
    world.simulator.clearFaults();
    expect(await world.drive(closed)).toMatchObject({ status: "PROCEED" });
  });

  test("a close of all sells what is known to be held", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, OPEN);
    hideOrders(world);
    const all = { symbol: "TQQQ", portion: "all" } as const;
    const known = { status: "PROCEED", order: { quantity: "6" } };
    expect(await world.submit(bot, all)).toMatchObject(known);
  });

  test("an entry like one whose exit may have filled is taken for that one", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const { requestId } = await world.submit(bot, OPEN);
    await world.submit(bot, CLOSE);
    hideOrders(world);
    expect(await world.submit(bot, OPEN)).toMatchObject({ status: "SKIP", requestId });
    expect(world.posts()).toHaveLength(2);
  });
});

describe("where shorts are allowed", () => {
  test("a sell behind a buy that nobody has polled closes it", async () => {
    const world = await openWorld();
    const bot = await world.open({ allowShort: true });
    await world.submit(bot, BUY);
    expect(world.book().net).toBe("0");
    expect(await world.submit(bot, SELL)).toMatchObject({ status: "PROCEED" });
    expect(world.claims().map(({ intent }) => intent.effect)).toEqual(["open", "close"]);
    await world.untilSettled();
    expect(world.simulator.positions()).toEqual([]);
  });

  test("a buy behind a short that cannot be read is not sent, and says why", async () => {
    const world = await openWorld();
    const bot = await world.open({ allowShort: true });
    const { requestId } = await world.submit(bot, SELL);
    hideOrders(world);
    expect(await world.submit(bot, BUY)).toMatchObject({ ...REFUSED, cause: { requestId } });
    world.simulator.clearFaults();
    await world.submit(bot, BUY);
    expect(world.claims().map(({ intent }) => intent.effect)).toEqual(["open", "close"]);
  });

  test("a sell with nothing but sells at work goes out", async () => {
    const world = await openWorld();
    const bot = await world.open({ allowShort: true });
    await world.submit(bot, { ...SELL, quantity: "1", type: "limit", limitPrice: "90" });
    hideOrders(world);
    expect(await world.submit(bot, SELL)).toMatchObject({ status: "PROCEED" });
  });
});

describe.each([
  ["entry", {}, { ...OPEN, type: "limit", limitPrice: "60" }],
  ["exit", LONG, { ...CLOSE, type: "limit", limitPrice: "90" }],
] as const)(
  "the same %s once more, right after it was canceled by somebody,",
  (_, options, order) => {
    async function canceled() {
      const world = await openWorld(options);
      const bot = await world.open();
      await world.submit(bot, order);
      await world.advance(5_000);
      const [first] = world.orders();
      expect(await cancelByHand(world, first?.id)).toBe(204);
      return { world, bot };
    }

    test("is a new order", async () => {
      const { world, bot } = await canceled();
      expect(await world.submit(bot, order)).toMatchObject({ status: "PROCEED" });
      expect(world.orders().map(({ status }) => status)).toEqual(["canceled", "new"]);
    });

    test("is told of the first one while that cannot be read", async () => {
      const { world, bot } = await canceled();
      hideOrders(world);
      expect(await world.submit(bot, order)).toMatchObject({ status: "PENDING", phase: "working" });
      expect(world.posts()).toHaveLength(1);
    });
  },
);

describe("of orders that have filled before anybody read them,", () => {
  const EXIT = { ...SELL, type: "limit", limitPrice: "80" } as const;
  const ADD = { ...OPEN, quantity: "8", type: "limit", limitPrice: "76" } as const;

  test("the one that filled first is booked first: the position was never flat, nor the book", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const { requestId } = await world.submit(bot, EXIT);
    await world.submit(bot, ADD);
    world.simulator.setPrice("TQQQ", "81");
    await world.advance(4_500);
    expect(world.book()).toMatchObject({ net: "8", episode: 1 });
    expect(await world.submit(bot, EXIT)).toMatchObject({ status: "SKIP", requestId });
    expect(world.posts()).toHaveLength(2);
  });
});
