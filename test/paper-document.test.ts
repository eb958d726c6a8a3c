import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createProgram } from "../src/cli/program.ts";

const DOCUMENT = readFileSync(new URL("../docs/PAPER.md", import.meta.url), "utf8");
const KEYS = { APCA_API_KEY_ID: "rehearsal", APCA_API_SECRET_KEY: "rehearsal" };
/** What a command that goes on says when it has got so far that it may be ended. */
const GOES_ON = [
  ["broker-sim ", "The simulated broker listens on "],
  ["run ", "session of "],
] as const;

/** Every command of the document, in its order, without `npx tradelatch`. */
function commands(): readonly string[] {
  const blocks = [...DOCUMENT.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  return blocks
    .flatMap((text) => text.replaceAll(/\\\n\s*/g, "").split("\n"))
    .filter((line) => line.startsWith("npx tradelatch "))
    .map((line) => line.replace("npx tradelatch ", ""));
}

interface Command {
  readonly lines: readonly string[];
  /** Resolves when the command is over, or is far enough to be ended. */
  readonly isFar: Promise<void>;
  end(): Promise<void>;
}

function start(words: string, env: Readonly<Record<string, string>>): Command {
  const stopping = new AbortController();
  const lines: string[] = [];
  const sign = GOES_ON.find(([name]) => words.startsWith(name))?.[1];
  let far = () => {};
  const farEnough = new Promise<void>((resolve) => {
    far = resolve;
  });
  const line = (text: string) => {
    lines.push(...text.split("\n"));
    if (sign !== undefined && text.includes(sign)) far();
  };
  const output = { line, columns: 80, color: false, logsAreRead: false };
  const program = createProgram(output, env, stopping.signal);
  const over = program.parseAsync(words.split(" "), { from: "user" }).then(() => undefined);
  const end = async () => {
    stopping.abort();
    await over;
  };
  onTestFinished(() => end());
  return { lines, isFar: Promise.race([farEnough, over]), end };
}

test("every command of docs/PAPER.md runs as written, against the simulated broker", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tradelatch-paper-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [rehearsal = "", ...others] = commands();
  expect(rehearsal).toMatch(/^broker-sim --port 4599 /);
  // Any port will do; the one of the document may be taken here.
  const broker = start(rehearsal.replace("4599", "0"), {});
  await broker.isFar;
  const url = /http:\S+/.exec(broker.lines[0] ?? "")?.[0] ?? "";
  const env = { ...KEYS, APCA_API_BASE_URL: url };
  expect(others.length).toBeGreaterThan(5);
  for (const words of others) {
    const command = start(words.replace("paper.db", join(folder, "paper.db")), env);
    await command.isFar;
    await command.end();
    expect(command.lines, words).not.toEqual([]);
    expect(command.lines.filter((line) => line.length > 80 && !line.startsWith("{"))).toEqual([]);
  }
});

test("docs/PAPER.md says that the strategy is an example and no advice", () => {
  expect(DOCUMENT).toContain("**The bundled momentum bot is an example and no advice.**");
});
