import { describe, expect, test } from "vitest";
import { HastyClock } from "./hasty-clock.ts";

/** As it was built: the bots are processes of their own. */
const BUILT = new URL("../../dist/cli/replay-command.js", import.meta.url).href;

async function replayed(words: readonly string[], isWatched: boolean) {
  const [lines, shown] = [[] as string[], [] as string[]];
  const line = (text: string) => void lines.push(text);
  const status = (text: string) => void shown.push(text);
  const output = { line, columns: 80, color: false, logsAreRead: isWatched };
  const watched = isWatched ? { ...output, status } : output;
  const built = (await import(BUILT)) as typeof import("../../src/cli/replay-command.ts");
  const command = built.replayCommand(watched, new AbortController().signal, new HastyClock(0));
  await command.parseAsync([...words], { from: "user" });
  return { lines, shown };
}

describe("the progress of a replay", () => {
  test("is shown to who watches, grows, and is gone before the report", async () => {
    const { lines, shown } = await replayed(["2026-09-skip", "--json"], true);
    expect(shown.at(-1)).toBe("");
    const percents = shown.slice(0, -1).map((text) => Number(/(\d+) %$/.exec(text)?.[1]));
    expect(percents.length).toBeGreaterThan(2);
    expect([...percents].sort((a, b) => a - b)).toEqual(percents);
    expect(percents.at(-1)).toBe(100);
    expect(lines).toHaveLength(1);
  });

  test("is shown to nobody else", async () => {
    expect((await replayed(["2026-09-skip", "--json"], false)).shown).toEqual([]);
  });
});
