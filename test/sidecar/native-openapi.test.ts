import { expect, test } from "vitest";
import { openNative } from "./native-bench.ts";
import { exchange } from "./wire-client.ts";

test("the OpenAPI document is one of version 3.1 that names every page and every schema", async () => {
  const { get, routes } = await openNative();
  const { status, body } = await get("/openapi.json");
  expect(status).toBe(200);
  expect(body.openapi).toMatch(/^3\.1\.\d+$/);
  const known = routes.map(({ method, url }) => [url.replace(/:(\w+)/g, "{$1}"), `${method}`]);
  expect(known.length).toBeGreaterThan(7);
  for (const [path = "", method = ""] of known) {
    expect(body.paths[path]?.[method.toLowerCase()], `${method} ${path}`).toBeDefined();
  }
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(["/healthz", "/readyz", "/metrics", "/openapi.json"]),
  );
  const references = JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
  const named = new Set([...references].map(([, name = ""]) => name));
  expect(new Set(Object.keys(body.components.schemas))).toEqual(named);
  expect(named).toContain("OrderRequestInput");
  expect(JSON.stringify(body)).not.toContain("Default Response");
});

test("its schema of an order names the intent's fields and its bounds", async () => {
  const { get } = await openNative();
  const { paths, components } = (await get("/openapi.json")).body;
  const post = paths["/latch/v1/orders"].post;
  expect(Object.keys(post.responses)).toEqual(
    expect.arrayContaining(["200", "201", "202", "403", "409", "422"]),
  );
  const { properties } = components.schemas.OrderRequestInput;
  expect(properties.waitMs).toMatchObject({ type: "integer", minimum: 0, maximum: 10_000 });
  expect(properties.intent.required).toEqual(["symbol"]);
  expect(properties.intent.properties.side.enum).toEqual(["buy", "sell"]);
  expect(paths["/latch/v1/claims"].get.parameters).toContainEqual(
    expect.objectContaining({ in: "query", name: "limit" }),
  );
  expect(JSON.stringify(paths["/latch/v1/claims"])).toContain("Claimed before this time.");
});

test("only the page that says the process lives needs no key", async () => {
  const { port, get, routes } = await openNative();
  const { paths } = (await get("/openapi.json")).body;
  expect(paths["/healthz"].get.security).toEqual([]);
  for (const { method, url } of routes) {
    const answer = await exchange(port, `${method}`, url);
    expect(answer.status, `${method} ${url}`).toBe(401);
  }
});
