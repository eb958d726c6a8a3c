import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { type Running, run, startProgram } from "./program.ts";

const KEYS = { "APCA-API-KEY-ID": "any", "APCA-API-SECRET-KEY": "any" };

/** The lines that the server has said by the time it listens. */
async function firstLine({ child }: Running): Promise<string> {
  if (child.stdout === null) throw new Error("nothing to read");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return line;
}

describe("tradelatch broker-sim", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "serves Alpaca's clock and prices, and ends with success within a second of %s",
    async (signal) => {
      const options = ["--port", "0", "--json", "--price", "TQQQ=75.33", "SQQQ=40.90"];
      const server = startProgram(["broker-sim", ...options]);
      const { url, port } = JSON.parse(await firstLine(server)) as { url: string; port: number };
      expect(url).toBe(`http://127.0.0.1:${port}`);
      const clock = await fetch(`${url}/v2/clock`, { headers: KEYS });
      expect(await clock.json()).toMatchObject({ is_open: true });
      const order = { symbol: "TQQQ", side: "buy", qty: "6", type: "market", time_in_force: "day" };
      const body = JSON.stringify(order);
      await fetch(`${url}/v2/orders`, { method: "POST", headers: KEYS, body });
      const position = await fetch(`${url}/v2/positions/TQQQ`, { headers: KEYS });
      expect(await position.json()).toMatchObject({ qty: "6", avg_entry_price: "75.33" });
      server.child.kill(signal);
      const { stdout, stderr, exitCode } = await server.ended;
      expect(stdout).toBe(`${JSON.stringify({ url, port })}\n`);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    },
  );

  test("tells a person where it listens and how to use it", async () => {
    const server = startProgram(["broker-sim", "--port", "0"]);
    const line = await firstLine(server);
    server.child.kill("SIGTERM");
    const { stdout } = await server.ended;
    const [, url = ""] = /listens on (http:\S+)$/.exec(line) ?? [];
    const clock = "Its clock stands until it is moved: POST /sim/clock (docs/OPERATING.md)";
    const use = `Set APCA_API_BASE_URL=${url}; end it with Ctrl-C.`;
    expect(stdout).toBe(`${[line, clock, use].join("\n")}\n`);
  });

  test("gives the same ids for the same seed", async () => {
    const accountOf = async (seed: string) => {
      const server = startProgram(["broker-sim", "--port", "0", "--json", "--seed", seed]);
      const { url } = JSON.parse(await firstLine(server)) as { url: string };
      const account = (await (await fetch(`${url}/v2/account`, { headers: KEYS })).json()) as {
        id: string;
      };
      server.child.kill("SIGTERM");
      await server.ended;
      return account.id;
    };
    const [first, second, other] = [
      await accountOf("7"),
      await accountOf("7"),
      await accountOf("8"),
    ];
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  test("fails in one line, with the reason once, when its port is in use", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const port = String((holder.address() as AddressInfo).port);
    try {
      const { stdout, stderr, exitCode } = await run(["broker-sim", "--port", port]);
      expect(stderr).toMatch(/^tradelatch: cannot listen on [^\n]+ Choose another --port[^\n]+\n$/);
      expect(stderr).toContain(`port ${port}`);
      expect(stderr.match(/EADDRINUSE/g)).toHaveLength(1);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    } finally {
      holder.close();
    }
  });
});
