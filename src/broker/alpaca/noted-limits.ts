/** What the broker's answers say of its rate limit, which all programs with one key share. */
import type { FetchApi } from "./whole-body.ts";

export interface BrokerLimit {
  /** Requests a minute. */
  readonly limit: number;
  readonly remaining: number;
}

export interface NotedLimits {
  /** The global fetch, and it notes what the answers say. */
  readonly fetchApi: FetchApi;
  /** What the last answer said; undefined where none did. */
  readonly last: () => BrokerLimit | undefined;
}

export function noteLimits(): NotedLimits {
  let said: BrokerLimit | undefined;
  return {
    last: () => said,
    fetchApi: async (url, init) => {
      const response = await fetch(url, init);
      const [limit, remaining] = ["limit", "remaining"].map((name) =>
        Number.parseInt(response.headers.get(`x-ratelimit-${name}`) ?? "", 10),
      );
      if (limit !== undefined && remaining !== undefined && limit > 0 && remaining >= 0) {
        said = { limit, remaining };
      }
      return response;
    },
  };
}
