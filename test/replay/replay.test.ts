import { describe, expect, test } from "vitest";
import type { ReplayReport, ReportedIncident } from "../../src/replay/report.ts";
import { run } from "../cli/program.ts";
import { dayOf, fault, replayDocument, sessionOf } from "./replayed-session.ts";
import { order } from "./session-file.ts";

/** What it prints; JSON.parse takes one document and nothing else. */
async function replayed<Document>(argument: string): Promise<Document> {
  const { stdout, stderr, exitCode } = await run(["replay", argument, "--json"]);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return JSON.parse(stdout) as Document;
}

/** By name: every bundled session, replayed once for all tests. */
let bundled: Promise<ReadonlyMap<string, ReplayReport>> | undefined;

function replayAll(): Promise<ReadonlyMap<string, ReplayReport>> {
  bundled ??= replayed<(ReplayReport & { name: string })[]>("--all").then(
    (documents) => new Map(documents.map(({ name, ...report }) => [name, report])),
  );
  return bundled;
}

async function replayDay(name: string): Promise<ReplayReport> {
  const report = (await replayAll()).get(name);
  if (report === undefined) throw new Error(`--all has no session of ${name}`);
  return report;
}

/** A refused exit that the broker's records proved to be held still. */
function stillHeld(fields: Partial<ReportedIncident>): object {
  return { kind: "refused_exit", verdict: "still_held", provenance: "venue", ...fields };
}

const entry = order({ id: "entry", time: "09:42:00" });
const CLOSING = { side: "sell", effect: "close", leg: "exit", bar: undefined, stage: undefined };
const REFUSAL = {
  kind: "refuse",
  status: 422,
  code: 42210000,
  message: "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
};
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
    pair ??= Promise.all([replayed<ReplayReport>("2026-05-21"), replayDay("2026-05-21")]);
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
        claims: { SETTLED: 12 },
      },
      incidents: [
        stillHeld({
          symbol: "SQQQ",
          openedAt: "11:14:00",
          resolvedAt: "11:14:12",
          causes: [anyId, anyId, anyId],
        }),
      ],
    });
    const ids = report.guarded.duplicatesBlocked.map(({ requestId }) => requestId);
    expect(ids[6], "both tries behind the 422 ran into the one claim").toBe(ids[7]);
    expect(new Set(ids).size).toBe(8);
    const causes = report.incidents[0]?.causes ?? [];
    expect(causes[2], "the last cause is the exit itself").toBe(ids[6]);
    expect(causes[1], "the one before it is the add whose duplicate was skipped").toBe(ids[5]);
  });

  test("has the keys of its JSON document in their order", async () => {
    const [report] = (await replayPair()) as [ReplayReport];
    expect(Object.keys(report)).toEqual([
      "session",
      "unguarded",
      "guarded",
      "incidents",
      "elapsedMs",
    ]);
    expect(Object.keys(report.incidents[0] ?? {})).toEqual([
      "kind",
      "symbol",
      "openedAt",
      "resolvedAt",
      "verdict",
      "provenance",
      "causes",
    ]);
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

describe("every bundled session", () => {
  test("has no duplicate and no blocked minute with the latch, and no open incident", async () => {
    const reports = await replayAll();
    expect([...reports.keys()]).toEqual([
      "2026-05-19",
      "2026-05-21",
      "2026-05-22",
      "2026-05-21-store-refuses",
      "2026-09-skip",
    ]);
    for (const [name, { guarded, incidents }] of reports) {
      expect(guarded, name).toMatchObject({ duplicateOrders: 0, blockedEntryMinutes: 0 });
      expect(
        incidents.filter(({ verdict }) => verdict === null),
        name,
      ).toEqual([]);
      const shown = name === "2026-05-21" ? 1 : 0;
      expect(incidents, `${name}: books and positions agree all day`).toHaveLength(shown);
    }
  });
});

describe("a claim store that refuses", () => {
  test("keeps the order back until it works, where the old guard sent it twice", async () => {
    const { unguarded, guarded } = await replayDay("2026-05-21-store-refuses");
    expect(unguarded).toMatchObject({
      brokerOrders: 3,
      duplicateOrders: 1,
      duplicateNotionalUsd: "449.90",
      finalPositions: { SQQQ: "22", TQQQ: "0" },
    });
    expect(guarded).toMatchObject({
      brokerOrders: 2,
      duplicatesBlocked: [],
      finalPositions: { SQQQ: "11", TQQQ: "0" },
      claims: { SETTLED: 2 },
    });
  });
});

describe("a SKIP that the bot took for a fill", () => {
  test("leaves shares in its own book that do not exist, and none in the latch's", async () => {
    const { unguarded, guarded } = await replayDay("2026-09-skip");
    expect(unguarded).toMatchObject({
      brokerOrders: 1,
      finalPositions: { SQQQ: "12" },
      believedPositions: { SQQQ: "24" },
    });
    expect(guarded).toMatchObject({
      brokerOrders: 1,
      duplicatesBlocked: [blocked("09:40:03", "buy SQQQ 12", "480.00", "SKIP", false)],
      finalPositions: { SQQQ: "12" },
      believedPositions: { SQQQ: "12" },
    });
  });
});

describe("an exit that the broker refused although the shares are held", () => {
  test("may be sent again once the verdict can be written, and then it is flat", async () => {
    const refuses = {
      ...fault(""),
      rules: [{ match: { side: "sell" }, fault: REFUSAL, times: 1 }],
    };
    const exit = order({ id: "exit", time: "09:50:00", ...CLOSING });
    const away = { kind: "store_fault", from: "09:50:05", until: "09:50:20", mark: "inferred" };
    const next = order({ id: "next", time: "09:50:30", ...CLOSING });
    const report = await replayDocument(dayOf(refuses, entry, exit, away, next));
    expect(report.guarded).toMatchObject({
      brokerOrders: 2,
      duplicateOrders: 0,
      finalPositions: { TQQQ: "0" },
    });
    const openedAt = "09:50:00";
    expect(report.incidents).toEqual([
      expect.objectContaining(stillHeld({ symbol: "TQQQ", openedAt })),
    ]);
    expect(report.incidents[0]?.resolvedAt).toMatch(/^09:50:2\d$/);
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
      duplicatesBlocked: [blocked("09:49:06", "sell TQQQ 24", "1880.64", "SKIP", false)],
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

  test("blocks no entry for longer than one was wanted", async () => {
    const wanted = {
      ...{ kind: "entries_wanted", from: "10:00:00", until: "10:10:00", everyMinutes: 4 },
      ...{ instance: "a", symbol: "TQQQ", mark: "stated" },
    };
    const { unguarded } = await replayDocument(dayOf(entry, wanted));
    expect(unguarded.blockedEntryMinutes).toBe(10);
  });

  test("trades a pair of currencies as a stock, and shows what is held of it", async () => {
    const coin = { symbol: "BTC/USD", quantity: "1", notionalUsd: "6000" };
    const again = { id: "again", time: "09:42:02", instance: "b", duplicateOf: "entry" };
    const wanted = {
      ...{ kind: "entries_wanted", from: "10:00:00", until: "10:05:00", everyMinutes: 1 },
      ...{ instance: "a", symbol: "BTC/USD", mark: "stated" },
    };
    const day = dayOf({ ...entry, ...coin }, { ...entry, ...coin, ...again }, wanted);
    const held = { symbol: "BTC/USD", quantity: "2", averagePrice: "5000", mark: "inferred" };
    const { unguarded, guarded } = await replayDocument({ ...day, openingPositions: [held] });
    expect(unguarded).toMatchObject({ brokerOrders: 2, duplicateOrders: 1 });
    expect(unguarded).toMatchObject({ blockedEntryMinutes: 5 });
    expect(Number(unguarded.finalPositions["BTC/USD"])).toBeCloseTo(4, 1);
    expect(guarded).toMatchObject({ brokerOrders: 1, duplicateOrders: 0 });
    expect(Number(guarded.finalPositions["BTC/USD"])).toBeCloseTo(3, 1);
  });
});
