/** What the connection's events make of an answer where their order is a matter of luck. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Dispatcher } from "undici";
import { expect, onTestFinished, test } from "vitest";
import { AnswerRelay } from "../../src/sidecar/answer-relay.ts";

/** More than the sockets of both sides hold. */
const LONG = Buffer.alloc(64 * 1_024 * 1_024);

function controllerOf(rawHeaders: readonly string[]) {
  const calls: string[] = [];
  const controller = {
    ...{ aborted: false, paused: false, reason: null },
    rawHeaders: rawHeaders.map((text) => Buffer.from(text)),
    abort: (reason: Error) => void calls.push(`abort: ${reason.message}`),
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
  } satisfies Dispatcher.DispatchController;
  return { controller, calls };
}

/** The server's side of a request whose client reads nothing. */
async function owedAnswer() {
  const server = createServer();
  const asked = once(server, "request") as Promise<[unknown, ServerResponse]>;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  client.pause();
  client.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const [, response] = await asked;
  return { client, response };
}

test.each([
  ["closes its connection", (client: Socket) => client.destroy()],
  ["resets it", (client: Socket) => client.resetAndDestroy()],
])("a client that %s when the broker has said everything did not get it all", async (_, leave) => {
  const { client, response } = await owedAnswer();
  const relay = new AnswerRelay(response);
  const { controller, calls } = controllerOf(["Content-Length", String(LONG.length)]);
  relay.onRequestStart(controller);
  relay.onResponseStart(controller, 200, undefined, "OK");
  relay.onResponseData(controller, LONG);
  relay.onResponseEnd();
  leave(client);
  await once(response, "close");
  relay.cut(new Error("the client went away"));
  expect(await relay.over).toEqual({ kind: "cut", status: 200 });
  expect(calls).toEqual(["pause"]);
});

test("a client that left before its request had a connection ends it there", async () => {
  const { response } = await owedAnswer();
  const relay = new AnswerRelay(response);
  const { controller, calls } = controllerOf([]);
  relay.cut(new Error("the client went away"));
  relay.onRequestStart(controller);
  expect(calls).toEqual(["abort: the client went away"]);
  relay.onResponseError(controller, new Error("the client went away"));
  await expect(relay.over).rejects.toThrow("the client went away");
});

test("what announces another answer is none", async () => {
  const { response } = await owedAnswer();
  const relay = new AnswerRelay(response);
  const { controller } = controllerOf(["Content-Length", "2"]);
  relay.onRequestStart(controller);
  relay.onResponseStart(controller, 103, undefined, "Early Hints");
  expect(response.headersSent).toBe(false);
  relay.onResponseStart(controller, 201, undefined, "Created");
  relay.onResponseData(controller, Buffer.from("{"));
  relay.onResponseData(controller, Buffer.from("}"));
  expect(response.headersSent).toBe(false);
  relay.onResponseEnd();
  expect(await relay.over).toEqual({ kind: "answered", status: 201 });
  expect(response.statusCode).toBe(201);
});
