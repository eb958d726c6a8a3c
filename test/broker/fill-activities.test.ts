import { describe, expect, it } from "vitest";
import { ACTIVITIES_PAGE_SIZE } from "../../src/broker/alpaca/activity-pages.ts";
import type { FillActivity } from "../../src/broker/broker.ts";
import { fillsSince } from "../../src/broker/fills-since.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import { testimonyOf } from "../../src/fills/activity-witness.ts";
import { bench } from "./alpaca-bench.ts";
import { type Answer, json } from "./raw-server.ts";

const AFTER = Date.parse("2026-11-20T14:30:00Z");
const FILL = {
  ...{ activity_type: "FILL", type: "fill", symbol: "TQQQ", side: "buy", order_status: "filled" },
  ...{ transaction_time: "2026-11-20T14:31:00.123456Z", price: "75.33", qty: "6" },
  ...{ leaves_qty: "0", cum_qty: "6", order_id: "order-1", id: "20261120143100123::1" },
};

/** Goes on behind the token, as Alpaca does. */
function pagesOf(fills: readonly (typeof FILL)[]): Answer {
  return (arrived, response) => {
    const query = new URL(arrived.path, "http://list").searchParams;
    const last = fills.findIndex(({ id }) => id === query.get("page_token"));
    const page = fills.slice(last + 1, last + 1 + Number(query.get("page_size")));
    response.end(JSON.stringify(page));
  };
}

function fillsOf(count: number): (typeof FILL)[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ ...FILL, id: `fill-${index}`, qty: "1" },
    order_id: `order-${index % 2}`,
  }));
}

describe("the account's fills", () => {
  it("are read as what each execution did, in our words", async () => {
    const { broker, server } = await bench(json(200, [{ ...FILL, side: "sell_short" }]));
    expect(await broker.fillActivities({ after: AFTER })).toEqual({
      kind: "read",
      value: [
        {
          ...{ activityId: FILL.id, brokerOrderId: "order-1", symbol: "TQQQ", side: "sell" },
          ...{ quantity: "6", price: "75.33", at: Date.parse("2026-11-20T14:31:00.123Z") },
        },
      ],
    });
    const asked = new URL(server.arrived[0]?.path ?? "", "http://list");
    expect(asked.pathname).toBe("/v2/account/activities/FILL");
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      ...{ after: "2026-11-20T14:30:00.000Z", direction: "asc", page_size: "100" },
    });
  });

  it.each([7_200_000, -7_200_000])(
    "of one order since a time of the broker's clock are asked for by it, %i ms ahead of ours",
    async (aheadMs) => {
      const { broker, clock, server } = await bench((arrived, response) => {
        response.setHeader("date", new Date(clock.now() + aheadMs).toUTCString());
        json(200, [FILL])(arrived, response);
      });
      await broker.fillActivities({ after: AFTER });
      const since = AFTER + aheadMs;
      const id = "order-1" as BrokerOrderId;
      expect(await fillsSince(broker, id, since, clock.now())).toMatchObject({ kind: "read" });
      const asked = new URL(server.arrived.at(-1)?.path ?? "", "http://list").searchParams;
      expect(Date.parse(asked.get("after") ?? "")).toBe(since);
    },
  );

  it("are read past one page, each once, and only those that are asked for", async () => {
    const { broker, server } = await bench(pagesOf(fillsOf(250)));
    const all = await broker.fillActivities({ after: AFTER });
    expect(all.kind === "read" && all.value.map(({ activityId }) => activityId)).toEqual(
      fillsOf(250).map(({ id }) => id),
    );
    expect(server.arrived).toHaveLength(3);
    const orderIds = ["order-1" as BrokerOrderId];
    const some = await broker.fillActivities({ after: AFTER, orderIds });
    expect(some.kind === "read" && some.value).toHaveLength(125);
  });

  it.each([
    ["a page that is not JSON", 200, "<html></html>"],
    ["an answer that is no list", 200, "{}"],
    ["a fill without a quantity", 200, JSON.stringify([FILL, { ...FILL, qty: null }])],
    ["a fill of nothing", 200, JSON.stringify([{ ...FILL, qty: "0" }])],
    ["another kind of activity", 200, JSON.stringify([{ ...FILL, activity_type: "DIV" }])],
    ["an error", 500, '{"code":50010000,"message":"internal server error occurred"}'],
  ])("say nothing after %s", async (_, status, body) => {
    const { broker } = await bench(json(status, body));
    expect((await broker.fillActivities({ after: AFTER })).kind).toBe("unknown");
  });

  it("say nothing where the pages do not go on", async () => {
    const { broker, server } = await bench(json(200, fillsOf(ACTIVITIES_PAGE_SIZE)));
    expect((await broker.fillActivities({ after: AFTER })).kind).toBe("unknown");
    expect(server.arrived).toHaveLength(2);
  });
});

describe("the second witness", () => {
  const order = { brokerOrderId: "order-1" as BrokerOrderId, filledQuantity: decimal("6") };
  const fill = (quantity: string, activityId: string, id = "order-1"): FillActivity => ({
    ...{ activityId, brokerOrderId: id as BrokerOrderId, symbol: "TQQQ", side: "buy", at: AFTER },
    ...{ quantity: decimal(quantity), price: decimal("75.5") },
  });

  it.each([
    ["agrees", "every share is there", [fill("2", "a"), fill("4", "b")]],
    ["agrees", "one comes twice", [fill("4", "b"), fill("2", "a"), fill("4", "b")]],
    ["agrees", "others have filled too", [fill("6", "a"), fill("9", "b", "order-2")]],
    ["short", "one is missing", [fill("4", "b")]],
    ["short", "there is none", []],
    ["beyond", "there is more", [fill("6", "a"), fill("0.5", "b")]],
  ] as const)("%s where %s", (verdict, _, fills) => {
    expect(testimonyOf(order, fills).verdict).toBe(verdict);
  });

  it("tells quantity and cost as they add up", () => {
    expect(testimonyOf(order, [fill("2", "a"), fill("4", "b")])).toMatchObject({
      ...{ quantity: "6", cost: "453" },
    });
  });
});
