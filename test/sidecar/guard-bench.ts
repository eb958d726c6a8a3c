/** A whole sidecar without a broker, on a clock that the test drives, asked over real HTTP. */
import { join } from "node:path";
import { pino } from "pino";
import type { AgentSettings } from "../../src/agent-settings.ts";
import { resolveServeConfig, type ServeSettings } from "../../src/config.ts";
import { openSidecar } from "../../src/sidecar/sidecar.ts";
import { DrivenClock, START } from "../guard/guard-world.ts";
import { temporaryFolder } from "../ledger/temporary-folder.ts";
import { atTheEnd } from "./sidecar-bench.ts";

export interface GuardReply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a page, asserted on by the test
  readonly body: any;
}

export interface GuardBench {
  readonly url: string;
  readonly clock: DrivenClock;
  readonly store: string;
  post(
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<GuardReply>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<GuardReply>;
}

export const TOKEN = "TradeLatch-Settlement-Token";

export async function guardBench(
  settings: ServeSettings = {},
  agents: readonly Omit<AgentSettings, "policy">[] = [],
): Promise<GuardBench> {
  const clock = new DrivenClock(START);
  const store = join(temporaryFolder(), "actions.db");
  const given = { broker: "none", store, port: 0, agents: JSON.stringify(agents), ...settings };
  const serve = resolveServeConfig(given as ServeSettings, {});
  const logger = pino({ level: "silent" });
  const sidecar = await openSidecar({ serve, logger, clock, schedule: false });
  atTheEnd(() => sidecar.close(0));
  await sidecar.started;
  const ask = async (path: string, init: RequestInit): Promise<GuardReply> => {
    const answer = await fetch(`${sidecar.url}${path}`, init);
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text && JSON.parse(text) };
  };
  return {
    ...{ url: sidecar.url, clock, store },
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, body, headers = {}) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const json = { "content-type": "application/json", ...headers };
      return ask(path, { method: "POST", body: text, headers: json });
    },
  };
}
