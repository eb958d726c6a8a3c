import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { momentumParameters } from "../../strategies/momentum-parameters.ts";

describe("the parameters of the momentum bot", () => {
  test("have defaults, and take text", () => {
    expect(momentumParameters({ fastBars: "5", bullQuantity: "0.5" })).toMatchObject({
      ...{ fastBars: 5, middleBars: 21, slowBars: 34, bullQuantity: "0.5", bearQuantity: "11" },
    });
  });

  test("stand in docs/STRATEGIES.md, every one with its default", () => {
    const words = (cell: string) => [...cell.matchAll(/`(.+?)`/g)].map(([, word]) => word);
    const rows = readFileSync("docs/STRATEGIES.md", "utf8")
      .split("| parameter | default |")[1]
      ?.split("\n\n")[0]
      ?.split("\n")
      .map((line) => line.split("|"));
    const told = rows?.flatMap(([, names = "", defaults = ""]) =>
      words(names).map((name, index) => [name, words(defaults)[index]]),
    );
    const real = Object.entries(momentumParameters()).map(([name, value]) => [name, `${value}`]);
    expect(told).toEqual(real);
  });

  test.each([
    [{ fastbars: "5" }, /^no parameter fastbars: there are signalSymbol, /],
    [{ fastBars: "5.5" }, 'fastBars is "5.5": expected a whole number from 1 to 390'],
    [{ fastBars: "" }, 'fastBars is "": expected a whole number from 1 to 390'],
    [{ giveBackPart: "2" }, 'giveBackPart is "2": expected a number from 0.01 to 1'],
    [{ bullQuantity: "0" }, 'bullQuantity is "0": expected shares'],
    [{ bullQuantity: "-6" }, 'bullQuantity is "-6": expected shares'],
    [{ bullSymbol: "tqqq" }, 'bullSymbol is "tqqq": expected a symbol'],
    [{ fastBars: "30" }, /middleBars 21.*expected each to be longer than the one before/],
    [{ bullSymbol: "QQQ" }, /QQQ, QQQ, SQQQ: expected three symbols/],
    [{ flatMinutes: "20" }, /expected no entry when everything is to be sold/],
  ])("refuse %o by name, with what is expected", (given, message) => {
    expect(() => momentumParameters(given as Record<string, string>)).toThrow(message);
  });
});
