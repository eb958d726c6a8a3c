/**
 * What a route of Alpaca's API is to the simulator: a function from a request to an answer. The
 * endpoint around it does credentials, faults, the request log and the sending.
 */

import type { Refusal } from "./refusal.ts";
import type { OrderEffects } from "./simulated-broker.ts";
import type { Json } from "./wire-json.ts";

export type HttpMethod = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

export interface ApiCall {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Numbers as text; undefined when the body was empty or not JSON. */
  readonly body: Json | undefined;
}

/** What faults do to an answer beside replacing it; see fault-rule-schema.ts. */
export interface CallEffects {
  readonly order: OrderEffects;
  /** Lists leave out orders younger than this. */
  readonly listLagMs: number;
  /** Lookups by client_order_id do not find orders younger than this. */
  readonly clientIdLagMs: number;
  /** Positions are shown as they stood this long ago. */
  readonly positionLagMs: number;
  /** A cancel stays pending until the next open. */
  readonly cancelSticks: boolean;
  /** Bars that ended less than this ago are left out. */
  readonly barsLagMs: number;
  /** The minute that is not over is shown too. */
  readonly barsUnfinished: boolean;
}

export interface ApiAnswer {
  readonly status: number;
  /** Undefined: an empty body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiRoute {
  readonly method: HttpMethod;
  /** In fastify's notation: `:name` is a parameter, `::` a colon. */
  readonly path: string;
  readonly handle: (call: ApiCall, effects: CallEffects) => ApiAnswer;
}

export function ok(body: unknown): ApiAnswer {
  return { status: 200, body };
}

export function refusalAnswer({ status, body }: Refusal): ApiAnswer {
  return { status, body };
}
