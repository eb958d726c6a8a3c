import { describe, expect, test } from "vitest";
import type { ReplayReport } from "../../src/replay/report.ts";
import { run } from "../cli/program.ts";
import { dayOf, fault, replayDocument, sessionOf } from "./replayed-session.ts";
import { order } from "./session-file.ts";

/** Its report; JSON.parse takes one document and nothing else. */
async function replayDay(day: string): Promise<ReplayReport> {
  const { stdout, stderr, exitCode } = await run(["replay", day, "--json"]);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return JSON.parse(stdout) as ReplayReport;
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

  test("has the keys of its JSON document in their order", async () => {
    const [report] = (await replayPair()) as [ReplayReport];
    expect(Object.keys(report)).toEqual(["session", "unguarded", "guarded", "elapsedMs"]);
    expect(Object.keys(report.unguarded)).toEqual([
      "brokerOrders",
      "duplicateOrders",
      "duplicateNotionalUsd",
      "finalPositions",
      "blockedEntryMinutes",
    ]);
    expect(Object.keys(report.guarded)).toEqual([
      "brokerOrders",
      "duplicateOrders",
      "duplicatesBlocked",
      "recordedDuplicates",
      "recordedNotionalUsd",
      "finalPositions",
      "blockedEntryMinutes",
      "claims",
    ]);
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
  test("with one duplicate less, another price, to the cent, and no fault", async () => {
    const document = await sessionOf("2026-05-21");
    const kept = document.events.filter(
      ({ id, kind }) => id !== "1106-add-duplicate" && kind !== "broker_fault",
    );
    for (const event of kept.filter(({ bar }) => bar === "10:00")) event.notionalUsd = "456.67";
    const { unguarded, guarded } = await replayDocument({ ...document, events: kept });
    expect(unguarded).toMatchObject({ duplicateOrders: 4, duplicateNotionalUsd: "2262.67" });
    expect(guarded).toMatchObject({ recordedDuplicates: 5, recordedNotionalUsd: "3612.67" });
    expect(guarded.finalPositions).toEqual({ SQQQ: "0", TQQQ: "0" });
    expect(guarded.claims).toEqual({ SETTLED: 12 });
  });
});

const entry = order({ id: "entry", time: "09:42:00" });

describe("an order whose answer is lost", () => {
  test("is at the broker twice without the latch and once with it", async () => {
    const lost = [
      ["09:41:00", "accept_then_drop", {}],
      ["09:43:00", "accept_then_error", { status: 503 }],
      ["09:45:00", "html", { status: 200, accept: true }],
    ] as const;
    const day = dayOf(
      ...lost.flatMap(([time, kind, fields], nth) => [
        { ...fault(kind, fields), time },
        { ...entry, id: `entry-${nth}`, time: time.replace(":00", ":30") },
      ]),
    );
    const { unguarded, guarded } = await replayDocument(day);
    expect(unguarded).toMatchObject({
      brokerOrders: 6,
      duplicateOrders: 3,
      duplicateNotionalUsd: "1356.00",
      finalPositions: { TQQQ: "36" },
    });
    expect(guarded).toMatchObject({
      brokerOrders: 3,
      duplicateOrders: 0,
      finalPositions: { TQQQ: "18" },
      claims: { SETTLED: 3 },
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
  test("counts the duplicate of its last second, whatever its rows are called", async () => {
    const last = { ...entry, id: "~ a-b/3 ~", time: "16:00:00" };
    const again = { ...last, id: "0-a-1", instance: "b", duplicateOf: last.id };
    const { unguarded, guarded } = await replayDocument(dayOf(last, again));
    expect(unguarded).toMatchObject({ brokerOrders: 2, duplicateOrders: 1 });
    expect(guarded.duplicatesBlocked).toEqual([
      blocked("16:00:00", "buy TQQQ 6", "452.00", "PENDING", false),
    ]);
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
