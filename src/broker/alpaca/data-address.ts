/**
 * Where market data comes from. Alpaca has it at hosts of its own; any other broker's address, such
 * as the simulated one's, has it beside its orders. A key meant for one never goes to another.
 */
import { LatchError } from "../../core/errors.ts";
import { normalizeBaseUrl } from "./alpaca-options.ts";

/** The exchange IEX alone (every account has it), or all exchanges (a paid plan). */
export type DataFeed = "iex" | "sip";

export interface DataAddress {
  readonly url: string;
  /** The whole address of the stream, its feed included. */
  readonly streamUrl: string;
}

export interface DataAddressOptions {
  /** The broker's address; Alpaca's paper host where there is none. */
  readonly baseUrl: string | undefined;
  readonly dataUrl: string | undefined;
  readonly streamUrl: string | undefined;
  readonly feed: DataFeed;
}

const DATA = "the address of market data (APCA_API_DATA_URL)";
const STREAM = "the address of bars (APCA_API_STREAM_URL)";
const ALPACA = /^https:\/\/(paper-)?api\.alpaca\.markets\.?$/;
const DATA_URL = "https://data.alpaca.markets";
const STREAM_URL = "wss://stream.data.alpaca.markets";

/** Throws `invalid_option` for an address that is not safe, as the broker's is checked. */
export function dataAddress(options: DataAddressOptions): DataAddress {
  const broker = normalizeBaseUrl(options.baseUrl);
  const beside = ALPACA.test(broker) ? DATA_URL : broker;
  const url = options.dataUrl === undefined ? beside : normalizeBaseUrl(options.dataUrl, DATA);
  const streams = url === DATA_URL ? STREAM_URL : asWebsocket(url);
  const stream = options.streamUrl === undefined ? streams : checkedStream(options.streamUrl);
  return { url, streamUrl: `${stream}/v2/${options.feed}` };
}

/** The same rules hold for `wss:` as for `https:`. */
function checkedStream(value: string): string {
  if (!/^wss?:\/\//.test(value)) {
    const message = `${STREAM} must begin with wss: ${JSON.stringify(value)}`;
    throw new LatchError("invalid_option", message);
  }
  return asWebsocket(normalizeBaseUrl(value.replace(/^ws/, "http"), STREAM));
}

function asWebsocket(url: string): string {
  return url.replace(/^http/, "ws");
}
