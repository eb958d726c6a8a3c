/** Messages as bytes: what a client writes is not what a reader of JSON makes of it. */
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AgentId } from "../../src/core/ids.ts";
import { listenForTools } from "../../src/mcp/http-endpoint.ts";
import { serveStdio } from "../../src/mcp/stdio-endpoint.ts";
import { Access } from "../../src/sidecar/access.ts";
import { openToolWorld, SECRET } from "./tool-world.ts";

const AGENT = { id: "test", group: "default" as AgentId };

interface Line {
  /** Writes bytes as they are. */
  write(bytes: Buffer | string): void;
  /** Gives what the message is answered with. */
  ask(message: string): Promise<string>;
}

async function program() {
  const world = await openToolWorld();
  return world.program({ broker: "none" }, { allowsOrders: false });
}

async function overStdio(): Promise<Line & { readonly ended: Promise<void> }> {
  const ports = (await program()).portsFor(AGENT);
  const [input, output] = [new PassThrough(), new PassThrough()];
  const endpoint = await serveStdio(input, output, ports);
  onTestFinished(() => endpoint.close());
  const ask = async (message: string) => {
    const answered = once(output, "data");
    input.write(`${message}\n`);
    return String((await answered)[0]);
  };
  return { write: (bytes) => void input.write(bytes), ask, ended: endpoint.ended };
}

async function overHttp() {
  const tools = await program();
  const failures: unknown[] = [];
  const endpoint = await listenForTools({
    access: new Access({ bindHost: "127.0.0.1", agents: [{ ...AGENT, secret: SECRET }] }),
    ...{ host: "127.0.0.1", port: 0, portsFor: () => tools.portsFor(AGENT) },
    onFailure: (error) => failures.push(error),
  });
  onTestFinished(() => endpoint.close());
  const to = { host: "127.0.0.1", port: endpoint.port, path: "/mcp", method: "POST" };
  const accept = "application/json, text/event-stream";
  const authorization = `Bearer ${SECRET}`;
  const headers = { authorization, accept, "content-type": "application/json" };
  const send = async (body: string | Buffer) => {
    const sent = httpRequest({ ...to, headers });
    const answered = once(sent, "response");
    sent.end(body);
    const [response] = await answered;
    return { status: response.statusCode, body: await text(response) };
  };
  return { send, ask: async (body: string) => (await send(body)).body, failures };
}

function claim(amount: string, requestId = "r-1"): string {
  const given = `{"request_id":"${requestId}","action":"pay","payload":{"eth":${amount}}}`;
  const params = `{"name":"claim","arguments":${given}}`;
  return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}}`;
}

describe.each([
  ["standard input and output", overStdio],
  ["HTTP", overHttp],
])("amounts over %s", (_, open) => {
  test("that differ behind the digits of a double are two payloads", async () => {
    const { ask } = await open();
    expect(await ask(claim("1.00000000000000001"))).toContain("PROCEED");
    expect(await ask(claim("1.00000000000000001"))).toContain("PENDING");
    for (const other of ["1", "1.00000000000000002", "1e-400"]) {
      expect(await ask(claim(other))).toMatch(/guard_terms_differ.*\/payload\/eth/);
    }
    expect(await ask(claim("0.30000000000000004", "r-2"))).toContain("PROCEED");
    expect(await ask(claim("3.0000000000000004e-1", "r-2"))).toContain("PENDING");
  });
});

describe("a message over standard input", () => {
  test("is read whatever pieces it comes in, with every character of it", async () => {
    const { write, ask } = await overStdio();
    const bytes = Buffer.from(`${claim("1.00000000000000001", "Zürich 😀")}\r\n`);
    for (const byte of bytes.subarray(0, -1)) write(Buffer.of(byte));
    expect(await ask("")).toContain("PROCEED");
    expect(await ask(claim("1.00000000000000001", "Zürich 😀"))).toContain("PENDING");
    expect(await ask(claim("1", "Zürich 😀"))).toContain("guard_terms_differ");
  });

  test("ends the connection where it is longer than a message may be", async () => {
    const { write, ended } = await overStdio();
    for (let sent = 0; sent <= 1_024; sent += 64) write("1.0".repeat(21_846));
    await ended;
  });
});

describe("a body over HTTP", () => {
  test("that is not UTF-8 is refused: replaced bytes would make two ids one", async () => {
    const { send, ask, failures } = await overHttp();
    const [before, after] = claim("1", "r-#").split("#") as [string, string];
    const body = Buffer.concat([Buffer.from(before), Buffer.of(0xff), Buffer.from(after)]);
    expect(await send(body)).toMatchObject({
      ...{ status: 400, body: expect.stringContaining("the body is not UTF-8") },
    });
    expect(await ask(claim("1", "r-\ufffd"))).toContain("PROCEED");
    expect(failures).toEqual([]);
  });
});
