import { pino } from "pino";
import { expect, test } from "vitest";
import { traceFields } from "../../src/index.ts";
import { guardWorld, PAYMENT } from "../guard/guard-world.ts";
import { registerSdk } from "./recording-sdk.ts";

test("an action's claim, doubt, verdict and repeat are spans by one request id, linked to its claim", async () => {
  const sdk = registerSdk();
  const { guard } = await guardWorld();
  const lost = () => {
    throw new Error("a secret that the provider quoted");
  };
  await guard.execute({ ...PAYMENT, run: lost });
  await guard.execute({ ...PAYMENT, run: lost, verify: () => ({ kind: "done", result: 1 }) });
  const spans = sdk.spans();
  expect(spans.map(({ name, attributes }) => [name, attributes["tradelatch.result"]])).toEqual([
    ["tradelatch.claim", "proceed"],
    ["tradelatch.doubt", "unresolved"],
    ["tradelatch.claim", "unresolved"],
    ["tradelatch.verdict", "done"],
  ]);
  expect(new Set(spans.map(({ attributes }) => attributes["tradelatch.request_id"]))).toEqual(
    new Set([PAYMENT.requestId]),
  );
  const claimed = spans[0]?.spanContext().spanId;
  expect(spans.slice(1).map(({ links }) => links.map(({ context }) => context.spanId))).toEqual([
    [claimed],
    [claimed],
    [claimed],
  ]);
  expect(JSON.stringify(spans.map(({ attributes, events }) => [attributes, events]))).not.toContain(
    "secret",
  );
});

test("a settled action is counted by its outcome", async () => {
  const sdk = registerSdk();
  const { guard } = await guardWorld();
  await guard.claim(PAYMENT);
  await guard.settle({ requestId: PAYMENT.requestId, outcome: "rejected" });
  expect(await sdk.counts()).toMatchObject({ "claim proceed": 1, "settle rejected": 1 });
});

test("each log line about an action carries the trace that it belongs to", async () => {
  const sdk = registerSdk();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const { guard } = await guardWorld({ logger: pino({ mixin: traceFields }, { write }) });
  await guard.execute({ ...PAYMENT, run: () => 1 });
  const logged = lines.map((line) => JSON.parse(line)).filter(({ msg }) => /answered/.test(msg));
  expect(logged.map(({ command, span_id }) => [command, span_id])).toEqual(
    sdk.spans().map((span) => [span.name.replace("tradelatch.", ""), span.spanContext().spanId]),
  );
  expect(logged).toHaveLength(2);
});
