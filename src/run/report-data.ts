/** What the HTML report draws, as the page's script reads it. Pure. */
import type { Backtest } from "./backtest.ts";

/** Times are seconds since 1970, prices and profits numbers: for drawing, and nothing else. */
export interface ReportData {
  readonly lanes: readonly PriceLane[];
  readonly equity: { readonly times: readonly number[]; readonly profits: readonly number[] };
}

export interface PriceLane {
  readonly symbol: string;
  readonly times: readonly number[];
  readonly closes: readonly number[];
  readonly marks: readonly FillMark[];
}

export interface FillMark {
  readonly time: number;
  readonly price: number;
  readonly side: "buy" | "sell";
}

export function reportData({ bars, accounts }: Backtest): ReportData {
  const seconds = (at: number) => Math.round(at / 1_000);
  return {
    lanes: [...bars].map(([symbol, ofSymbol]) => ({
      symbol,
      times: ofSymbol.map(({ endAt }) => seconds(endAt)),
      closes: ofSymbol.map(({ close }) => Number(close)),
      marks: accounts.fills
        .filter((fill) => fill.symbol === symbol)
        .map(({ at, price, side }) => ({ time: seconds(at), price: Number(price), side })),
    })),
    equity: {
      times: accounts.equity.map(({ at }) => seconds(at)),
      profits: accounts.equity.map(({ profitUsd }) => Number(profitUsd)),
    },
  };
}
