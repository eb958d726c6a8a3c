/** A server with the native pages, on a real latch and the simulated broker, for one test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RouteOptions } from "fastify";
import { pino } from "pino";
import { openLatch } from "../../src/app.ts";
import { resolveServeConfig } from "../../src/config.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Latch } from "../../src/latch.ts";
import { createMetrics, type SidecarMetrics } from "../../src/sidecar/metrics.ts";
import { configPage } from "../../src/sidecar/native-config-schema.ts";
import type { NativePorts } from "../../src/sidecar/native-ports.ts";
import { registerNativeRoutes } from "../../src/sidecar/native-routes.ts";
import { SecretMask } from "../../src/sidecar/secret-mask.ts";
import { statusSource } from "../../src/sidecar/status-source.ts";
import type { StreamHealth } from "../../src/sidecar/stream-service.ts";
import type { Simulator } from "../../src/simulator/index.ts";
import {
  AGENT_SECRET,
  atTheEnd,
  BOT,
  BROKER_ID,
  BROKER_SECRET,
  openBroker,
  openSidecar,
  type SidecarBench,
} from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

/** Nobody else's: no bot has it. */
export const OPERATOR_KEY = "the-key-of-whoever-looks-after-it";
export const OPERATOR = [`TradeLatch-Operator-Key: ${OPERATOR_KEY}`] as const;

export const BUY = {
  symbol: "TQQQ",
  side: "buy",
  effect: "open",
  quantity: "6",
  requestId: "r-1",
} as const;

export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a page, asserted on by the test
  readonly body: any;
}

export interface NativeBench extends SidecarBench {
  readonly latch: Latch;
  readonly broker: Simulator;
  readonly clock: ManualClock;
  /** The ledger's file. */
  readonly store: string;
  readonly metrics: SidecarMetrics;
  readonly failures: readonly unknown[];
  readonly routes: readonly RouteOptions[];
  get(target: string, lines?: readonly string[]): Promise<Told>;
  post(body: unknown, lines?: readonly string[]): Promise<Told>;
}

/** `ports` take the place of those that lead to the latch. */
export async function openNative(
  ports: Partial<NativePorts> = {},
  operatorKey: string | null = OPERATOR_KEY,
): Promise<NativeBench> {
  const broker = await openBroker();
  const folder = mkdtempSync(join(tmpdir(), "tradelatch-native-"));
  atTheEnd(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new ManualClock(broker.now());
  const settings = { store: join(folder, "latch.db"), agent: "momentum", baseUrl: broker.url };
  const keys = { keyId: BROKER_ID, secret: BROKER_SECRET };
  const logger = pino({ level: "silent" });
  const latch = await openLatch({ ...settings, ...keys, clock, logger, schedule: false });
  const failures: unknown[] = [];
  const routes: RouteOptions[] = [];
  const metrics = createMetrics({
    clock,
    latch: () => latch,
    stream: () => ({ connected: true, behindSince: undefined }),
  });
  const agents = JSON.stringify([{ id: "bot-1", secret: AGENT_SECRET, group: "momentum" }]);
  const kept = { backupDir: "copies", auditKey: "mine.pem" };
  const serve = resolveServeConfig({ ...settings, ...keys, agents, ...kept }, {});
  const places = { brokerUrl: broker.url, store: settings.store };
  const isReady = { isReady: true, recovery: "done", store: "ok", broker: "ok" } as const;
  const readiness = { read: async () => isReady };
  const stream = (): StreamHealth => ({
    ...{ connected: true, state: "up", since: clock.now(), lastEventAt: undefined },
    ...{ live: true, behindSince: undefined, listeners: 0, strangers: 0 },
  });
  const mask = new SecretMask([BROKER_SECRET, AGENT_SECRET]);
  const submit = metrics.observed<Parameters<NativePorts["submit"]>>((agent, intent, options) =>
    latch.submitFor(agent.group, intent, options),
  );
  const bench = await openSidecar(broker.url, {
    operatorKey: operatorKey ?? undefined,
    own: (app, context) => {
      app.addHook("onRoute", (route) => {
        routes.push(route);
      });
      registerNativeRoutes(app, context, {
        ...{ clock, submit, metrics, latch: () => latch, guard: () => latch.guard },
        requiresToken: () => false,
        status: statusSource({ readiness, started: () => latch, stream }, places),
        config: () => configPage(serve, { brokerUrl: latch.brokerUrl, logLevel: "info" }),
        quote: (text) => mask.quote(text),
        onFailure: (error) => void failures.push(error),
        ...ports,
      });
    },
  });
  atTheEnd(() => latch.close());
  const ask = async (method: string, target: string, lines: readonly string[], body = "") => {
    const answer = await exchange(bench.port, method, target, lines, body);
    const headers = Object.fromEntries(
      answer.headers.map(([name, value]) => [name.toLowerCase(), value]),
    );
    const text = answer.body.toString("utf8");
    const isJson = headers["content-type"]?.startsWith("application/json");
    return { status: answer.status, headers, text, body: isJson ? jsonOf(answer) : undefined };
  };
  return {
    ...bench,
    ...{ latch, broker, clock, metrics, failures, routes, store: settings.store },
    get: (target, lines = BOT) => ask("GET", target, lines),
    post: (body, lines = [...BOT, "Content-Type: application/json"]) =>
      ask("POST", "/latch/v1/orders", lines, typeof body === "string" ? body : asJson(body)),
  };
}

/** Drives the clock by nothing until `work` is over: who waits for no time at all wakes up. */
export async function wakingUp<Value>(clock: ManualClock, work: Promise<Value>): Promise<Value> {
  let isOver = false;
  const ended = () => {
    isOver = true;
  };
  work.then(ended, ended);
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advanceTo(clock.now());
  }
  return work;
}

function asJson(body: unknown): string {
  return Buffer.from(JSON.stringify(body)).toString("latin1");
}
