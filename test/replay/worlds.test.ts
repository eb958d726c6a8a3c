import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { placeWithRetries } from "../../src/replay/old-bot.ts";
import { NUMBER_FIELD, Quiet } from "../../src/replay/quiet.ts";
import { parseSession } from "../../src/replay/session.ts";
import { runUnguardedWorld } from "../../src/replay/unguarded-world.ts";
import { startSimulator } from "../../src/simulator/index.ts";
import { dayOf } from "./replayed-session.ts";
import { order } from "./session-file.ts";

/** Turns of the event loop that are longer than any fixed number somebody might wait for. */
const MANY_TURNS = 200;

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

describe("a process is at rest", () => {
  test("while the broker holds back every answer that is due, and not before", async () => {
    const simulator = await startSimulator({ prices: { TQQQ: "75" } });
    const held = (numbers: ReadonlySet<string>) =>
      simulator
        .requests()
        .filter(({ answered }) => answered === "pending")
        .filter(({ query }) => numbers.has(query[NUMBER_FIELD] ?? "")).length;
    const quiet = new Quiet(held);
    const headers = { "APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": "s" };
    const asked = ["/v2/positions", "/v2/orders"].map(
      async (path) => (await quiet.fetchApi(`${simulator.url}${path}`, { headers })).status,
    );
    const slow = { kind: "slow", delayMs: 3_000 } as const;
    simulator.addFaults([{ match: { path: "/v2/orders" }, fault: slow }]);
    await quiet.settled();
    expect(await asked[0]).toBe(200);
    expect(simulator.requests().map(({ answered }) => answered === "pending")).toEqual(
      simulator.requests().map(({ path }) => path === "/v2/orders"),
    );
    simulator.advance(3_000);
    await quiet.settled();
    expect(await asked[1]).toBe(200);
    await simulator.close();
  });

  test("only when work that asks for turn after turn is done", async () => {
    let isDone = false;
    void turns(MANY_TURNS).then(() => {
      isDone = true;
    });
    await new Quiet().settled();
    expect(isDone).toBe(true);
  });

  test("only when every answer has come, and what follows from it is done", async () => {
    const server = createServer((_, response) => void turns(3).then(() => response.end("{}")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const quiet = new Quiet();
      let answers = 0;
      const ask = async (times: number): Promise<void> => {
        const answer = await quiet.fetchApi(`http://127.0.0.1:${port}/`);
        expect(await answer.json()).toEqual({});
        await turns(5);
        answers += 1;
        if (times > 1) await ask(times - 1);
      };
      void ask(3);
      await quiet.settled();
      expect(answers).toBe(3);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test("when a request has failed as well", async () => {
    const quiet = new Quiet();
    const failed = quiet.fetchApi("http://127.0.0.1:1/").catch(() => "failed");
    await quiet.settled();
    expect(await failed).toBe("failed");
  });

  test("although something waits that nothing will wake", async () => {
    void new Promise(() => undefined);
    await expect(new Quiet().settled()).resolves.toBeUndefined();
  });
});

describe("the old bot", () => {
  test("tries three times at the most, and says what each failed try met", async () => {
    const attempts: number[] = [];
    const tried = await placeWithRetries(async (attempt) => {
      attempts.push(attempt);
      throw new Error(`no ${attempt}`);
    });
    expect(attempts).toEqual([1, 2, 3]);
    expect(tried).toEqual({ result: null, failures: ["no 1", "no 2", "no 3"] });
  });

  test("stops at the first try that does not throw", async () => {
    const tried = await placeWithRetries(async (attempt) => {
      if (attempt === 1) throw new Error("lost");
      return attempt;
    });
    expect(tried).toEqual({ result: 2, failures: ["lost"] });
  });
});

describe("a world that is told to stop", () => {
  test("rejects with the reason and takes no further step", async () => {
    const text = JSON.stringify(dayOf(order({ id: "entry", time: "09:42:00" })));
    const stop = AbortSignal.abort(new Error("enough"));
    await expect(runUnguardedWorld(parseSession(text, "x.json"), stop)).rejects.toThrow("enough");
  });
});
