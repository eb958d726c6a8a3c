import { describe, expect, test } from "vitest";
import type { ReplayReport } from "../../src/replay/report.ts";
import { run } from "../cli/program.ts";
import { dayOf, fault, replayDocument, replayedText, sessionOf } from "./replayed-session.ts";
import { order, type SessionDocument } from "./session-file.ts";

async function replayDay(day: string): Promise<ReplayReport> {
  return JSON.parse((await run(["replay", day, "--json"])).stdout) as ReplayReport;
}

const anyId = expect.stringMatching(/^[0-9a-f]{64}$/);

function blocked(
  time: string,
  order: string,
  notionalUsd: string,
  answer: string,
  recorded = true,
) {
  const [side, symbol, quantity] = order.split(" ");
  return { time, symbol, side, quantity, notionalUsd, requestId: anyId, answer, recorded };
}

describe("the replay of 21 May", () => {
  /** Two at the same time, made once for the tests of this day. */
  let pair: Promise<readonly ReplayReport[]> | undefined;
  const replayPair = () => {
    pair ??= Promise.all([replayDay("2026-05-21"), replayDay("2026-05-21")]);
    return pair;
  };

  test("comes to the record's six duplicates and 3,653.00 USD, each with its row", async () => {
    const [first] = await replayPair();
    const { elapsedMs, ...report } = first as ReplayReport;
    console.info(`the replay of 21 May took ${elapsedMs} ms`);
    expect(report).toEqual({
      session: "2026-05-21",
      unguarded: {
        brokerOrders: 16,
        duplicateOrders: 5,
        duplicateNotionalUsd: "2303.00",
        finalPositions: { SQQQ: "13", TQQQ: "6" },
        blockedEntryMinutes: 147,
      },
      guarded: {
        brokerOrders: 11,
        duplicateOrders: 0,
        duplicatesBlocked: [
          blocked("09:42:02", "buy TQQQ 6", "452.00", "SKIP"),
          blocked("09:47:02", "buy TQQQ 6", "452.00", "SKIP"),
          blocked("09:49:02", "sell TQQQ 12", "902.00", "SKIP"),
          blocked("10:00:02", "buy TQQQ 6", "454.00", "SKIP"),
          blocked("10:14:02", "sell TQQQ 18", "1350.00", "SKIP"),
          blocked("11:06:02", "buy SQQQ 1", "43.00", "SKIP"),
          blocked("11:14:00", "sell SQQQ 12", "514.80", "BLOCKED", false),
          blocked("11:14:00", "sell SQQQ 12", "514.80", "BLOCKED", false),
          blocked("11:26:28", "sell TQQQ 12", "855.00", "SKIP", false),
        ],
        recordedDuplicates: 6,
        recordedNotionalUsd: "3653.00",
        finalPositions: { SQQQ: "12", TQQQ: "0" },
        blockedEntryMinutes: 0,
        claims: { IN_RECONCILIATION: 1, SETTLED: 11 },
      },
    });
    const ids = report.guarded.duplicatesBlocked.map(({ requestId }) => requestId);
    expect(ids[6], "both tries behind the 422 ran into the one claim").toBe(ids[7]);
    expect(new Set(ids).size).toBe(8);
  });

  test("comes out the same every time, also while another one runs", async () => {
    const reports = await replayPair();
    const [first, second] = reports.map((report) => ({ ...report, elapsedMs: 0 }));
    expect(second).toEqual(first);
  });
});

describe("the replay of the other days", () => {
  test("ends 19 May short of 12 without the latch, and flat with it", async () => {
    const { unguarded, guarded } = await replayDay("2026-05-19");
    expect(unguarded).toEqual({
      brokerOrders: 23,
      duplicateOrders: 1,
      duplicateNotionalUsd: "892.80",
      finalPositions: { SQQQ: "0", TQQQ: "-12" },
      blockedEntryMinutes: 0,
    });
    expect(guarded).toMatchObject({
      brokerOrders: 22,
      duplicateOrders: 0,
      duplicatesBlocked: [blocked("15:21:19", "sell TQQQ 12", "892.80", "SKIP", false)],
      recordedDuplicates: 0,
      recordedNotionalUsd: "0.00",
      finalPositions: { SQQQ: "0", TQQQ: "0" },
      claims: { SETTLED: 22 },
    });
  });

  test("ends 22 May short of 24 and dead from 09:49 to 15:55, and flat and free", async () => {
    const { unguarded, guarded } = await replayDay("2026-05-22");
    expect(unguarded).toEqual({
      brokerOrders: 6,
      duplicateOrders: 1,
      duplicateNotionalUsd: "1880.64",
      finalPositions: { TQQQ: "-24" },
      blockedEntryMinutes: 366,
    });
    expect(guarded).toMatchObject({
      brokerOrders: 5,
      duplicateOrders: 0,
      duplicatesBlocked: [blocked("09:49:06", "sell TQQQ 24", "1880.64", "PENDING", false)],
      finalPositions: { TQQQ: "0" },
      blockedEntryMinutes: 0,
      claims: { SETTLED: 5 },
    });
  });
});

describe("the totals follow the session", () => {
  test("so that a duplicate that never came is not counted", async () => {
    const document = await sessionOf("2026-05-21");
    document.events = document.events.filter(({ id }) => id !== "1106-add-duplicate");
    const { unguarded, guarded } = await replayDocument(document);
    expect(unguarded).toMatchObject({ brokerOrders: 15, duplicateOrders: 4 });
    expect(unguarded.duplicateNotionalUsd).toBe("2260.00");
    expect(unguarded.finalPositions).toEqual({ SQQQ: "12", TQQQ: "6" });
    expect(guarded).toMatchObject({ recordedDuplicates: 5, recordedNotionalUsd: "3610.00" });
  });

  test("so that another price gives another sum, to the cent", async () => {
    const document = await sessionOf("2026-05-21");
    for (const event of document.events.filter(({ bar }) => bar === "11:06")) {
      event.notionalUsd = "45.67";
    }
    const { unguarded, guarded } = await replayDocument(document);
    expect(unguarded.duplicateNotionalUsd).toBe("2305.67");
    expect(guarded.recordedNotionalUsd).toBe("3655.67");
  });

  test("so that without the fault the exit is filled and every claim settles", async () => {
    const document = await sessionOf("2026-05-21");
    document.events = document.events.filter(({ kind }) => kind !== "broker_fault");
    const { guarded } = await replayDocument(document);
    expect(guarded.finalPositions).toEqual({ SQQQ: "0", TQQQ: "0" });
    expect(guarded.claims).toEqual({ SETTLED: 12 });
  });
});

const entry = order({ id: "entry", time: "09:42:00" });

describe("an order whose answer is lost", () => {
  test.each<[string, SessionDocument]>([
    ["the connection is cut", dayOf(fault("accept_then_drop"), entry)],
    ["a 503 comes in its place", dayOf(fault("accept_then_error", { status: 503 }), entry)],
    ["a web page comes in its place", dayOf(fault("html", { status: 200, accept: true }), entry)],
  ])("is at the broker twice without the latch and once with it when %s", async (_, document) => {
    const { unguarded, guarded } = await replayDocument(document);
    expect(unguarded).toMatchObject({
      brokerOrders: 2,
      duplicateOrders: 1,
      duplicateNotionalUsd: "452.00",
      finalPositions: { TQQQ: "12" },
    });
    expect(guarded).toMatchObject({
      brokerOrders: 1,
      duplicateOrders: 0,
      finalPositions: { TQQQ: "6" },
      claims: { SETTLED: 1 },
    });
  });

  test("and that cannot be looked up yet is found when the broker shows it", async () => {
    const lag = {
      ...fault("client_id_lag", { lagMs: 12_000 }),
      rules: [
        { match: { method: "GET" }, fault: { kind: "client_id_lag", lagMs: 12_000 }, times: 99 },
      ],
    };
    const { guarded } = await replayDocument(dayOf(fault("accept_then_drop"), lag, entry));
    expect(guarded).toMatchObject({ brokerOrders: 1, duplicateOrders: 0, claims: { SETTLED: 1 } });
  });

  test("and that never arrived is not sent again once its absence is proved", async () => {
    const { unguarded, guarded } = await replayDocument(dayOf(fault("drop"), entry));
    expect(unguarded).toMatchObject({ brokerOrders: 1, finalPositions: { TQQQ: "6" } });
    expect(guarded).toMatchObject({ brokerOrders: 0, finalPositions: { TQQQ: "0" } });
    expect(guarded.claims).toEqual({ SETTLED: 1 });
  });
});

describe("a session at its edges", () => {
  test("counts the duplicate of its very last second", async () => {
    const last = { ...entry, time: "16:00:00" };
    const again = { ...last, id: "again", instance: "b", duplicateOf: "entry" };
    const { guarded } = await replayDocument(dayOf(last, again));
    expect(guarded.duplicatesBlocked).toEqual([
      blocked("16:00:00", "buy TQQQ 6", "452.00", "PENDING", false),
    ]);
  });

  test("may name its rows as it likes", async () => {
    const odd = { ...entry, id: "~ a-b/3 ~" };
    const again = { ...odd, id: "0-a-1", duplicateOf: odd.id, time: "09:42:01", instance: "b" };
    const { unguarded } = await replayDocument(dayOf(odd, again));
    expect(unguarded).toMatchObject({ brokerOrders: 2, duplicateOrders: 1 });
  });

  test("blocks entries without the latch while the positions cannot be seen", async () => {
    const unseen = {
      ...fault(""),
      rules: [
        {
          match: { method: "GET", path: "/v2/positions" },
          fault: { kind: "refuse", status: 500, message: "down" },
          times: 3,
        },
      ],
    };
    const wanted = {
      kind: "entries_wanted",
      from: "10:00:00",
      until: "10:10:00",
      everyMinutes: 5,
      instance: "a",
      symbol: "SQQQ",
      mark: "stated",
    };
    const { unguarded, guarded } = await replayDocument(dayOf(unseen, wanted));
    expect(unguarded.blockedEntryMinutes).toBe(5);
    expect(guarded.blockedEntryMinutes).toBe(0);
  });
});

describe("the table of 21 May at 80 columns", () => {
  test("has every row with its mark, most of them in a line or two", async () => {
    const document = await sessionOf("2026-05-21");
    const lines = (await replayedText(document)).split("\n");
    for (const { mark, time, from } of document.events) {
      const start = `${mark === "inferred" ? "~" : " "}${String(time ?? from)}  `;
      expect(lines.some((line) => line.startsWith(start))).toBe(true);
    }
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const first = lines.findIndex((line) => line.startsWith("~09:42:00"));
    const table = lines.slice(first, lines.indexOf("", first));
    const starts = table.flatMap((line, index) => (/^[~ ]\d\d:/.test(line) ? [index] : []));
    const heights = starts.map((start, row) => (starts[row + 1] ?? table.length) - start);
    expect(heights).toHaveLength(document.events.length);
    expect(heights.filter((height) => height > 2).length).toBeLessThanOrEqual(3);
  });
});
