/**
 * The relay of trade updates as a whole: the way to the broker, the feed that fills its gaps, and
 * the listeners of the sidecar, wired together.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Clock, EpochMs } from "../core/clock.ts";
import type { RandomSource } from "../core/random.ts";
import type { Refusal } from "./access.ts";
import { StreamFeed, type StreamFeedPorts } from "./stream-feed.ts";
import type { StreamLimits } from "./stream-limits.ts";
import type { ReportProblem } from "./stream-problem.ts";
import { StreamRelay } from "./stream-relay.ts";
import { StreamUpstream, type UpstreamHealth } from "./stream-upstream.ts";
import type { WireOrder } from "./trade-update.ts";

export interface StreamServiceOptions {
  /** The broker's HTTP address; its stream lies beside it. */
  readonly brokerUrl: string;
  readonly keyId: string;
  readonly secretKey: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Whether a key is good; `keyId` is undefined for a bearer token, which is a secret alone. */
  readonly authenticate: (keyId: string | undefined, secret: string) => boolean;
  /** Host and Origin: why a web page is kept out; undefined for whoever may come in. */
  readonly refuseStranger: (request: IncomingMessage) => Refusal | undefined;
  /** Whether an answer is owed on a connection that asks to be upgraded. */
  readonly isBusy?: ((connection: object) => boolean) | undefined;
  readonly catchUp: StreamFeedPorts["catchUp"];
  /** Awaited, within a bound, before the update is relayed. */
  readonly onUpdate?: StreamFeedPorts["onUpdate"];
  readonly frames?: "binary" | "text" | undefined;
  readonly limits?: Partial<StreamLimits> | undefined;
  readonly onProblem?: ReportProblem | undefined;
}

export interface StreamHealth extends UpstreamHealth {
  /** Whether listeners get every event now. */
  readonly live: boolean;
  /** Since when listeners lack something; undefined while they lack nothing. */
  readonly behindSince: EpochMs | undefined;
  readonly listeners: number;
  /** Connections without a good key so far. */
  readonly strangers: number;
}

export interface StreamService {
  /** Serves /stream on `server`; upgrades to anything else are refused. */
  attach(server: Server): void;
  /** Connects to the broker. */
  start(): void;
  health(): StreamHealth;
  /** Hands in orders that were read for another reason; what the stream lost is relayed. */
  observe(orders: readonly WireOrder[]): void;
  /** Ends every connection; resolves when no socket is left. */
  close(): Promise<void>;
}

/**
 * @example
 * const stream = openStreamService({ brokerUrl, keyId, secretKey, clock, random, ...ports });
 * stream.attach(server);
 * stream.start();
 */
export function openStreamService(options: StreamServiceOptions): StreamService {
  const { brokerUrl, keyId, secretKey, clock, random, onProblem } = options;
  const { authenticate, refuseStranger, isBusy, frames, limits, catchUp, onUpdate } = options;
  const isLive = () => feed.isLive;
  const relay = new StreamRelay({
    ...{ clock, authenticate, refuseStranger, isLive, isBusy, frames, limits, onProblem },
  });
  const feed = new StreamFeed({
    ...{ clock, catchUp, onUpdate, onProblem },
    deliver: (update) => relay.deliver(update),
    onLive: () => relay.acknowledge(),
  });
  const upstream = new StreamUpstream({
    ...{ baseUrl: brokerUrl, keyId, secretKey, clock, random, onProblem },
    onUpdate: (update) => feed.receive(update),
    onUp: () => feed.upstreamUp(),
    onGap: (since: EpochMs) => feed.upstreamGap(since),
  });
  return {
    attach: (server) => relay.attach(server),
    start: () => upstream.start(),
    health: () => {
      const { listeners, strangers } = relay;
      const { isLive: live, behindSince } = feed;
      return { ...upstream.health(), live, behindSince, listeners, strangers };
    },
    observe: (orders) => feed.observe(orders),
    close: async () => {
      feed.close();
      await Promise.all([upstream.close(), relay.close()]);
    },
  };
}
