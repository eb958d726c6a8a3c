/**
 * One call through the SDK: sent once, with a deadline of ours, answered as raw text.
 *
 * 1. The SDK's retries, rate limiter and timeout are off: each would decide behind our back
 *    whether and when something is sent, on a clock that nobody can advance.
 * 2. Nothing rejects: a failure is a value that says whether the request certainly never left.
 * 3. Bodies are read as text and bounded; the SDK's models, which turn missing fields into
 *    undefined and pass any type through, are not used.
 */
import { setMaxListeners } from "node:events";

import { trading } from "@alpacahq/alpaca-trade-api/rest";

import { type Clock, setAlarm } from "../../core/clock.ts";
import { InvariantError } from "../../core/errors.ts";
import { describeFailure, neverLeft } from "./connection-failure.ts";
import { Errand } from "./errand.ts";
import type { HttpAnswer } from "./http-answer.ts";
import type { WholeFetchApi, WholeInit } from "./whole-body.ts";

/** One of the SDK's `...Raw` methods; what it resolves with is not used. */
export type SdkCall = (init: WholeInit) => Promise<unknown>;

export type Exchange =
  | { readonly kind: "answered"; readonly answer: HttpAnswer }
  | { readonly kind: "failed"; readonly neverLeft: boolean; readonly reason: string };

export interface TransportOptions {
  readonly keyId: string;
  readonly secret: string;
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly fetchApi: WholeFetchApi;
}

/** Ends a request that has not ended. */
type Cut = (reason: Error) => void;

export class Transport {
  readonly configuration: trading.Configuration;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Cut>();

  constructor(options: TransportOptions) {
    this.#clock = options.clock;
    // Every read that waits for the rate budget listens, and that bounds their number.
    setMaxListeners(0, this.#closing.signal);
    this.configuration = new trading.Configuration({
      keyId: options.keyId,
      secret: options.secret,
      basePath: options.baseUrl,
      fetchApi: options.fetchApi,
      timeoutMs: 0,
      redirect: "error",
    });
  }

  /** Aborts when {@link close} is called. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async perform(deadlineMs: number, call: SdkCall): Promise<Exchange> {
    if (this.closing.aborted) {
      return { kind: "failed", neverLeft: true, reason: "the broker's adapter is closed" };
    }
    const errand = new Errand();
    // Beside the errand's own end, which a fetch of somebody else's may ignore.
    let cut: Cut = () => undefined;
    const isCut = new Promise<never>((_, reject) => {
      cut = (reason) => {
        errand.cut(reason);
        reject(reason);
      };
    });
    this.#underWay.add(cut);
    const callOff = setAlarm(this.#clock, deadlineMs, () => {
      cut(new Error(`no answer within ${deadlineMs} ms`));
    });
    try {
      const answer = await Promise.race([answerOf(call, errand), isCut]);
      return { kind: "answered", answer };
    } catch (error) {
      return { kind: "failed", neverLeft: neverLeft(error), reason: describeFailure(error) };
    } finally {
      this.#underWay.delete(cut);
      callOff();
    }
  }

  close(): void {
    this.#closing.abort();
    const reason = new Error("closed while the request was under way");
    for (const cut of this.#underWay) cut(reason);
  }
}

/** What the SDK makes of it is of no use: it has no body, and its status is always the same. */
async function answerOf(call: SdkCall, errand: Errand): Promise<HttpAnswer> {
  await call({ errand });
  const { answer } = errand;
  if (answer === undefined) throw new InvariantError("the SDK gave no answer and no failure");
  return answer;
}
