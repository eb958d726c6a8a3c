/**
 * The frames of the stream of stock data. A client that asks for msgpack by its Content-Type gets
 * and sends that, with times as msgpack's own type, as Alpaca's SDKs do; every other one gets and
 * sends JSON. Every message from the broker is a list of frames.
 */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { decode, encode } from "@msgpack/msgpack";
import type { PresentedKeys } from "./credentials.ts";
import { textTime, type WireTime } from "./wire-market.ts";

export type StreamFormat = "msgpack" | "json";

/** What is sent for bars, trades and quotes; the others are taken and stay silent. */
const CHANNELS = [
  "trades",
  "quotes",
  "bars",
  "updatedBars",
  "dailyBars",
  "statuses",
  "lulds",
  "imbalances",
] as const;
export type Channel = (typeof CHANNELS)[number];

export type StockFrame =
  | { readonly kind: "auth"; readonly keys: PresentedKeys }
  | {
      readonly kind: "subscribe" | "unsubscribe";
      readonly symbols: ReadonlyMap<Channel, readonly string[]>;
    }
  | { readonly kind: "unreadable" };

const UNREADABLE: StockFrame = { kind: "unreadable" };
const PROBLEMS = {
  400: "invalid syntax",
  401: "not authenticated",
  402: "auth failed",
  403: "already authenticated",
  406: "connection limit exceeded",
  409: "insufficient subscription",
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

export function formatOf(request: IncomingMessage): StreamFormat {
  return request.headers["content-type"] === "application/msgpack" ? "msgpack" : "json";
}

export const TIME_IN: Readonly<Record<StreamFormat, WireTime>> = {
  json: textTime,
  msgpack: (at) => new Date(at),
};

export function encoded(format: StreamFormat, frames: readonly object[]): Uint8Array | string {
  return format === "json" ? JSON.stringify(frames) : encode(frames);
}

export function success(message: "connected" | "authenticated"): object {
  return { T: "success", msg: message };
}

export function problem(code: ProblemCode): object {
  return { T: "error", code, msg: PROBLEMS[code] };
}

/** All that a client has subscribed to, as the broker confirms it. */
export function subscription(symbols: ReadonlyMap<Channel, ReadonlySet<string>>): object {
  const lists = CHANNELS.map((channel) => [channel, [...(symbols.get(channel) ?? [])]]);
  return { T: "subscription", ...Object.fromEntries(lists) };
}

export function readStockFrame(format: StreamFormat, data: Buffer): StockFrame {
  const frame = parsed(format, data);
  if (frame === undefined) return UNREADABLE;
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  switch (frame.action) {
    case "auth": {
      const keys = { keyId: text(frame.key), secret: text(frame.secret), token: undefined };
      return { kind: "auth", keys };
    }
    case "subscribe":
    case "unsubscribe": {
      const lists = CHANNELS.map((channel) => [channel, frame[channel] ?? []] as const);
      if (!lists.every((entry): entry is readonly [Channel, string[]] => isListOfText(entry[1]))) {
        return UNREADABLE;
      }
      return { kind: frame.action, symbols: new Map(lists) };
    }
    default:
      return UNREADABLE;
  }
}

function parsed(format: StreamFormat, data: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = format === "json" ? JSON.parse(data.toString()) : decode(data);
    const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
    return isRecord ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isListOfText(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
