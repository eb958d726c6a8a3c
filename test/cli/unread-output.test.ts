/** Programs that go on, and whose standard output has no room or nobody who reads it. */
import { existsSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { unusedPort } from "../unused-port.ts";
import { inDirectory, type Running, startProgram } from "./program.ts";

const NO_KEYS = { APCA_API_KEY_ID: "", APCA_API_SECRET_KEY: "", APCA_API_BASE_URL: "" };
const ORDER = { symbol: "TQQQ", side: "buy", qty: 6, type: "market", time_in_force: "day" };
const KEYS = { "APCA-API-KEY-ID": "simulated", "APCA-API-SECRET-KEY": "simulated" };
const PROGRAMS = [
  ["serve", ["serve", "--broker", "sim"]],
  ["mcp over HTTP", ["mcp", "--http", "--broker", "sim"]],
  ["broker-sim", ["broker-sim"]],
] as const;

async function start(words: readonly string[], cwd: string, stdout?: string) {
  const port = await unusedPort();
  const place = stdout === undefined ? {} : { stdout };
  const all = [...words, "--port", String(port)];
  const running = startProgram(all, { cwd, env: NO_KEYS, ...place });
  onTestFinished(() => void running.child.kill("SIGKILL"));
  return { running, url: `http://127.0.0.1:${port}` };
}

/** Fails once the program has ended. */
async function untilThere({ child }: Running, url: string, isSidecar: boolean): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(`${url}/readyz`, { headers: KEYS }).catch(() => undefined);
    await answer?.text();
    if (isSidecar ? answer?.ok : answer !== undefined) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`the program ended with ${child.exitCode}`);
}

async function guardsOrders(url: string): Promise<void> {
  const body = JSON.stringify(ORDER);
  for (const status of ["PROCEED", "SKIP"]) {
    const answer = await fetch(`${url}/v2/orders`, { method: "POST", headers: KEYS, body });
    expect(answer.headers.get("tradelatch-status")).toBe(status);
  }
}

describe.runIf(existsSync("/dev/full"))("where what it prints has no room,", () => {
  test.each(PROGRAMS)("%s goes on, and ends well", async (_, words) => {
    await inDirectory(async (cwd) => {
      const { running, url } = await start(words, cwd, "/dev/full");
      const isSidecar = words[0] === "serve";
      await untilThere(running, url, isSidecar);
      if (isSidecar) await guardsOrders(url);
      running.child.kill("SIGTERM");
      expect(await running.ended).toMatchObject({ exitCode: 0 });
    });
  });
});

describe("where whoever reads what it prints goes away,", () => {
  test.each(PROGRAMS)("%s goes on, and ends well", async (_, words) => {
    await inDirectory(async (cwd) => {
      const { running, url } = await start(words, cwd);
      running.child.stdout?.destroy();
      const isSidecar = words[0] === "serve";
      await untilThere(running, url, isSidecar);
      if (isSidecar) await guardsOrders(url);
      running.child.kill("SIGTERM");
      expect(await running.ended).toMatchObject({ exitCode: 0 });
    });
  });
});
