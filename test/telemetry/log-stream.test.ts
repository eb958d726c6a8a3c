import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { LogStream } from "../../src/telemetry/log-stream.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";

/** A pipe that takes so much until somebody reads it, and then says that it has no room. */
function pipe() {
  const file = temporaryFile("pipe");
  execFileSync("mkfifo", [file]);
  const descriptor = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(descriptor));
  const part = Buffer.alloc(64 * 1_024);
  const read = () => {
    try {
      return part.toString("utf8", 0, readSync(descriptor, part));
    } catch {
      return "";
    }
  };
  return { file, descriptor, read };
}

/** What is handed to the system comes back when it does. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setImmediate(done));
}

describe("the stream of log lines", () => {
  test("writes what comes in its order, and at the end what waits", async () => {
    const file = temporaryFile("log");
    const descriptor = openSync(file, "w");
    onTestFinished(() => closeSync(descriptor));
    const stream = new LogStream(descriptor);
    const lines = Array.from({ length: 2_000 }, (_, index) => `line ${index} é\n`);
    for (const line of lines) stream.write(line);
    const said = () => readFileSync(file, "utf8");
    await until(() => said().endsWith("line 1999 é\n"));
    expect(said()).toBe(lines.join(""));
    stream.write("first\n");
    stream.write("last\n");
    stream.writeAtLast();
    await until(() => said().includes("first\n"));
    stream.write("more\n");
    await until(() => said().endsWith("more\n"));
    const behind = said().slice(lines.join("").length);
    expect(behind.split("\n").sort()).toEqual(["", "first", "last", "more"]);
  });

  test("keeps lines while a reader stands still, and writes them when it goes on", async () => {
    const { descriptor, read } = pipe();
    const clock = new ManualClock(0);
    const stream = new LogStream(descriptor, clock);
    writeSync(descriptor, "x".repeat(64 * 1_024));
    stream.write("first\n");
    await until(() => clock.nextWakeAt() === 100);
    expect(read()).not.toContain("first");
    clock.advanceTo(100);
    let said = "";
    await until(() => {
      said += read();
      return said.endsWith("first\n");
    });
  });

  test("makes one pause for all lines that come during it", async () => {
    const { descriptor, read } = pipe();
    const pauses: (() => void)[] = [];
    const clock = { sleep: () => new Promise<void>((done) => pauses.push(done)) };
    const stream = new LogStream(descriptor, clock);
    writeSync(descriptor, "x".repeat(64 * 1_024));
    stream.write("0\n");
    await until(() => pauses.length === 1);
    for (const line of ["1\n", "2\n", "3\n"]) {
      stream.write(line);
      // What was handed to the system before this is over behind it.
      await writeFile(temporaryFile("other"), line);
    }
    expect(pauses).toHaveLength(1);
    read();
    pauses[0]?.();
    let said = "";
    await until(() => {
      said += read();
      return said.endsWith("0\n1\n2\n3\n");
    });
  });

  test("leaves lines out rather than keep more than it may, and does not fail", async () => {
    const { descriptor, read } = pipe();
    const clock = new ManualClock(0);
    const stream = new LogStream(descriptor, clock);
    const goOn = () => clock.advanceTo(clock.nextWakeAt() ?? clock.now());
    writeSync(descriptor, "x".repeat(64 * 1_024));
    const line = `${"y".repeat(1_023)}\n`;
    for (let count = 0; count < 3_000; count += 1) stream.write(line);
    let said = "";
    await until(() => {
      said += read();
      goOn();
      return said.length > 1_024 * 1_024;
    });
    stream.write("the end\n");
    await until(() => {
      said += read();
      goOn();
      return said.endsWith("the end\n");
    });
    expect(said.length).toBeLessThan(1.2 * 1_024 * 1_024);
  });

  test("keeps no process that writes nothing else there from its end", () => {
    const { file, descriptor } = pipe();
    writeSync(descriptor, "x".repeat(64 * 1_024));
    // As a program gets it from whoever starts it: a write waits until there is room.
    const errors = openSync(file, constants.O_RDWR);
    onTestFinished(() => closeSync(errors));
    const stream = new URL("../../dist/telemetry/log-stream.js", import.meta.url);
    const program = `import { logStream } from ${JSON.stringify(stream.href)};
      logStream().write("a line");`;
    const words = ["--input-type=module", "-e", program];
    const ended = spawnSync(process.execPath, words, {
      stdio: ["ignore", "ignore", errors],
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    expect(ended).toMatchObject({ status: 0, signal: null });
  });
});
