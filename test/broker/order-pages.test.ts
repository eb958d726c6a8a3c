import { describe, expect, it } from "vitest";

import { MAX_PAGES, PAGE_SIZE } from "../../src/broker/alpaca/order-pages.ts";
import { bench } from "./alpaca-bench.ts";
import type { Answer } from "./raw-server.ts";
import { ARRIVAL, bodyOf, fixture } from "./wire-fixtures.ts";

const ORDER = JSON.parse(bodyOf(fixture("accepted"))) as Record<string, unknown>;
const START_US = Date.parse("2026-11-20T14:30:00Z") * 1_000;

interface Listed {
  readonly id: string;
  /** What the list is cut by. */
  readonly storedUs: number;
  /** What the list shows; up to a microsecond off. */
  readonly shownUs: number;
}

/** `2026-11-20T14:30:00.001002Z` */
function isoOf(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1_000);
  const rest = String(microseconds - milliseconds * 1_000).padStart(3, "0");
  return new Date(milliseconds).toISOString().replace("Z", `${rest}Z`);
}

/** Lists as Alpaca does: oldest first, `after` exclusive, at most `limit`. */
function listOf(orders: readonly Listed[]): Answer {
  return (arrived, response) => {
    const query = new URL(arrived.path, "http://list").searchParams;
    const after = query.get("after");
    const afterUs = after === null ? Number.NEGATIVE_INFINITY : Date.parse(after) * 1_000;
    const page = orders
      .filter((order) => order.storedUs > afterUs)
      .slice(0, Number(query.get("limit")))
      .map(({ id, shownUs }) => ({ ...ORDER, id, submitted_at: isoOf(shownUs) }));
    response.end(JSON.stringify(page));
  };
}

/** Three orders share each millisecond, and are stored a microsecond before what is shown. */
function ordersIn(count: number): readonly Listed[] {
  return Array.from({ length: count }, (_, index) => {
    const shownUs = START_US + Math.floor(index / 3) * 1_000;
    return { id: `order-${index}`, storedUs: shownUs - 1, shownUs };
  });
}

/** One order a second, the last of them now, by a clock that is `aheadMs` ahead of ours. */
function ordersBy(aheadMs: number, count: number): readonly Listed[] {
  return Array.from({ length: count }, (_, index) => {
    const shownUs = (ARRIVAL + aheadMs - (count - 1 - index) * 1_000) * 1_000;
    return { id: `order-${index}`, storedUs: shownUs, shownUs };
  });
}

/** Every answer tells the time of a clock that is `aheadMs` ahead of ours. */
function byClock(aheadMs: number, list: Answer): Answer {
  return (arrived, response) => {
    response.setHeader("date", new Date(ARRIVAL + aheadMs).toUTCString());
    list(arrived, response);
  };
}

/** Each order with two legs; counts as `each`, so that the end of a full page may cut one apart. */
function inBrackets(each: number, list: Answer): Answer {
  return (arrived, response) => {
    const end = response.end.bind(response);
    response.end = ((body: string) => {
      const orders = JSON.parse(body) as Record<string, unknown>[];
      const brackets = orders.slice(0, Math.ceil(PAGE_SIZE / each)).map((order, index) => {
        const left = each === 1 ? 2 : PAGE_SIZE - index * each - 1;
        const legs = ["gain", "stop"].map((name) => ({ ...order, id: `${order.id}-${name}` }));
        return { ...order, legs: legs.slice(0, left) };
      });
      return end(JSON.stringify(brackets));
    }) as typeof response.end;
    list(arrived, response);
  };
}

describe("a list of orders", () => {
  it("is read past 500 with every order once, oldest first", async () => {
    const orders = ordersIn(1_201);
    const { broker, server } = await bench(listOf(orders));
    const reading = await broker.orders({ status: "all" });
    expect(reading.kind).toBe("read");
    if (reading.kind !== "read") return;
    expect(reading.value.map((order) => order.brokerOrderId)).toEqual(orders.map(({ id }) => id));
    expect(server.arrived).toHaveLength(3);
  });

  it.each([600_000, -600_000])(
    "is read past 500 where the broker's clock is %i ms ahead of ours",
    async (aheadMs) => {
      const orders = ordersBy(aheadMs, 700);
      const { broker } = await bench(byClock(aheadMs, listOf(orders)));
      await broker.orders({ status: "all", after: ARRIVAL });
      const reading = await broker.orders({ status: "all", after: ARRIVAL - 3_600_000 });
      if (reading.kind !== "read") throw new Error(reading.reason);
      expect(reading.value.map((order) => order.brokerOrderId)).toEqual(orders.map(({ id }) => id));
    },
  );

  it("asks for what the query selects", async () => {
    const { broker, server } = await bench(listOf([]));
    await broker.orders({
      status: "closed",
      after: Date.parse("2026-11-20T14:30:00Z"),
      until: Date.parse("2026-11-20T15:30:00.5Z"),
      symbols: ["AAPL", "BRK.B"],
    });
    const query = new URL(server.arrived[0]?.path ?? "", "http://list").searchParams;
    expect(Object.fromEntries(query)).toEqual({
      status: "closed",
      limit: "500",
      nested: "true",
      direction: "asc",
      after: "2026-11-20T14:30:00.000Z",
      until: "2026-11-20T15:30:00.500Z",
      symbols: "AAPL,BRK.B",
    });
  });

  it("shows an order that two pages hold as the later page has it", async () => {
    const orders = ordersIn(PAGE_SIZE + 1);
    let pages = 0;
    const { broker } = await bench((arrived, response) => {
      pages += 1;
      const status = `page_${pages}`;
      const end = response.end.bind(response);
      response.end = ((body: string) => {
        const page = JSON.parse(body) as Record<string, unknown>[];
        return end(JSON.stringify(page.map((order) => ({ ...order, status }))));
      }) as typeof response.end;
      listOf(orders)(arrived, response);
    });
    const reading = await broker.orders({ status: "all" });
    if (reading.kind !== "read") throw new Error(reading.reason);
    expect(reading.value).toHaveLength(PAGE_SIZE + 1);
    expect(reading.value.at(0)?.status).toBe("page_1");
    expect(reading.value.at(-2)?.status).toBe("page_2");
  });

  it.each([
    ["counts legs as orders", 3, 4],
    ["does not count legs", 1, 2],
  ])("of brackets is read past a full page, where the broker %s", async (_, each, pages) => {
    const orders = ordersBy(0, PAGE_SIZE);
    const { broker, server } = await bench(inBrackets(each, listOf(orders)));
    const reading = await broker.orders({ status: "all" });
    if (reading.kind !== "read") throw new Error(reading.reason);
    expect(reading.value.map((order) => order.brokerOrderId)).toEqual(orders.map(({ id }) => id));
    expect(reading.value.filter(({ legs }) => legs?.length !== 2)).toEqual([]);
    expect(server.arrived).toHaveLength(pages);
  });

  it("is unknown when a page fails, and tells of those that came before", async () => {
    const orders = ordersIn(1_201);
    let pages = 0;
    const { broker } = await bench((arrived, response) => {
      pages += 1;
      if (pages < 3) listOf(orders)(arrived, response);
      else response.writeHead(502).end("<html></html>");
    });
    const reading = await broker.orders({ status: "all" });
    expect(reading).toMatchObject({ kind: "unknown", reason: expect.stringContaining("502") });
    const shown = reading.kind === "unknown" ? reading.readable?.value.length : 0;
    expect(shown).toBeGreaterThan(PAGE_SIZE);
  });

  it("is unknown when an order of it cannot be read, and tells of the others", async () => {
    const orders = ordersIn(6);
    const { broker } = await bench((arrived, response) => {
      const end = response.end.bind(response);
      response.end = ((body: string) => {
        const page = JSON.parse(body) as Record<string, unknown>[];
        const unreadable = { ...page[2], filled_qty: "1", filled_avg_price: null };
        return end(JSON.stringify([...page.slice(0, 2), unreadable, 7, ...page.slice(3)]));
      }) as typeof response.end;
      listOf(orders)(arrived, response);
    });
    const reading = await broker.orders({ status: "all" });
    expect(reading).toMatchObject({ reason: "the list has 2 that cannot be read as orders" });
    const list = reading.kind === "unknown" ? reading.readable : undefined;
    const others = ["order-0", "order-1", "order-3", "order-4", "order-5"];
    expect(list?.value.map(({ brokerOrderId }) => brokerOrderId)).toEqual(others);
    expect(list?.wires().map(({ id }) => id)).toEqual(expect.arrayContaining(others));
  });

  it.each([
    ["its only page", 6],
    ["the first of its pages", PAGE_SIZE + 1],
  ])("is unknown when one order on %s cannot be read", async (_, count) => {
    const orders = ordersIn(count);
    const { broker, server } = await bench((arrived, response) => {
      const end = response.end.bind(response);
      response.end = ((body: string) => {
        const page = JSON.parse(body) as Record<string, unknown>[];
        const unreadable = { filled_qty: "1", filled_avg_price: null };
        const shown = page.map((one) => (one.id === "order-2" ? { ...one, ...unreadable } : one));
        return end(JSON.stringify(shown));
      }) as typeof response.end;
      listOf(orders)(arrived, response);
    });
    const reading = await broker.orders({ status: "all" });
    expect(reading).toMatchObject({ kind: "unknown", reason: expect.stringContaining("has 1 ") });
    const list = reading.kind === "unknown" ? reading.readable : undefined;
    expect(list?.value).toHaveLength(count - 1);
    expect(server.arrived).toHaveLength(count > PAGE_SIZE ? 2 : 1);
  });

  it("is unknown when more orders share a moment than a page holds", async () => {
    const orders = ordersIn(PAGE_SIZE + 1).map((order) => ({ ...order, shownUs: START_US }));
    const crowded = orders.map((order) => ({ ...order, storedUs: START_US }));
    const { broker, server } = await bench(listOf(crowded));
    expect((await broker.orders({ status: "all" })).kind).toBe("unknown");
    expect(server.arrived).toHaveLength(2);
  });

  it("is unknown when it does not end within the bound on pages", async () => {
    const { broker, server } = await bench(listOf(ordersIn(MAX_PAGES * PAGE_SIZE + 1)));
    expect((await broker.orders({ status: "all" })).kind).toBe("unknown");
    expect(server.arrived).toHaveLength(MAX_PAGES);
  });
});
