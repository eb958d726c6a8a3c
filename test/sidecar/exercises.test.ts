/**
 * The exercise of an option contract takes all that is held and cannot be taken back; clients send
 * any request again by themselves on some answers, seconds later and without a look. None of these
 * answers reaches one.
 */
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { unusedPort } from "../unused-port.ts";
import { BOT, gate, openSidecar, openUpstream } from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

const EXERCISE = "/v2/positions/SPY260619C00500000/exercise";
const LONGER_THAN_ANY_ANSWER = 1_024 * 1_024 + 1;
const BODY = '{"code":1,"message":"the broker\'s own words"}';

function answering(status: number, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(BODY);
  };
}

/** What is sent through a sidecar to a broker that answers so, with what had come there. */
async function sent(answer: (response: ServerResponse) => void, target: string, method = "POST") {
  const upstream = await openUpstream((_, response) => answer(response));
  const bench = await openSidecar(upstream.url);
  const got = await exchange(bench.port, method, target, BOT);
  return { got, upstream, bench };
}

const LOST: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ...[408, 425, 429, 500, 502, 503, 504].map(
    (status) => [`the status ${status}`, answering(status, { "retry-after": "1" })] as const,
  ),
  ["several choices", answering(300)],
  [
    "more than any answer has",
    (response) => response.end(Buffer.alloc(LONGER_THAN_ANY_ANSWER, " ")),
  ],
  ["a redirect", answering(307, { location: "http://127.0.0.1:9/" })],
  ["nothing, and an end", (response) => response.socket?.destroy()],
  ["a reset", (response) => response.socket?.resetAndDestroy()],
  [
    "a 200 that breaks off",
    (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.socket?.destroy());
    },
  ],
  [
    "a 200 in chunks that breaks off",
    (response) => {
      response.writeHead(200);
      response.write("{", () => response.socket?.destroy());
    },
  ],
];

test.each(LOST)("an exercise that the broker answers with %s is told as unknown", async (_, by) => {
  const { got, upstream } = await sent(by, EXERCISE);
  expect(got.status).toBe(409);
  expect(jsonOf(got).tradelatch.error).toBe("exercise_unknown");
  expect(got.headers.map(([name]) => name.toLowerCase())).not.toContain("retry-after");
  expect(upstream.requests).toHaveLength(1);
});

test.each([200, 201, 400, 403, 404, 422])(
  "an exercise gets the broker's own %i, byte for byte",
  async (status) => {
    for (const own of [{}, { "content-length": String(BODY.length) }]) {
      const { got, upstream } = await sent(answering(status, own), EXERCISE);
      expect(got).toMatchObject({ status, whole: true });
      expect(got.body.toString()).toBe(BODY);
      expect(upstream.requests).toHaveLength(1);
    }
  },
);

test("an exercise may have an answer without a body", async () => {
  const { got } = await sent((response) => response.writeHead(204).end(), EXERCISE);
  expect(got).toMatchObject({ status: 204, whole: true });
});

test("an exercise that certainly was not sent is told so, and may be sent again", async () => {
  const bench = await openSidecar(`http://127.0.0.1:${await unusedPort()}`);
  const got = await exchange(bench.port, "POST", EXERCISE, BOT);
  expect(got.status).toBe(502);
  expect(jsonOf(got).message).toContain("nothing was sent");
});

test("an exercise is not sent while another one of the same contract is under way", async () => {
  const [taken, goOn] = [gate(), gate()];
  const upstream = await openUpstream(async (request, response) => {
    if (request.url === EXERCISE) taken.open();
    if (request.url === EXERCISE) await goOn.passed;
    answering(200)(response);
  });
  const bench = await openSidecar(upstream.url);
  const ask = (target: string) => exchange(bench.port, "POST", target, BOT);
  const first = ask(EXERCISE);
  await taken.passed;
  const second = await ask(EXERCISE);
  expect(second.status).toBe(409);
  expect(jsonOf(second).tradelatch.error).toBe("exercise_unknown");
  expect(jsonOf(second).message).toContain("this one was not sent");
  expect((await ask(EXERCISE.replace("500000", "510000"))).status).toBe(200);
  goOn.open();
  expect((await first).status).toBe(200);
  expect((await ask(EXERCISE)).status).toBe(200);
  expect(upstream.requests).toHaveLength(3);
});

test("an exercise whose client has gone is under way until the broker has answered it", async () => {
  const [taken, goOn, ended] = [gate(), gate(), gate()];
  const upstream = await openUpstream(async (request, response) => {
    if (request.url === EXERCISE && upstream.requests.length === 1) {
      taken.open();
      await goOn.passed;
      response.once("close", ended.open);
    }
    answering(200)(response);
  });
  const bench = await openSidecar(upstream.url);
  const ask = (method: string, target: string) => exchange(bench.port, method, target, BOT);
  const left = connect(bench.port, "127.0.0.1");
  const head = [`POST ${EXERCISE} HTTP/1.1`, `Host: 127.0.0.1:${bench.port}`, ...BOT];
  left.write(`${head.join("\r\n")}\r\n\r\n`);
  await taken.passed;
  left.resetAndDestroy();
  for (const _ of [1, 2, 3]) await ask("GET", "/v2/positions");
  const second = await ask("POST", EXERCISE);
  expect(second.status).toBe(409);
  expect(jsonOf(second).message).toContain("this one was not sent");
  goOn.open();
  await ended.passed;
  await ask("GET", "/v2/positions");
  expect((await ask("POST", EXERCISE)).status).toBe(200);
});

test.each([
  ["POST", `${EXERCISE.replace("exercise", "do-not-exercise")}`],
  ["DELETE", "/v2/orders"],
  ["GET", "/v2/positions"],
])("what may be done twice gets the broker's 504 as it is: %s %s", async (method, target) => {
  const { got } = await sent(answering(504), target, method);
  expect(got.status).toBe(504);
  expect(got.body.toString()).toBe(BODY);
});
