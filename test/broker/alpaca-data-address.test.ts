import { describe, expect, test } from "vitest";
import { dataAddress } from "../../src/broker/alpaca/data-address.ts";

const NOTHING = {
  baseUrl: undefined,
  dataUrl: undefined,
  streamUrl: undefined,
  feed: "iex",
} as const;
const HOST = "https://data.alpaca.markets";
const STREAM = "wss://stream.data.alpaca.markets";

describe("where market data comes from", () => {
  test.each([
    [{}, HOST, `${STREAM}/v2/iex`],
    [{ feed: "sip" } as const, HOST, `${STREAM}/v2/sip`],
    [{ baseUrl: "https://api.alpaca.markets/v2" }, HOST, `${STREAM}/v2/iex`],
    [{ baseUrl: "http://127.0.0.1:4599/" }, "http://127.0.0.1:4599", "ws://127.0.0.1:4599/v2/iex"],
    [
      { dataUrl: "https://data.sandbox.example" },
      "https://data.sandbox.example",
      "wss://data.sandbox.example/v2/iex",
    ],
    [{ streamUrl: "wss://stream.example/" }, HOST, "wss://stream.example/v2/iex"],
  ])("with %j is beside the orders, or at Alpaca's own hosts", (given, url, streamUrl) => {
    expect(dataAddress({ ...NOTHING, ...given })).toEqual({ url, streamUrl });
  });

  test.each([
    [{ dataUrl: "http://data.example" }, "plain http would send the key in the clear"],
    [{ streamUrl: "ws://stream.example" }, "plain http would send the key in the clear"],
    [{ streamUrl: "https://stream.example" }, "must begin with wss:"],
    [{ dataUrl: "nowhere" }, "(APCA_API_DATA_URL) is not a URL"],
    [{ streamUrl: "ws://" }, "(APCA_API_STREAM_URL) is not a URL"],
  ])("is refused where the key would not be safe: %j", (given, why) => {
    expect(() => dataAddress({ ...NOTHING, ...given })).toThrow(why);
  });
});
