import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { decimal } from "../../src/core/decimal.ts";
import { type Feed, StrategyRunner } from "../../src/index.ts";
import { backtest } from "../../src/run/backtest.ts";
import { isUnguarded, loadStrategy } from "../../src/run/load-strategy.ts";
import { openWorld, type World } from "../gateway/world.ts";
import { barAt, SESSION } from "../strategy/listed-feed.ts";

const folder = mkdtempSync(join(tmpdir(), "tradelatch-strategy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const EXAMPLE = readFileSync("docs/STRATEGIES.md", "utf8").split("```ts\n")[1]?.split("```")[0];

const BARS = `time,open,high,low,close,volume
2026-05-21T09:30,700,701,700,701,9
2026-05-21T09:31,701,702,701,702,9
2026-05-21T09:32,702,702,700,700,9
2026-05-21T09:33,700,700,699,699,9
`;

describe("the strategy of docs/STRATEGIES.md", () => {
  test("is one in 20 lines, and trades as it says", async () => {
    expect(EXAMPLE?.trim().split("\n").length).toBeLessThanOrEqual(21);
    const options = {
      strategy: fileOf("example.ts", EXAMPLE ?? ""),
      ...{ parameters: { quantity: "2" }, bars: [fileOf("spy.csv", BARS)] },
      ...({ faults: "none", seed: 1, instances: 2 } as const),
    };
    const done = await backtest(options, systemClock, new AbortController().signal);
    expect(done.accounts.fills.map(({ side, quantity, price }) => [side, quantity, price])).toEqual(
      [
        ["buy", "2", "701"],
        ["sell", "2", "700"],
      ],
    );
    expect(done.summary).toMatchObject({
      ...{ trades: 1, realizedProfitUsd: "-2.00", orders: 2, duplicatesBlocked: 2 },
      ...{ booksEqual: true, invariantsBroken: [] },
    });
  });
});

describe("the exit of that strategy", () => {
  /** It fills in part, and `then` comes before the bars behind it. */
  async function afterPartExit(then: (world: World) => Promise<unknown>) {
    const world = await openWorld({ prices: { SPY: "700" } });
    const { latch, clock } = await world.open();
    const strategy = (await loadStrategy(fileOf("example.ts", EXAMPLE ?? "")))({ quantity: "3" });
    if (isUnguarded(strategy)) throw new Error("the example needs a latch");
    world.fault({ kind: "partial_fill", quantity: "1", rest: "script" }, { side: "sell" });
    const feed: Feed = {
      async *items() {
        yield SESSION;
        for (const [minute, close] of ["701", "699", "699", "699"].entries()) {
          const bar = { ...barAt(minute, close, "SPY"), open: decimal("700") };
          yield { kind: "bar", bar, isPast: false };
          if (minute === 1) await then(world);
          await world.advance(60_000);
        }
      },
    };
    const runner = new StrategyRunner({ strategy, feed, latch, clock });
    await runner.run(new AbortController().signal);
    const orders = world.orders().map(({ side, qty }) => `${side} ${qty}`);
    return { orders, net: world.book("SPY").net };
  }

  test("sells what an exit has left that ended with a part of it", async () => {
    const sold = await afterPartExit(({ simulator }) =>
      fetch(`${simulator.url}/v2/orders`, {
        method: "DELETE",
        headers: { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" },
      }),
    );
    expect(sold).toEqual({ orders: ["buy 3", "sell 3", "sell 2"], net: "0" });
  });

  test("sends nothing beside an exit that is still at work", async () => {
    const sold = await afterPartExit(async () => undefined);
    expect(sold).toEqual({ orders: ["buy 3", "sell 3"], net: "2" });
  });
});

describe("a strategy's file", () => {
  test.each([
    ["missing", undefined, /there is no file ".*missing.ts"/],
    ["broken", "export default {", /broken.ts cannot be loaded: /],
    [
      "without-export",
      "export const bot = 1;",
      /exports undefined by default: expected a function/,
    ],
    ["throws", "export default () => { throw new Error('no') }", /throws.ts makes no strategy: no/],
    ["empty", "export default () => ({ symbols: [] })", /makes something without a list "symbols"/],
  ])("that is %s is refused with what is wrong", async (name, text, message) => {
    const path = text === undefined ? join(folder, `${name}.ts`) : fileOf(`${name}.ts`, text);
    const made = loadStrategy(path).then((make) => make({}));
    await expect(made).rejects.toMatchObject({ code: "invalid_strategy" });
    await expect(made).rejects.toThrow(message);
  });

  test("that is a folder is refused as one", async () => {
    const made = loadStrategy(folder);
    await expect(made).rejects.toMatchObject({ code: "invalid_strategy" });
    await expect(made).rejects.toThrow(`${JSON.stringify(folder)} is a folder, and no file`);
  });

  test("may be JavaScript, and its instances share nothing", async () => {
    const text = `import { BAR_MS } from "tradelatch";
      export default () => ({ symbols: ["A" + BAR_MS], onBar() {} });`;
    const make = await loadStrategy(fileOf("plain.mjs", text));
    expect(make({}).symbols).toEqual(["A60000"]);
    expect(make({})).not.toBe(make({}));
  });
});
