/** What came back over HTTP, as raw as it is kept: the status, the headers and the whole body. */

export interface HttpAnswer {
  readonly httpStatus: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What we asked for; the same code and message mean different things at different ones. */
export type Endpoint =
  | "account"
  | "asset"
  | "submit"
  | "order"
  | "orders"
  | "positions"
  | "position"
  | "cancel"
  | "replace"
  | "close_position";

/** The beginning of every reason about an answer; support at the broker asks for the request id. */
export function describeAnswer(answer: HttpAnswer): string {
  const requestId = answer.headers["x-request-id"];
  const suffix = requestId === undefined ? "" : ` (request id ${requestId})`;
  return `HTTP ${answer.httpStatus}${suffix}`;
}
