/**
 * What the sidecar adds to a request, beside what a bare proxy adds. The client is in this process,
 * the broker, the bare proxy and the sidecar in one of their own each.
 */
import { join } from "node:path";
import { BareStore, CLAIM_SIZED_BODY } from "./bare-store.ts";
import { withFolder } from "./bench-folder.ts";
import { startBareProxy, startBroker } from "./broker-process.ts";
import { httpClient } from "./http-client.ts";
import { interleave } from "./interleaved-rounds.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { startSidecar } from "./sidecar-process.ts";

const READ_PATH = "/v2/positions/SPY";

export const PROXY: Measurement = {
  keys: ["proxyReadAddedP50", "proxyOrderAddedP50"],
  measure: (scale) => withFolder((folder) => measureIn(folder, scale)),
};

async function measureIn(folder: string, { rounds, turns }: Scale): Promise<readonly Figure[]> {
  const held = { symbol: "SPY", quantity: "6", averagePrice: "500" };
  const broker = await startBroker({ positions: [held] });
  const proxy = await startBareProxy(broker.url);
  const sidecar = await startSidecar(join(folder, "latch.db"), broker.url);
  const bare = new BareStore(join(folder, "bare.db"));
  const [direct, proxied, guarded] = [
    httpClient(broker.url),
    httpClient(proxy.url),
    httpClient(sidecar.url),
  ];
  const plan = { rounds, turns, warmUp: turns };
  // Of each order the broker tells the sidecar, whoever sent it: what it does about that is over
  // once it has answered the next request.
  const rest = async () => {
    await proxied.get(READ_PATH);
    await guarded.get(READ_PATH);
  };
  const reads = await interleave(
    {
      direct: () => direct.get(READ_PATH),
      proxy: () => proxied.get(READ_PATH),
      sidecar: () => guarded.get(READ_PATH),
    },
    plan,
  );
  const orders = await interleave(
    {
      insert: (index) => bare.insert(`insert-${index}`, CLAIM_SIZED_BODY),
      direct: (index) => direct.order("direct", index),
      proxy: (index) => proxied.order("proxy", index),
      sidecar: (index) => guarded.order("sidecar", index),
    },
    plan,
    { rest },
  );
  await Promise.all([direct.close(), proxied.close(), guarded.close()]);
  await sidecar.close();
  await proxy.close();
  await broker.close();
  bare.close();
  const added = ({ direct, proxy, sidecar }: typeof reads) => ({
    proxyAddedUs: proxy.p50 - direct.p50,
    sidecarAddedUs: sidecar.p50 - direct.p50,
  });
  const [read, order] = [added(reads), added(orders)];
  const insertUs = orders.insert.p50;
  return [
    {
      key: "proxyReadAddedP50",
      value: read.sidecarAddedUs / read.proxyAddedUs,
      parts: { directUs: reads.direct.p50, ...read },
    },
    {
      key: "proxyOrderAddedP50",
      value: order.sidecarAddedUs / (order.proxyAddedUs + insertUs),
      parts: { directUs: orders.direct.p50, ...order, insertUs },
    },
  ];
}
