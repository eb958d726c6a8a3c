import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { HELD, KEY_ID, ORDER, openOrderWorld, SECRET, SELL } from "./orders-world.ts";

const AGENT_SECRET = "agentSecretThatOnlyTheBotKnows";
const PAGES = [
  "/healthz",
  "/readyz",
  "/metrics",
  "/openapi.json",
  "/latch/v1/claims",
  "/latch/v1/books",
  "/latch/v1/config",
  "/latch/v1/incidents",
  "/latch/v1/entry-check?symbol=TQQQ",
  "/v2/account",
  "/nothing/here",
] as const;

/** The broker's and the agents' secrets, as they are and as URLs and Basic keys carry them. */
const HIDDEN = [SECRET, AGENT_SECRET].flatMap((secret) => [
  secret,
  Buffer.from(`${KEY_ID}:${secret}`).toString("base64"),
]);

test("no log line, answer, page, metric or byte of the ledger has a secret in it", async () => {
  const world = await openOrderWorld(HELD);
  const agents = JSON.stringify([{ id: "bot-1", secret: AGENT_SECRET, group: "momentum" }]);
  const sidecar = await world.open({ agents });
  const get = (path: string) => world.send(sidecar, "", { method: "GET", path });
  const bot = { headers: { "APCA-API-KEY-ID": "bot-1", "APCA-API-SECRET-KEY": AGENT_SECRET } };
  const texts: string[] = [];
  const keep = async (sent: ReturnType<typeof get>) => {
    const { text, headers } = await sent;
    texts.push(text, JSON.stringify([...headers]));
  };
  await keep(world.send(sidecar, ORDER, bot));
  await keep(world.send(sidecar, { ...ORDER, client_order_id: SECRET.slice(0, 8) }, bot));
  world.fault({ kind: "refuse", status: 422, code: 42_210_000, message: `keys ${SECRET} are bad` });
  await keep(world.send(sidecar, SELL));
  world.fault({ kind: "html", status: 500, accept: false });
  await keep(world.send(sidecar, { ...ORDER, qty: "3" }));
  await keep(world.send(sidecar, `{"symbol": "${AGENT_SECRET}"`));
  await keep(world.send(sidecar, { ...ORDER, symbol: AGENT_SECRET }));
  await keep(world.send(sidecar, { ...ORDER, position_intent: SECRET }));
  const spaced = { headers: { "Idempotency-Key": `${AGENT_SECRET} ${AGENT_SECRET}` } };
  await keep(world.send(sidecar, ORDER, spaced));
  const remove = (path: string) => world.send(sidecar, "", { method: "DELETE", path });
  await keep(remove(`/v2/positions/${AGENT_SECRET}`));
  // The broker says which order it does not find: its answers pass as they are.
  await remove(`/v2/orders/${AGENT_SECRET}`);
  await keep(world.send(sidecar, { result: 1 }, { ...bot, path: `/settle/${AGENT_SECRET}` }));
  await keep(world.send(sidecar, "", { ...bot, method: "GET", path: `/claims/${SECRET}` }));
  for (const path of PAGES) await keep(get(path));
  const headers = { accept: "application/json" };
  await keep(world.send(sidecar, "", { method: "GET", path: "/latch/v1/events", headers }));
  await world.shut(sidecar);
  const everything = [...texts, ...world.log, readFileSync(world.store, "latin1")];
  expect(everything.some((text) => text.includes("momentum"))).toBe(true);
  for (const secret of HIDDEN) {
    expect(
      everything.filter((text) => text.includes(secret)).map((text) => text.slice(0, 300)),
    ).toEqual([]);
  }
});
