import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { TimelineRow } from "../../src/replay/report.ts";
import { renderSummary } from "../../src/replay/summary.ts";
import { type Drawn, renderReport } from "../../src/replay/terminal-report.ts";
import { SAMPLE_REPLAY, SAMPLE_REPORT, SAMPLE_ROWS } from "./sample-report.ts";

function draw(columns: number, rows = SAMPLE_ROWS, color = false): string {
  return renderReport({ ...SAMPLE_REPLAY, timeline: rows }, { columns, color });
}

function drawWith(fields: Partial<Drawn>): string {
  return renderReport({ ...SAMPLE_REPLAY, ...fields }, { columns: 80, color: false });
}

function widest(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}

function row(fields: Partial<TimelineRow>): TimelineRow {
  const blank = { event: "", unguarded: "", guarded: "", claim: "" };
  return { ...blank, time: "09:42:00", mark: "stated", highlight: "none", ...fields };
}

describe("the width of a report", () => {
  test.each([60, 80, 100, 120])("never exceeds %d columns", (columns) => {
    expect(widest(draw(columns))).toBeLessThanOrEqual(columns);
  });

  test("is kept with words longer than any column", () => {
    const word = "x".repeat(200);
    const rows = [row({ event: word, unguarded: word, guarded: word, claim: word })];
    for (const columns of [60, 80, 120]) {
      const page = renderReport(
        { ...SAMPLE_REPLAY, timeline: rows, incidents: [] },
        { columns, color: false },
      );
      expect(widest(page)).toBeLessThanOrEqual(columns);
      expect(page.match(/x/g)).toHaveLength(800);
    }
  });

  test("is 60 on a narrower terminal and at most 120 on a wider one", () => {
    expect(draw(20)).toBe(draw(60));
    expect(draw(400)).toBe(draw(120));
  });

  test("uses the room there is, so that a wider page is no longer", () => {
    const lines = [60, 80, 100, 120].map((columns) => draw(columns).split("\n").length);
    expect(lines).toEqual([...lines].sort((a, b) => b - a));
    expect(lines[3]).toBeLessThan(lines[0] ?? 0);
  });

  test("leaves no space at the end of a line", () => {
    expect(draw(80)).not.toMatch(/ $/m);
  });
});

describe("a row of the session", () => {
  test.each([60, 80, 120])("loses no word at %d columns", (columns) => {
    const squeezed = draw(columns).replace(/\s/g, "");
    for (const { time } of SAMPLE_ROWS) expect(squeezed).toContain(time);
    const letters = (text: string) => [...text.replace(/[\s─]/g, "")].sort().join("");
    expect(letters(draw(columns))).toBe(letters(draw(90)));
    expect(draw(columns)).not.toContain("…");
  });

  test("that is inferred carries its mark, and the legend says what it means", () => {
    const page = draw(80);
    expect(page).toMatch(/^~09:42:00 {2}a buys/m);
    expect(page).toMatch(/^ 09:42:02 {2}b buys/m);
    expect(page).toContain("~ inferred: the incident record does not state this row");
  });

  test("needs no legend when none is inferred", () => {
    expect(drawWith({ timeline: [row({ event: "a buys" })] })).not.toContain("inferred");
  });

  test("cannot move the cursor or break the table with what it says", () => {
    const page = draw(80, [row({ event: "up\u001b[2Aone\nline\ttwo" })]);
    expect(page).toMatch(/^ 09:42:00 {2}up \[2Aone line two$/m);
  });

  test("keeps a claim's state in one piece at 80 columns", () => {
    expect(draw(80)).toMatch(/ IN_RECONCILIATION$/m);
  });
});

describe("the totals", () => {
  test("stand side by side for both worlds", () => {
    const page = draw(80);
    expect(page).toMatch(/^Orders at the broker +17 +12$/m);
    expect(page).toMatch(/^Duplicates among them +5, 2,303\.00 USD +0$/m);
    expect(page).toMatch(/^Duplicates blocked +- +2, 1,307\.00 USD$/m);
    expect(page).toMatch(/^Blocked and on record +- +1, 452\.00 USD$/m);
    expect(page).toMatch(/^Final positions +SQQQ 13, TQQQ 6 +SQQQ 12, TQQQ 0$/m);
    expect(page).toMatch(/^Minutes without entry +147 +0$/m);
    expect(page).toMatch(/^Claims +- +12 SETTLED, 1 IN_RECONCILIATION$/m);
    expect(page).toMatch(/^Replayed in 1\.2 s$/m);
  });

  test("say none where nothing is held and nothing was claimed", () => {
    const guarded = { ...SAMPLE_REPORT.guarded, finalPositions: {}, claims: {} };
    const page = drawWith({ timeline: [], report: { ...SAMPLE_REPORT, guarded } });
    expect(page).toMatch(/^Final positions +SQQQ 13, TQQQ 6 +none$/m);
    expect(page).toMatch(/^Claims +- +none$/m);
  });
});

describe("the incidents", () => {
  test("stand with their causes beside what the bot without the latch met", () => {
    const page = draw(80);
    expect(page).toMatch(/^ 11:14:00 {2}refused_exit SQQQ +in question +no TQQQ entry$/m);
    expect(page).toMatch(
      /^~10:15:00 {2}- buy SQQQ 11 +filled @ 40\.90 +50995db0 +11:33:00-14:00:00$/m,
    );
    expect(page).toMatch(/^ {40,}for 147 minutes$/m);
  });

  test("have no section where there is nothing to show", () => {
    expect(drawWith({ incidents: [] })).not.toContain("Incident");
  });
});

describe("the head of a page", () => {
  test("names the day, what the session shows, and whether the day is inferred", () => {
    const session = { session: "2026-09-15", dayMark: "inferred", title: "a\nSKIP" } as const;
    expect(drawWith({ session })).toMatch(/^Session of ~2026-09-15: a SKIP$/m);
    expect(draw(80)).toMatch(/^Session of 2026-05-21$/m);
  });
});

describe("a bot with a book of its own", () => {
  const { unguarded, guarded } = SAMPLE_REPORT;
  const report = {
    ...SAMPLE_REPORT,
    unguarded: { ...unguarded, believedPositions: { SQQQ: "25", TQQQ: "6" } },
    guarded: { ...guarded, believedPositions: guarded.finalPositions },
  };

  test("has what it believes it holds below what is held", () => {
    expect(drawWith({ report })).toMatch(
      /^Final positions +SQQQ 13, TQQQ 6 .*\nBot believes it holds +SQQQ 25, TQQQ 6 +SQQQ 12, TQQQ 0$/m,
    );
    expect(draw(80)).not.toContain("believes");
  });

  test("shows in the summary of all sessions by what it holds too much", () => {
    const open = { ...report, incidents: [{ ...SAMPLE_REPORT.incidents[0], verdict: null }] };
    const named = [
      { name: "whole-day", report: SAMPLE_REPORT },
      { name: "phantom", report: open as typeof report },
    ];
    const page = renderSummary(named, { columns: 80, color: false });
    expect(page).toMatch(/^whole-day +5 -> 0 +147 -> 0 +- +1 still_held$/m);
    expect(page).toMatch(/^phantom +5 -> 0 +147 -> 0 +SQQQ 12 -> 0 +1 open$/m);
    expect(widest(page)).toBeLessThanOrEqual(80);
  });
});

describe("color", () => {
  test("is absent unless it is asked for", () => {
    expect(draw(80)).toBe(stripVTControlCharacters(draw(80)));
  });

  test.each([60, 80, 120])("changes no character and no width at %d columns", (columns) => {
    const colored = draw(columns, SAMPLE_ROWS, true);
    expect(colored).not.toBe(draw(columns));
    const plain = stripVTControlCharacters(colored).replace(/ +$/gm, "");
    expect(plain).toBe(draw(columns));
  });
});
