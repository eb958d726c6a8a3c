/** The quickest client there is, so that what stands between it and the broker shows. */
import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "undici";
import { orderAt } from "./bench-orders.ts";
import { KEY_HEADERS } from "./broker-keys.ts";

const OK = 200;
/** The outcome is not known yet; the same request again cannot place a second order. */
const NOT_YET = 409;
const TRIES_MAX = 60;
const PAUSE_MS = 1_000;
const JSON_HEADERS = { ...KEY_HEADERS, "content-type": "application/json" };

export interface HttpClient {
  get(path: string): Promise<void>;
  order(name: string, index: number): Promise<string>;
  close(): Promise<void>;
}

export function httpClient(url: string): HttpClient {
  const pool = new Pool(url, { connections: 64, pipelining: 1 });
  const ask = async (options: Parameters<Pool["request"]>[0]) => {
    for (let tries = 1; ; tries += 1) {
      const answer = await pool.request(options);
      const text = await answer.body.text();
      if (answer.statusCode === OK) return text;
      // A machine that stood still for seconds has lost an answer; a bot would do the same.
      const isUnknown = answer.statusCode === NOT_YET && tries < TRIES_MAX;
      if (!isUnknown) throw new Error(`${options.path}: ${answer.statusCode} ${text}`);
      await pause(PAUSE_MS);
    }
  };
  return {
    get: async (path) => void (await ask({ method: "GET", path, headers: KEY_HEADERS })),
    order: (name, index) => {
      const body = JSON.stringify(orderAt(name, index));
      return ask({ method: "POST", path: "/v2/orders", headers: JSON_HEADERS, body });
    },
    close: () => pool.close(),
  };
}
