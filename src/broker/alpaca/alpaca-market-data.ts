/**
 * Alpaca's market data through its SDK: bars by REST, read as raw text and kept exact, and the
 * stock stream. The SDK's own retries and reconnects are off: whoever reads decides when again.
 */
import { marketData } from "@alpacahq/alpaca-trade-api/rest";
import { atItsPace, type Clock, type EpochMs } from "../../core/clock.ts";
import type {
  BarEars,
  BarsQuery,
  BarsReading,
  MarketData,
  MinuteBar,
  StreamEnd,
} from "../market-data.ts";
import { requireCredential } from "./alpaca-options.ts";
import { BarStream } from "./bar-stream.ts";
import { BrokerTime } from "./broker-time.ts";
import { readErrorBody } from "./classify.ts";
import { type DataAddress, type DataFeed, dataAddress } from "./data-address.ts";
import { describeAnswer, type HttpAnswer } from "./http-answer.ts";
import { tellable } from "./redaction.ts";
import { Transport } from "./transport.ts";
import { type FetchApi, wholeBodies } from "./whole-body.ts";
import { type BarsPage, readBarsBody } from "./wire-bar.ts";

export interface AlpacaMarketDataOptions {
  readonly keyId: string;
  readonly secret: string;
  readonly clock: Clock;
  /** The broker's address, from which the others follow where they are not given. */
  readonly baseUrl: string | undefined;
  readonly dataUrl: string | undefined;
  readonly dataStreamUrl: string | undefined;
  readonly dataFeed: DataFeed;
  /** Default: the global fetch. */
  readonly fetchApi?: FetchApi | undefined;
}

const READ_DEADLINE_MS = 5_000;
const PAGE_LIMIT = 10_000;
/** More than a session of a hundred symbols. */
const MAXIMUM_PAGES = 10;
/** Of these statuses another try may come to something else. */
const MAY_PASS: ReadonlySet<number> = new Set([408, 425, 429]);

/** Throws `invalid_option` for an address or a credential that cannot be used safely. */
export function createAlpacaMarketData(options: AlpacaMarketDataOptions): MarketData {
  return new AlpacaMarketData(options);
}

class AlpacaMarketData implements MarketData {
  readonly #options: AlpacaMarketDataOptions;
  readonly #address: DataAddress;
  readonly #transport: Transport;
  readonly #stocks: marketData.StockApi;
  readonly #time: BrokerTime;

  constructor(options: AlpacaMarketDataOptions) {
    const { baseUrl, dataUrl, dataStreamUrl: streamUrl, dataFeed: feed, clock } = options;
    this.#options = options;
    this.#address = dataAddress({ baseUrl, dataUrl, streamUrl, feed });
    const keyId = requireCredential("keyId", options.keyId);
    const secret = requireCredential("secret", options.secret);
    const fetchApi = wholeBodies(options.fetchApi ?? ((url, init) => fetch(url, init)));
    this.#transport = new Transport({ keyId, secret, baseUrl: this.url, clock, fetchApi });
    this.#stocks = new marketData.StockApi(this.#transport.configuration);
    this.#time = new BrokerTime(clock);
  }

  get url(): string {
    return this.#address.url;
  }

  get streamUrl(): string {
    return this.#address.streamUrl;
  }

  now(): EpochMs | null {
    return this.#time.now();
  }

  async bars(query: BarsQuery): Promise<BarsReading> {
    const found: MinuteBar[] = [];
    let pageToken: string | null = null;
    for (let page = 0; page < MAXIMUM_PAGES; page += 1) {
      const reading = await this.#page(query, pageToken);
      if (reading.kind !== "read") return reading;
      found.push(...reading.value.bars);
      pageToken = reading.value.nextPageToken;
      if (pageToken === null) return { kind: "read", value: inOrder(found, query) };
    }
    return { kind: "unknown", reason: `the bars do not end within ${MAXIMUM_PAGES} pages` };
  }

  stream(symbols: readonly string[], ears: BarEars, signal: AbortSignal): Promise<StreamEnd> {
    const { keyId, secret, clock } = this.#options;
    const { streamUrl: url } = this;
    return new BarStream({ keyId, secret, clock, url, symbols, ears }).run(signal);
  }

  async #page({ symbols, from, until }: BarsQuery, pageToken: string | null): Promise<PageReading> {
    const tookMs = atItsPace(this.#options.clock, 0);
    const exchange = await this.#transport.perform(READ_DEADLINE_MS, (init) =>
      this.#stocks.stockBarsRaw(
        {
          ...{ symbols: symbols.join(","), timeframe: "1Min", limit: PAGE_LIMIT, sort: "asc" },
          ...{ start: new Date(from), end: new Date(until - 1), feed: this.#options.dataFeed },
          ...(pageToken === null ? {} : { pageToken }),
        },
        init,
      ),
    );
    const { secret } = this.#options;
    if (exchange.kind !== "answered") {
      return { kind: "unknown", reason: tellable(exchange.reason, secret) };
    }
    this.#time.hear(exchange.answer.headers, tookMs());
    return readPage(exchange.answer, secret);
  }
}

type PageReading =
  | { readonly kind: "read"; readonly value: BarsPage }
  | { readonly kind: "unknown" | "refused"; readonly reason: string };

/** A refusal is one only in the broker's own words: a gateway's page says nothing. */
function readPage(answer: HttpAnswer, secret: string): PageReading {
  const { httpStatus, body } = answer;
  const where = describeAnswer(answer);
  if (httpStatus === 200) {
    const value = readBarsBody(body);
    if (value !== undefined) return { kind: "read", value };
    return { kind: "unknown", reason: `${where}: the bars cannot be read` };
  }
  const said = readErrorBody(body)?.message;
  const isRefused = httpStatus >= 400 && httpStatus < 500 && !MAY_PASS.has(httpStatus);
  const kind = isRefused && said !== undefined ? "refused" : "unknown";
  return { kind, reason: tellable(`${where}: ${said ?? "no word of the broker's"}`, secret) };
}

function inOrder(bars: readonly MinuteBar[], { from, until }: BarsQuery): readonly MinuteBar[] {
  return bars
    .filter(({ startAt }) => startAt >= from && startAt < until)
    .sort((a, b) => a.startAt - b.startAt);
}
