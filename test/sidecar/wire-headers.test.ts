import { describe, expect, test } from "vitest";
import { headersForBot, headersForBroker } from "../../src/sidecar/wire-headers.ts";

const KEYS = { keyId: "broker-id", secret: "broker-secret" };
const OURS = ["APCA-API-KEY-ID", "broker-id", "APCA-API-SECRET-KEY", "broker-secret"];

describe("headers for the broker", () => {
  test("keep their order, spelling and repetitions", () => {
    const raw = ["X-B", "1", "x-a", "2", "X-b", "3", "Content-Type", "text/plain"];
    expect(headersForBroker(raw, KEYS)).toEqual([...raw, ...OURS]);
  });

  test("lose what belongs to one connection, and what Connection names", () => {
    const raw = [
      ...["Connection", "keep-alive, X-Hop", "Connection", "X-Other , close"],
      ...["X-Hop", "1", "x-other", "2", "Keep-Alive", "timeout=5", "TE", "trailers"],
      ...["Trailer", "X", "Transfer-Encoding", "chunked", "Upgrade", "h2c"],
      ...["HTTP2-Settings", "AAMAAABk", "Proxy-Connection", "close"],
      ...["Proxy-Authorization", "Basic x", "X-Kept", "3"],
    ];
    expect(headersForBroker(raw, KEYS)).toEqual(["X-Kept", "3", ...OURS]);
  });

  test("lose the bot's credentials and host", () => {
    const raw = [
      ...["apca-api-key-id", "bot", "Apca-Api-Secret-Key", "s", "authorization", "Bearer s"],
      ...["Cookie", "session=1", "Host", "127.0.0.1:4520", "Expect", "100-continue"],
    ];
    expect(headersForBroker(raw, KEYS)).toEqual(OURS);
  });

  test("lose what some servers take for another path", () => {
    const raw = ["X-Original-URL", "/v2/orders", "x-rewrite-url", "/v2/orders", "X-Url", "/"];
    expect(headersForBroker(raw, KEYS)).toEqual(["X-Url", "/", ...OURS]);
  });
});

describe("headers for the bot", () => {
  test("lose what belongs to one connection and nothing else", () => {
    const raw = [
      ...[
        "Date",
        "now",
        "Connection",
        "close, X-Hop",
        "X-Hop",
        "1",
        "Set-Cookie",
        "a",
        "set-cookie",
      ],
      ...["b", "Content-Encoding", "gzip", "Content-Length", "3", "Proxy-Authenticate", "Basic"],
    ];
    expect(headersForBot(raw)).toEqual([
      ...["Date", "now", "Set-Cookie", "a", "set-cookie", "b"],
      ...["Content-Encoding", "gzip", "Content-Length", "3"],
    ]);
  });
});
