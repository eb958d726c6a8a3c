import { describe, expect, test } from "vitest";
import { columnWidths, splitLongWords } from "../../src/replay/text-columns.ts";

describe("column widths", () => {
  test("are as wide as the text where there is room, and no wider", () => {
    expect(columnWidths([["four", "seven 7"]], 100)).toEqual([4, 7]);
  });

  test("keep the longest word whole while all of them fit", () => {
    const cells = ["IN_RECONCILIATION now", "a few short words in a long row of them"];
    expect(columnWidths([cells], 30)).toEqual([17, 13]);
  });

  test("break at joints before they break inside a part of a word", () => {
    expect(columnWidths([["IN_RECONCILIATION", "wordwordword"]], 26)).toEqual([14, 12]);
  });

  test("never take more than there is, down to six characters a column", () => {
    const cells = ["x".repeat(50), "y".repeat(50), "z".repeat(50)];
    expect(columnWidths([cells], 20)).toEqual([6, 7, 7]);
    expect(columnWidths([cells], 3)).toEqual([6, 6, 6]);
  });

  test("give one long sentence no room that most rows would need", () => {
    const usual = Array.from({ length: 9 }, () => ["buy TQQQ 6, entry, base", "filled @ 75.33"]);
    const outlier = ["sell", "one sentence that goes on for much longer than any other does"];
    expect(columnWidths([...usual, outlier], 40)).toEqual([23, 17]);
  });
});

describe("a long word", () => {
  test("breaks behind the last joint that fits", () => {
    expect(splitLongWords("exit_duplicate_after_422", 17)).toBe("exit_duplicate_\nafter_422");
  });

  test("breaks anywhere when it has no joint, and short words stay", () => {
    expect(splitLongWords("ab abcdefgh", 3)).toBe("ab abc\ndef\ngh");
  });
});
