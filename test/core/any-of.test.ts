import { describe, expect, test } from "vitest";
import { withAnyOf } from "../../src/core/any-of.ts";
import { rememberedBy } from "./remembered-by.ts";

describe("a signal for any of several", () => {
  test.each([0, 1])("aborts with number %i of them, and its reason", async (index) => {
    const sources = [new AbortController(), new AbortController()];
    const reason = new Error("enough");
    const signals = sources.map(({ signal }) => signal);
    const told = await withAnyOf(signals, async (any) => {
      expect(any.aborted).toBe(false);
      sources[index]?.abort(reason);
      return [any.aborted, any.reason];
    });
    expect(told).toEqual([true, reason]);
    expect(await withAnyOf(signals, async (any) => [any.aborted, any.reason])).toEqual(told);
  });

  test("is remembered by none of them once it is over, also where that failed", async () => {
    const { signal } = new AbortController();
    const before = rememberedBy(signal);
    await withAnyOf([signal], async () => {
      expect(rememberedBy(signal)).toBe(before + 1);
    });
    const failed = withAnyOf([signal], async () => {
      throw new Error("it failed");
    });
    await expect(failed).rejects.toThrow("it failed");
    expect(rememberedBy(signal)).toBe(before);
  });
});
