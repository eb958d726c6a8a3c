import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readBars } from "../../src/run/bar-file.ts";

const folder = mkdtempSync(join(tmpdir(), "tradelatch-bars-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEADER = "time,open,high,low,close,volume";
const ROW = "2026-05-21T09:30,75.1,75.5,75,75.33,1000";

function fileOf(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join("\n"));
  return path;
}

describe("a file of bars", () => {
  test("gives decimal prices as they stand, and names each bar by its minute in New York", () => {
    const file = fileOf("day-tqqq.csv", "# a remark", HEADER, ROW);
    expect(readBars([file], ["TQQQ"]).get("TQQQ")).toEqual([
      {
        ...{ symbol: "TQQQ", name: "2026-05-21T09:30" },
        ...{ startAt: Date.parse("2026-05-21T13:30Z"), endAt: Date.parse("2026-05-21T13:31Z") },
        ...{ open: "75.1", high: "75.5", low: "75", close: "75.33", volume: "1000" },
      },
    ]);
  });

  test.each([
    "2026-05-21T09:30",
    "2026-05-21 09:30:00",
    "2026-05-21T09:30:00-04:00",
    "2026-05-21T13:30:00.000Z",
    "1779370200",
    "1779370200000",
  ])("may say the time as %s", (time) => {
    const file = fileOf("spy.csv", HEADER, ROW.replace("2026-05-21T09:30", time));
    expect(readBars([file], ["SPY"]).get("SPY")?.[0]?.name).toBe("2026-05-21T09:30");
  });

  test("may have more columns, in any order, capitals, quotes and a byte order mark", () => {
    const file = fileOf(
      "export.csv",
      "\uFEFFSymbol,Volume,Close,Low,High,Open,Time,VWAP\r",
      '"TQQQ","1000","75.33","75","75.5","75.1","2026-05-21T09:30","75.2"\r',
      "SQQQ,1,41,41,41,41,2026-05-21T09:30,41\r",
    );
    const bars = readBars([file], ["SQQQ", "TQQQ"]);
    expect([...bars.keys()]).toEqual(["SQQQ", "TQQQ"]);
    expect(bars.get("TQQQ")?.[0]?.close).toBe("75.33");
  });

  test("stands for the symbol that is given with it, and others are looked for beside it", () => {
    const first = fileOf("2026-qqq.csv", HEADER, ROW);
    fileOf("2026-sqqq.csv", HEADER, ROW);
    const other = fileOf("anything", HEADER, ROW);
    const bars = readBars([first, `TQQQ=${other}`], ["TQQQ", "SQQQ", "QQQ"]);
    expect([...bars].map(([symbol, { length }]) => [symbol, length])).toEqual([
      ["TQQQ", 1],
      ["SQQQ", 1],
      ["QQQ", 1],
    ]);
  });

  test.each(["BTC/USD", "BTCUSD"])("may be of a pair of currencies, given as %s", (pair) => {
    const file = fileOf("coins", HEADER, ROW);
    expect(readBars([`${pair}=${file}`], ["BTC/USD"]).get("BTC/USD")).toHaveLength(1);
  });

  test.each<[string, readonly string[], string | RegExp]>([
    ["no header", [ROW], /has no column time, open, high, low, close, volume/],
    ["a column too few", ["time,open,high,low,close", ROW], /has no column volume/],
    ["semicolons", [HEADER.replaceAll(",", ";")], /has no column time.* in "time;open;high;low/],
    ["no bars", [HEADER], /has no bars/],
    ["a price that is none", [HEADER, ROW.replace("75.33", "x")], /line 2: close is "x": expected/],
    ["a price of 0", [HEADER, ROW.replace("75.33", "0")], /line 2: close is "0".*above zero/],
    ["a close above the high", [HEADER, ROW.replace("75.33", "76")], /close 76 are not within 75/],
    ["a time that is none", [HEADER, ROW.replace("09:30", "soon")], /line 2: time is "2026/],
    ["a month that is none", [HEADER, ROW.replace("-05-", "-13-")], /line 2: time is "2026-13/],
    ["a time with seconds", [HEADER, ROW.replace("09:30", "09:30:59")], /09:30:59": .*minute/],
    [
      "a time within a minute",
      [HEADER, ROW.replace("2026-05-21T09:30", "1779370201")],
      /the minute/,
    ],
    ["a bar twice", [HEADER, ROW, ROW], /line 3: time is .*expected one after the bar before/],
    ["a row of another length", [HEADER, `${ROW},1`], /is no table of bars/],
  ])("is refused for %s, naming the place", (_, lines, message) => {
    const file = fileOf("wrong-qqq.csv", ...lines);
    expect(() => readBars([file], ["QQQ"])).toThrow(message);
  });

  test("that is not there is named, and so is one that is missing beside another", () => {
    expect(() => readBars([join(folder, "no-qqq.csv")], ["QQQ"])).toThrow(/cannot be read/);
    const alone = fileOf("alone-qqq.csv", HEADER, ROW);
    expect(() => readBars([alone], ["QQQ", "TQQQ"])).toThrow(
      /no bars of TQQQ: expected .*alone-tqqq.csv, or give them as --bars TQQQ=FILE/,
    );
    expect(() => readBars([`QQQ=${fileOf("x", HEADER, ROW)}`], ["QQQ", "TQQQ"])).toThrow(
      /no bars of TQQQ: give them as --bars TQQQ=FILE/,
    );
  });

  test("may not give the bars of a symbol a second time", () => {
    const file = fileOf("twice-qqq.csv", HEADER, ROW);
    expect(() => readBars([file, file], ["QQQ"])).toThrow(/has bars of QQQ, as another file has/);
  });
});
