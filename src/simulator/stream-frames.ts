/** The frames of the trade-updates stream, as Alpaca writes them and as its clients write them. */

import { isCombo } from "./combo.ts";
import type { PresentedKeys } from "./credentials.ts";
import type { Order } from "./order.ts";
import type { TradeEvent } from "./trade-event.ts";
import { wireOrder } from "./wire-order.ts";

export type ClientFrame =
  | { readonly kind: "authenticate"; readonly keys: PresentedKeys }
  | { readonly kind: "listen"; readonly streams: readonly string[] }
  | { readonly kind: "unreadable" };

const UNREADABLE: ClientFrame = { kind: "unreadable" };

/** Both shapes of the authentication frame are in use. */
export function readClientFrame(text: string): ClientFrame {
  const frame = parsed(text);
  if (frame === undefined) return UNREADABLE;
  const data = isRecord(frame.data) ? frame.data : {};
  if (frame.action === "authenticate" || frame.action === "auth") {
    const keyId = textOf(data.key_id) ?? textOf(frame.key);
    const secret = textOf(data.secret_key) ?? textOf(frame.secret);
    return { kind: "authenticate", keys: { keyId, secret, token: textOf(data.oauth_token) } };
  }
  if (frame.action !== "listen" || !Array.isArray(data.streams)) return UNREADABLE;
  const streams = data.streams.filter((stream) => typeof stream === "string");
  return { kind: "listen", streams };
}

export function authorizationFrame(action: string, authorized: boolean): string {
  const status = authorized ? "authorized" : "unauthorized";
  return JSON.stringify({ stream: "authorization", data: { action, status } });
}

export function listeningFrame(streams: readonly string[]): string {
  return JSON.stringify({ stream: "listening", data: { streams } });
}

export function tradeUpdateFrame(event: TradeEvent, legs: readonly Order[]): string {
  const { execution } = event;
  const fill = execution && {
    execution_id: execution.executionId,
    price: execution.price,
    qty: execution.quantity,
    position_qty: execution.positionQuantity,
  };
  const wire = wireOrder(event.order, legs);
  const order = isCombo(event.order) ? { ...wire, position_intent: "" } : wire;
  const data = { event: event.event, timestamp: event.timestamp, ...fill, order };
  return JSON.stringify({ stream: "trade_updates", data });
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
