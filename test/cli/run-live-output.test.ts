import { expect, test } from "vitest";
import type { Book } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { tellingPeople, tellingPrograms } from "../../src/cli/run-live-output.ts";
import { decimal, divide, ZERO } from "../../src/core/decimal.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { blockedAnswer } from "../../src/gateway/order-answer.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";

test("a live run says that it waits where its session has not begun", () => {
  const lines: string[] = [];
  const line = (text: string) => lines.push(text);
  const clock = new ManualClock(Date.parse("2026-05-21T13:00Z"));
  const told = tellingPeople({ line, columns: 80, color: false, logsAreRead: false }, clock);
  const [openAt, closeAt] = ["2026-05-21T13:30Z", "2026-05-21T20:00Z"].map((at) => Date.parse(at));
  const session = { date: "2026-05-21", openAt: openAt ?? 0, closeAt: closeAt ?? 0 };
  told.onItem({ kind: "session", session });
  clock.advanceTo(session.openAt);
  told.onItem({ kind: "session", session });
  expect(lines).toEqual([
    "09:00:00  session of 2026-05-21, 09:30 to 16:00; waiting for its open",
    "09:30:00  session of 2026-05-21, 09:30 to 16:00",
  ]);
});

test.each([
  ["PAPER", "PAPER"],
  ["LIVE", "LIVE"],
  ["OTHER", "NOT ALPACA'S HOST: whatever account is behind it"],
] as const)("a live run says whose money it is before all else: %s", (mode, said) => {
  const lines: string[] = [];
  const line = (text: string) => lines.push(text);
  const output = { line, columns: 80, color: false, logsAreRead: false };
  const where = { brokerUrl: "https://broker.example", account: "a", store: "latch.db" };
  const what = { strategy: "bot.ts", agent: "default", streamUrl: "wss://bars.example" };
  const told = tellingPeople(output, new ManualClock(0));
  told.started({ ...where, ...what, mode, isDryRun: false });
  expect(lines[0]).toBe(said);
});

test.each<readonly [IntentInput, string]>([
  [{ symbol: "SPY", side: "buy", notional: "250.50" }, "buy 250.50 USD of SPY"],
  [{ symbol: "SPY", portion: "50%" }, "close 50% SPY"],
  [
    {
      ...{ symbol: "MLEG", side: "buy", quantity: 2 },
      extension: {
        order_class: "mleg",
        legs: [
          { symbol: "SPY270115C00500000", side: "buy", ratio_qty: "1" },
          { symbol: "SPY270115C00510000", side: "sell", ratio_qty: "2" },
        ],
      },
    },
    "buy 2 SPY270115C00500000 and sell 4 SPY270115C00510000",
  ],
])("a live run says how much of what is wanted: %j", (intent, said) => {
  const lines: string[] = [];
  const line = (text: string) => lines.push(text);
  const output = { line, columns: 120, color: false, logsAreRead: false };
  const none = { cause: null, difference: null, availableQuantity: null } as const;
  const message = "nothing is sent in a dry run";
  const answer = blockedAnswer({ code: "dry_run", message, ...none }, null);
  tellingPeople(output, new ManualClock(0)).onAnswer(intent, answer);
  expect(lines).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d {2}/)]);
  expect(lines[0]?.slice(10)).toBe(`${said}: not sent, this is a dry run`);
});

test("a live run's prices are shown to a hundredth of a cent, and as prices", () => {
  const lines: string[] = [];
  const line = (text: string) => lines.push(text);
  const output = { line, columns: 80, color: false, logsAreRead: false };
  const told = tellingPeople(output, new ManualClock(0));
  const book = (symbol: string, averagePrice: string) =>
    ({ symbol, net: "3", averagePrice }) as unknown as Book;
  const third = divide(decimal("225.97"), decimal("3"));
  const positions = [book("TQQQ", third), book("SQQQ", "40.9"), book("SHIB/USD", "0.0000123")];
  told.ended({ positions, claims: [], incidents: [], realizedUsd: ZERO }, "stopped");
  expect(lines).toContain("  position  3 TQQQ @ 75.3233");
  expect(lines).toContain("  position  3 SQQQ @ 40.90");
  expect(lines).toContain("  position  3 SHIB/USD @ 0.0000123");
});

test("what a live run leaves open is told within the width, a spread by its contracts", () => {
  const lines: string[] = [];
  const line = (text: string) => lines.push(text);
  const output = { line, columns: 80, color: false, logsAreRead: false };
  const legs = [
    { symbol: "SPY270115C00500000", side: "buy", ratio_qty: "1" },
    { symbol: "SPY270115C00510000", side: "sell", ratio_qty: "1" },
  ];
  const intent = {
    ...{ symbol: "MLEG", side: "buy", quantity: "2", notional: null },
    extension: { order_class: "mleg", legs },
  };
  const claim = { intent, bookedQuantity: ZERO, bookedCost: ZERO, brokerOrderId: null };
  const claims = [claim as unknown as Claim];
  const told = tellingPeople(output, new ManualClock(0));
  told.ended({ positions: [], claims, incidents: [], realizedUsd: ZERO }, "over");
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}order {5}buy 2 SPY/));
  expect(lines.map((text) => text.trim()).join(" ")).toContain(
    "buy 2 SPY270115C00500000 and sell 2 SPY270115C00510000, its outcome is not known They stay",
  );
  expect(lines.filter((text) => text.length > 80)).toEqual([]);
});

test.each([
  ["people", tellingPeople],
  ["programs", tellingPrograms],
])("a strategy may log whatever it has, and %s are told", (_, telling) => {
  const lines: string[] = [];
  const line = (text: string) => lines.push(text);
  const output = { line, columns: 80, color: false, logsAreRead: false };
  const told = telling(output, new ManualClock(0));
  const circle: Record<string, unknown> = { name: "circle" };
  circle.self = circle;
  const bare = Object.create(null);
  told.onLog("all sorts", { volume: 12n, circle, bare, price: "75.33" });
  expect(lines.join(" ")).toMatch(/all sorts.*12.*75\.33/);
});
