/** The frames between the relay and its listeners, as Alpaca writes them and its clients do. */
import { asObject, parsedObject, TRADE_UPDATES, textOf } from "./trade-update.ts";

export type ClientFrame =
  | {
      readonly kind: "authenticate";
      /** Undefined with a bearer token, which is a secret alone. */
      readonly keyId: string | undefined;
      readonly secret: string | undefined;
    }
  | { readonly kind: "listen"; readonly isWanted: boolean }
  | { readonly kind: "unreadable" };

export function readClientFrame(text: string): ClientFrame {
  const frame = parsedObject(text);
  const data = asObject(frame?.data);
  switch (frame?.action) {
    // Both forms are in use, and some clients mix them.
    case "authenticate":
    case "auth": {
      const keyId = textOf(data?.key_id) ?? textOf(frame.key);
      const secret = textOf(data?.secret_key) ?? textOf(frame.secret);
      const token = textOf(data?.oauth_token);
      return keyId === undefined && secret === undefined
        ? { kind: "authenticate", keyId: undefined, secret: token }
        : { kind: "authenticate", keyId: keyId ?? "", secret };
    }
    case "listen":
      return Array.isArray(data?.streams)
        ? { kind: "listen", isWanted: data.streams.includes(TRADE_UPDATES) }
        : { kind: "unreadable" };
    default:
      return { kind: "unreadable" };
  }
}

export function authorizationFrame(action: "authenticate" | "listen", authorized: boolean): string {
  const status = authorized ? "authorized" : "unauthorized";
  return JSON.stringify({ stream: "authorization", data: { action, status } });
}

export function listeningFrame(isListening: boolean): string {
  const streams = isListening ? [TRADE_UPDATES] : [];
  return JSON.stringify({ stream: "listening", data: { streams } });
}

export function errorFrame(error: string): string {
  return JSON.stringify({ stream: "error", data: { error } });
}
