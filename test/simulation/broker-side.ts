/**
 * The simulated Alpaca without its HTTP server: requests go in as they would from a socket, answers
 * come out, and its time follows the world's.
 */
import type { EpochMs } from "../../src/core/clock.ts";
import type { ApiRoute } from "../../src/simulator/api-route.ts";
import { BrokerEndpoint, type Served } from "../../src/simulator/broker-endpoint.ts";
import { brokerRoutes } from "../../src/simulator/broker-routes.ts";
import type { Order } from "../../src/simulator/order.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import type { SimulatorOptions } from "../../src/simulator/simulator-options.ts";
import type { Follower } from "./scheduler.ts";

export const KEY_ID = "key-of-the-account";
export const SECRET = "what-no-log-may-ever-show";

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly handle: ApiRoute["handle"];
}

export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export class BrokerSide implements Follower {
  readonly simulation: Simulation;
  readonly #endpoint: BrokerEndpoint;
  readonly #routes: readonly Route[];

  constructor(options: SimulatorOptions) {
    this.simulation = new Simulation({ ...options, keyId: KEY_ID, secret: SECRET });
    this.#endpoint = new BrokerEndpoint(this.simulation);
    this.#routes = brokerRoutes(() => this.simulation.broker).map(({ method, path, handle }) => ({
      method,
      handle,
      path: patternOf(path),
    }));
  }

  nextDueAt(): EpochMs | undefined {
    return this.simulation.broker.clock.nextDue();
  }

  advanceTo(now: EpochMs): void {
    if (now > this.simulation.broker.clock.now()) this.simulation.broker.advanceTo(now);
  }

  /** What the caller is to get; a request may be held back for as long as a fault says. */
  async serve({ method, url, headers, text }: WireRequest): Promise<Served> {
    for (const route of this.#routes) {
      const match = route.method === method ? route.path.exec(url.pathname) : null;
      if (match === null) continue;
      const query = Object.fromEntries(url.searchParams);
      const params = { ...match.groups };
      const arrival = { method, path: url.pathname, params, query, text, headers };
      return this.#endpoint.serve(route.handle, arrival);
    }
    throw new Error(`the simulated broker has no ${method} ${url.pathname}`);
  }

  answerLeft(): void {
    this.#endpoint.answerLeft();
  }

  orders(): readonly Order[] {
    this.simulation.broker.settle();
    return this.simulation.broker.book.all();
  }

  quantity(symbol: string): string {
    return this.simulation.broker.books.quantity(symbol);
  }
}

function patternOf(path: string): RegExp {
  const pattern = path
    .replace(/::/g, "\0")
    .replace(/:(\w+)/g, "(?<$1>[^/]+)")
    .replace(/\0/g, ":");
  return new RegExp(`^${pattern}$`);
}
