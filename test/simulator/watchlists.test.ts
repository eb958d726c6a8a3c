import { describe, expect, test } from "vitest";
import { type Body, openBench } from "./simulator-bench.ts";

const LISTS = "/v2/watchlists";
const symbolsOf = ({ assets }: Body) => assets.map(({ symbol }: Body) => symbol);

async function openWithList() {
  const bench = await openBench();
  const created = await bench.call("POST", LISTS, { name: "mine", symbols: ["TQQQ", "spy"] });
  return { ...bench, created: created.body };
}

describe("a watchlist", () => {
  test("is made of stocks, and listed without them", async () => {
    const { call, created } = await openWithList();
    expect(created).toMatchObject({
      name: "mine",
      assets: [{ symbol: "TQQQ" }, { symbol: "SPY" }],
    });
    const { assets: _, ...head } = created;
    expect((await call("GET", LISTS)).body).toEqual([head]);
    expect((await call("GET", `${LISTS}/${created.id}`)).body).toEqual(created);
    expect((await call("GET", `${LISTS}:by_name?name=mine`)).body).toEqual(created);
  });

  test("is changed by its id and by its name", async () => {
    const { call, created } = await openWithList();
    const path = `${LISTS}/${created.id}`;
    expect(symbolsOf((await call("POST", path, { symbol: "QQQ" })).body)).toContain("QQQ");
    const less = (await call("DELETE", `${path}/TQQQ`)).body;
    expect(symbolsOf(less)).toEqual(["SPY", "QQQ"]);
    const renamed = (await call("PUT", `${LISTS}%3Aby_name?name=mine`, { name: "ours" })).body;
    expect(renamed).toMatchObject({ id: created.id, name: "ours" });
    expect(symbolsOf(renamed)).toEqual(["SPY", "QQQ"]);
  });

  test("is deleted once", async () => {
    const { call, created } = await openWithList();
    const gone = [
      await call("DELETE", `${LISTS}/${created.id}`),
      await call("DELETE", `${LISTS}/${created.id}`),
      await call("DELETE", `${LISTS}:by_name?name=mine`),
    ];
    expect(gone.map(({ status, text }) => [status, text !== ""])).toEqual([
      ...[
        [204, false],
        [404, true],
        [404, true],
      ],
    ]);
  });

  test.each([
    ["watchlist name must be unique", { name: "mine" }, 422],
    ["name is required", { symbols: ["TQQQ"] }, 422],
    ["invalid symbols", { name: "other", symbols: "TQQQ" }, 422],
    ["asset not found for NOSUCH", { name: "other", symbols: ["NOSUCH"] }, 422],
    ["request body format is invalid", "[]", 400],
  ])("is refused: %s", async (message, body, status) => {
    const { call } = await openWithList();
    const answer = await call("POST", LISTS, body);
    expect(answer).toMatchObject({ status, body: { message } });
  });

  test("takes and gives up only stocks that are there", async () => {
    const { call, created } = await openWithList();
    const path = `${LISTS}/${created.id}`;
    const answers = [
      await call("POST", path, { symbol: "NOSUCH" }),
      await call("POST", path, {}),
      await call("DELETE", `${path}/QQQ`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 422, 404]);
  });
});

describe("the account's configuration", () => {
  const PATH = "/v2/account/configurations";

  test("is kept as it is changed", async () => {
    const { call } = await openBench();
    const changes = { suspend_trade: true, max_options_trading_level: 2 };
    expect((await call("PATCH", PATH, changes)).body).toMatchObject(changes);
    expect((await call("GET", PATH)).body).toMatchObject(changes);
  });

  test.each([
    ["invalid suspend_trade", { suspend_trade: "yes" }],
    ["invalid max_options_trading_level", { max_options_trading_level: 9 }],
    ["invalid nothing", { no_shorting: true, nothing: 1 }],
  ])("is left alone: %s", async (message, changes) => {
    const { call } = await openBench();
    const answer = await call("PATCH", PATH, changes);
    expect(answer).toMatchObject({ status: 422, body: { message } });
    expect((await call("GET", PATH)).body).toMatchObject({ no_shorting: false });
  });
});
