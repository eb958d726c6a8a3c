import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LatchError } from "../../src/core/errors.ts";
import {
  checkTimes,
  epochOf,
  loadSession,
  parseSession,
  sessionPath,
  wallTimeOf,
} from "../../src/replay/session.ts";
import { order, type SessionDocument, sessionDocument } from "./session-file.ts";

describe("a session that is as it should be", () => {
  test("is read with canonical amounts, and absent optional fields as null or false", () => {
    const document = sessionDocument();
    Object.assign(document.events[0] ?? {}, { quantity: "06.000", notionalUsd: "+452.0" });
    const [first, again] = parseSession(JSON.stringify(document), "x.json").events;
    expect(first).toMatchObject({ quantity: "6", notionalUsd: "452", note: null });
    expect(first).toMatchObject({ duplicateOf: null, recorded: false });
    expect(again).toMatchObject({ duplicateOf: "first", recorded: false });
  });

  test("may begin with a byte order mark", () => {
    const text = `\ufeff${JSON.stringify(sessionDocument())}`;
    expect(parseSession(text, "x.json").events).toHaveLength(4);
  });

  test("may have rows that share a second", () => {
    const document = sessionDocument();
    document.events.splice(1, 1, order({ id: "same-second", time: "09:42:00" }));
    expect(parseSession(JSON.stringify(document), "x.json").events).toHaveLength(4);
  });

  test("may name a share class or a pair, and nine decimals of a share", () => {
    for (const symbol of ["BRK.B", "BTC/USD", "F"]) {
      const document = sessionDocument();
      document.events = [order({ id: "one", time: "10:00:00", symbol, quantity: "0.000000001" })];
      expect(parseSession(JSON.stringify(document), "x.json").events).toHaveLength(1);
    }
  });
});

/** Each row: what is done to the valid session, and what the one line must then say. */
const BAD_SESSIONS: readonly (readonly [string, (session: SessionDocument) => void, string])[] = [
  ["a missing field", set(0, "quantity", undefined), "events[0].quantity is missing, expected dec"],
  ["a missing day", (s) => delete s.session, "session is missing, expected a day"],
  ["an unknown field", set(1, "quantty", "6"), 'events[1].quantty is "6", expected no field of'],
  ["an unknown field at the top", (s) => Object.assign(s, { sesion: 1 }), "sesion is 1, expected"],
  ["an unknown field in a fault rule", rule({ matches: {} }), "events[2].rules[0].matches is {}"],
  ["a fault of no kind", rule({ fault: { kind: "melt" } }), "expected 'refuse' | 'rate_limited'"],
  [
    "a fault of half a kind",
    rule({ fault: { kind: "refuse" } }),
    "status is missing, expected num",
  ],
  ["a fault of no method", rule({ match: { method: "GRAB" } }), 'is "GRAB", expected one of "GET"'],
  [
    "a fault that never happens",
    rule({ times: 0 }),
    "rules[0].times is 0, expected number to be >0",
  ],
  ["a quantity below zero", set(0, "quantity", "-6"), 'events[0].quantity is "-6", expected'],
  ["a quantity of zero", set(0, "quantity", "0.0"), 'events[0].quantity is "0.0", expected'],
  ["an infinite quantity", set(0, "quantity", "Infinity"), 'quantity is "Infinity", expected'],
  ["a quantity that is not a number", set(0, "quantity", "NaN"), 'quantity is "NaN", expected'],
  ["a quantity with an exponent", set(0, "quantity", "1e3"), 'quantity is "1e3", expected'],
  ["a quantity with ten decimals", set(0, "quantity", "0.0000000001"), "at most 9 digits"],
  ["a quantity as a JSON number", set(0, "quantity", 6), "quantity is 6, expected decimal text"],
  ["a notional below zero", set(0, "notionalUsd", "-1"), 'events[0].notionalUsd is "-1"'],
  ["a notional with parts of a cent", set(0, "notionalUsd", "1.005"), "at most 2 digits"],
  ["a symbol in small letters", set(0, "symbol", "tqqq"), 'symbol is "tqqq", expected a symbol'],
  ["a symbol that is too long", set(0, "symbol", "TQQQQQQ"), 'symbol is "TQQQQQQ", expected'],
  ["a time without seconds", set(0, "time", "09:42"), 'time is "09:42", expected a time of day'],
  ["a time no clock shows", set(0, "time", "24:00:00"), 'time is "24:00:00", expected a time'],
  ["a bar with seconds", set(0, "bar", "09:42:00"), 'bar is "09:42:00", expected a bar'],
  ["a time before the open", set(0, "time", "09:29:59"), "a time from 09:30:00 to 16:00:00"],
  ["a time after the close", set(3, "from", "16:00:01"), "events[3].from"],
  ["a row before the one above", set(1, "time", "09:41:59"), "expected no time before 09:42:00"],
  ["a span that ends as it begins", set(3, "until", "11:33:00"), 'events[3].until is "11:33:00"'],
  ["a span that outlasts the day", set(3, "until", "16:00:01"), 'events[3].until is "16:00:01"'],
  ["a look every zero minutes", set(3, "everyMinutes", 0), "everyMinutes is 0, expected a whole"],
  ["two rows with one id", set(1, "id", "first"), 'events[1].id is "first", expected an id that'],
  ["a duplicate of nothing", set(1, "duplicateOf", "zero"), 'duplicateOf is "zero", expected the'],
  ["a duplicate of itself", set(1, "duplicateOf", "again"), 'duplicateOf is "again", expected'],
  ["a duplicate of other terms", set(1, "quantity", "5"), 'quantity is "5", expected "6" as in'],
  ["a duplicate of another stage", set(1, "stage", "add1"), 'stage is "add1", expected "base" as'],
  [
    "a recorded row that repeats none",
    set(0, "recorded", true),
    "recorded is true, expected false",
  ],
  [
    "a recorded row that is inferred",
    (s) => Object.assign(s.events[1] ?? {}, { recorded: true, mark: "inferred" }),
    'events[1].mark is "inferred", expected "stated"',
  ],
  ["a row of no known kind", set(0, "kind", "cancel"), 'events[0].kind is "cancel", expected "ord'],
  ["a row that is no object", (s) => s.events.splice(0, 1, null as never), "events[0] is null"],
  ["an order that is neither", set(0, "effect", "flip"), 'effect is "flip", expected "open" or'],
  ["an open without its bar", set(0, "bar", undefined), "events[0].bar is missing, expected a bar"],
  ["an open with a leg", set(0, "leg", "exit"), 'events[0].leg is "exit", expected no field'],
  ["no rows", (s) => s.events.splice(0), "events is [], expected at least one row"],
  ["a third instance", set(0, "instance", "c"), 'instance is "c", expected "a" or "b"'],
  ["a day that is none", (s) => Object.assign(s, { session: "2026-02-30" }), 'is "2026-02-30"'],
  ["a zone that is none", (s) => Object.assign(s, { timezone: "Mars/Base" }), 'is "Mars/Base"'],
  ["a close before the open", (s) => Object.assign(s, { closesAt: "09:30:00" }), "closesAt is"],
  [
    "a store that fails again before it works",
    (s) => s.events.push(storeFault("14:00:00", "14:10:00"), storeFault("14:09:59", "14:20:00")),
    'events[5].from is "14:09:59", expected no time before 14:10:00, when the store works again',
  ],
  [
    "a store that fails past the close",
    (s) => s.events.push(storeFault("15:59:00", "16:00:01")),
    'events[4].until is "16:00:01", expected a time after 15:59:00',
  ],
  ["a guard that is no guard", (s) => Object.assign(s, { oldGuard: "yes" }), 'oldGuard is "yes"'],
  ["a day that is neither", (s) => Object.assign(s, { dayMark: "guessed" }), 'is "guessed"'],
  [
    "one opening position twice",
    (s) => s.openingPositions.push({ ...s.openingPositions[0] }),
    'openingPositions[1].symbol is "SQQQ", expected a symbol that no earlier row names',
  ],
];

function storeFault(from: string, until: string) {
  return { kind: "store_fault", from, until, mark: "inferred" };
}

function set(index: number, field: string, value: unknown): (session: SessionDocument) => void {
  return (session) => {
    Object.assign(session.events[index] ?? {}, { [field]: value });
  };
}

function rule(fields: Record<string, unknown>): (session: SessionDocument) => void {
  return (session) => {
    const rules = session.events[2]?.rules as Record<string, unknown>[];
    Object.assign(rules[0] ?? {}, fields);
  };
}

describe("a session that is not as it should be is refused in one line", () => {
  test.each(BAD_SESSIONS)("that names %s", (_, spoil, expected) => {
    const document = sessionDocument();
    spoil(document);
    const error = failure(() => parseSession(JSON.stringify(document), "days/x.json"));
    expect(error.code).toBe("invalid_session");
    expect(error.message).toMatch(/^session "days\/x\.json": \S/);
    expect(error.message).toContain(expected);
    expect(error.message).not.toContain("\n");
  });

  test("that says what is not JSON, even where the text has many lines", () => {
    for (const text of ["", "{\n\n\n  oops\n}", "[1,\n2"]) {
      const error = failure(() => parseSession(text, "x.json"));
      expect(error.code).toBe("invalid_session");
      expect(error.message).toMatch(/^session "x\.json": not JSON: [^\n]+$/);
    }
  });

  test("that shows a number too large for JSON as what it became", () => {
    const text = JSON.stringify(sessionDocument()).replace('"6"', "1e999");
    expect(failure(() => parseSession(text, "x.json")).message).toContain("quantity is Infinity");
  });

  test("that cuts a long value short and keeps odd names on the line", () => {
    const document = sessionDocument();
    Object.assign(document, { [`two\nlines${"!".repeat(500)}`]: "v".repeat(500) });
    const { message } = failure(() => parseSession(JSON.stringify(document), "x.json"));
    expect(message).not.toContain("\n");
    expect(message.length).toBeLessThan(300);
  });
});

describe("a session file", () => {
  test("that cannot be read is named with the reason", () => {
    const directory = mkdtempSync(join(tmpdir(), "session-"));
    try {
      for (const path of [join(directory, "missing.json"), directory]) {
        const error = failure(() => loadSession(path));
        expect(error.code).toBe("file_unreadable");
        expect(error.message).toContain(path);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("is named in the message when its content is wrong", () => {
    const directory = mkdtempSync(join(tmpdir(), "session-"));
    try {
      const path = join(directory, "empty.json");
      writeFileSync(path, "{}");
      expect(failure(() => loadSession(path)).message).toContain(path);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("is 21 May when none is named, and a bare day is one that comes with the package", () => {
    expect(loadSession(sessionPath()).session).toBe("2026-05-21");
    expect(loadSession(sessionPath("2026-05-22")).session).toBe("2026-05-22");
    expect(loadSession(sessionPath("2026-09-skip")).session).toBe("2026-09-15");
    expect(sessionPath("days/mine.json")).toBe("days/mine.json");
  });

  test.each(["2026-05-20", "2026-05-21-store-refuse"])(
    "of the name %s, which is not in the package, is refused with the names that are",
    (name) => {
      const error = failure(() => sessionPath(name));
      expect(error.code).toBe("file_unreadable");
      expect(error.message).toContain(`no session of ${name} `);
      expect(error.message).toMatch(/2026-05-19, 2026-05-21, 2026-05-22, .*, 2026-09-skip$/);
    },
  );
});

describe("a time of the session", () => {
  const newYork = (session: string) => ({ session, timezone: "America/New_York" });

  test("is an instant, with daylight saving as it is on that day", () => {
    expect(epochOf(newYork("2026-05-21"), "09:42:00")).toBe(Date.parse("2026-05-21T13:42:00Z"));
    expect(epochOf(newYork("2026-01-15"), "09:42:00")).toBe(Date.parse("2026-01-15T14:42:00Z"));
    expect(epochOf(newYork("2026-03-08"), "09:30:00")).toBe(Date.parse("2026-03-08T13:30:00Z"));
    expect(epochOf(newYork("2026-03-08"), "01:59:59")).toBe(Date.parse("2026-03-08T06:59:59Z"));
    expect(epochOf(newYork("2026-11-01"), "09:30:00")).toBe(Date.parse("2026-11-01T14:30:00Z"));
  });

  test("that comes twice is its first, and one that is skipped is as long after the gap", () => {
    expect(epochOf(newYork("2026-11-01"), "01:30:00")).toBe(Date.parse("2026-11-01T05:30:00Z"));
    expect(epochOf(newYork("2026-03-08"), "02:30:00")).toBe(Date.parse("2026-03-08T07:30:00Z"));
  });

  test("is read in zones ahead of UTC and of half hours too", () => {
    const kolkata = { session: "2026-05-21", timezone: "Asia/Kolkata" };
    expect(epochOf(kolkata, "00:15:00")).toBe(Date.parse("2026-05-20T18:45:00Z"));
  });

  test("comes back from its instant", () => {
    const day = newYork("2026-05-21");
    for (const time of ["00:00:00", "09:42:02", "16:00:00", "23:59:59"]) {
      expect(wallTimeOf(day, epochOf(day, time))).toBe(time);
    }
    expect(wallTimeOf(day, epochOf(day, "11:26:26") + 999)).toBe("11:26:26");
  });

  test("that is malformed is refused", () => {
    expect(() => epochOf(newYork("2026-05-21"), "9:42")).toThrow(/"9:42"/);
  });

  test("is looked at from the first minute on, and no longer when the span ends", () => {
    const span = { from: "09:49:30", until: "09:52:30", everyMinutes: 1 };
    expect(checkTimes(span)).toEqual(["09:49:30", "09:50:30", "09:51:30"]);
  });
});

function failure(attempt: () => unknown): LatchError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof LatchError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
