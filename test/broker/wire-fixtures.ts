/** The answers in `fixtures/alpaca/`, each with what it proves. */
import { readdirSync, readFileSync } from "node:fs";

import { z } from "zod";

import type { Endpoint, HttpAnswer } from "../../src/broker/alpaca/http-answer.ts";
import type { ClientOrderId } from "../../src/core/ids.ts";

const FOLDER = new URL("../../fixtures/alpaca/", import.meta.url);

const wireFixture = z.strictObject({
  case: z.string().min(1),
  request: z.strictObject({
    method: z.enum(["GET", "POST", "PATCH", "DELETE"]),
    path: z.string().startsWith("/v2/"),
    side: z.enum(["buy", "sell"]).optional(),
  }),
  response: z.strictObject({
    status: z.number(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.union([z.string(), z.record(z.string(), z.unknown())]),
  }),
  expect: z.looseObject({ kind: z.string() }),
  /** `spec`: Alpaca's documents; `measured`: somebody published it; `constructed`: made here. */
  mark: z.enum(["spec", "measured", "constructed"]),
});
export type WireFixture = z.infer<typeof wireFixture> & { readonly name: string };

/** The id that the fixtures' requests sent. */
export const SENT_ID = "tl-5f0c1d7ab2e94c6d8e3f7a1b2c4d6e8f-1" as ClientOrderId;
/** The moment at which the fixtures' answers arrive: 2026-11-20T14:31:02Z. */
export const ARRIVAL = 1_795_185_062_000;

export const WIRE_FIXTURES: readonly WireFixture[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => ({
    name: file.replace(/\.json$/, ""),
    ...wireFixture.parse(JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"))),
  }));

export function fixture(name: string): WireFixture {
  const found = WIRE_FIXTURES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no fixture is called ${name}`);
  return found;
}

export function bodyOf(given: WireFixture): string {
  const { body } = given.response;
  return typeof body === "string" ? body : JSON.stringify(body);
}

export function answerOf(given: WireFixture): HttpAnswer {
  const { status, headers } = given.response;
  return { httpStatus: status, headers: headers ?? {}, body: bodyOf(given) };
}

export function endpointOf(given: WireFixture): Endpoint {
  const { method, path } = given.request;
  const isPosition = path.startsWith("/v2/positions/");
  if (method === "POST") return "submit";
  if (method === "PATCH") return "replace";
  if (method === "DELETE") return isPosition ? "close_position" : "cancel";
  return isPosition ? "position" : "order";
}
