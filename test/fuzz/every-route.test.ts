import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Fault } from "../../src/simulator/index.ts";
import { FuzzWorld } from "./fuzz-world.ts";
import { hostileRequest } from "./hostile-request.ts";
import { JudgedWorld, REQUESTS_PER_WORLD } from "./judged-world.ts";
import { KEPT_REQUESTS } from "./kept-requests.ts";
import { heapBytes, openSockets, socketsLeft } from "./left-behind.ts";
import { wireBytes } from "./request-bytes.ts";
import { ownSamples, ROUTES, routesOfServer } from "./server-routes.ts";
import { readAnswers } from "./wire-answers.ts";

/** `FUZZ_REQUESTS=100000 npx vitest run test/fuzz` sends as many as that. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 3_000);
const WORLDS = Math.ceil(REQUESTS / REQUESTS_PER_WORLD);
const TIME_LIMIT_MS = 300_000 + REQUESTS * 60;
/** Compiled code, and what the runner keeps of a run. */
const HEAP_ALLOWANCE_BYTES = 12 * 1_024 * 1_024;

const answered = new Map<string, number>();
const reached = new Map<string, number>();
const heaps: number[] = [];

function addTo(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
}

/** Another seed for each world, and none where every run is to be another. */
function seedOf(world: number): { readonly seed?: number } {
  const { seed } = fc.readConfigureGlobal() ?? {};
  return seed === undefined ? {} : { seed: seed + world };
}

async function inWorld(run: (world: JudgedWorld) => Promise<void>): Promise<void> {
  const before = openSockets();
  const world = await JudgedWorld.open();
  try {
    await run(world);
  } finally {
    expect(await world.close()).toEqual([]);
  }
  expect(await socketsLeft(before)).toBeLessThanOrEqual(before);
  addTo(answered, world.answered);
  addTo(reached, world.reached);
}

test("every route of the server has a request here that it takes", async () => {
  const world = await FuzzWorld.open();
  const usual = KEPT_REQUESTS.find(({ framing }) => framing === "length");
  const asked = { ...usual, method: "GET", target: "/openapi.json", body: "" };
  const bytes = wireBytes(asked as never, world.sidecar.port, "");
  const received = await world.exchange(bytes, false, () => false);
  const [document] = readAnswers(received, [false]).answers;
  await world.close();
  expect(ownSamples()).toEqual(routesOfServer(JSON.parse(String(document?.body))));
});

describe("a hostile request", () => {
  test.each(Array.from({ length: WORLDS }, (_, index) => index))(
    "is answered well, does nothing that it may not, and leaves no secret: world %i",
    async (index) => {
      const numRuns = Math.min(REQUESTS_PER_WORLD, REQUESTS - index * REQUESTS_PER_WORLD);
      const examples = KEPT_REQUESTS.map((kept): [typeof kept] => [kept]);
      await inWorld(async (world) => {
        const holds = fc.asyncProperty(hostileRequest, async (request) => {
          expect(await world.judge(request)).toEqual([]);
        });
        await fc.assert(holds, { numRuns, examples, ...seedOf(index) });
      });
      heaps.push(await heapBytes());
    },
    TIME_LIMIT_MS,
  );

  test("reached every route", () => {
    const names = ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(names.filter((name) => !reached.has(name))).toEqual([]);
  });

  test("leaves no memory behind with its world", () => {
    const [first = 0] = heaps;
    expect(heaps.at(-1)).toBeLessThan(first + HEAP_ALLOWANCE_BYTES);
  });
});

describe("a hostile request while the broker fails", () => {
  const faults: readonly Fault[] = [
    { kind: "drop" },
    { kind: "accept_then_drop" },
    { kind: "accept_then_error", status: 504 },
    { kind: "refuse", status: 500, code: 50010000, message: "internal server error occurred" },
    { kind: "html", status: 200, accept: true },
    { kind: "html", status: 502, accept: false },
    { kind: "rate_limited" },
  ];

  test(
    "gets no 429 and no 5xx where it is an order, and is not repeated",
    async () => {
      const numRuns = Math.ceil(REQUESTS / 20);
      await inWorld(async (world) => {
        const holds = fc.asyncProperty(
          hostileRequest,
          fc.constantFrom(...faults),
          async (request, fault) => {
            expect(await world.judge(request, fault)).toEqual([]);
          },
        );
        await fc.assert(holds, { numRuns: Math.min(numRuns, REQUESTS_PER_WORLD) });
      });
    },
    TIME_LIMIT_MS,
  );
});

afterAll(() => {
  if (process.env.FUZZ_REQUESTS === undefined) return;
  const statuses = new Map<string, number>();
  for (const [name, count] of answered) {
    const status = name.split(" ").at(-1) ?? "";
    statuses.set(status, (statuses.get(status) ?? 0) + count);
  }
  const sent = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  const sorted = [...statuses].sort().map(([status, count]) => `${status}: ${count}`);
  console.log(`${sent} requests; ${sorted.join(", ")}`);
  console.log(`heap after each world, MB: ${heaps.map((bytes) => Math.round(bytes / 1e6))}`);
});
