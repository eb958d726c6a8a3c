/** What every answer to a hostile request has to be, whatever the request was. */
import { normalizePath } from "../../src/sidecar/request-path.ts";
import { policyOf, type RoutePolicy } from "../../src/sidecar/route-policy.ts";
import type { HostileRequest } from "./hostile-request.ts";
import { hasSecret, spelledOut } from "./hostile-text.ts";
import { endsEarly } from "./request-bytes.ts";
import { readAnswers, type WireAnswer } from "./wire-answers.ts";

const HEADERS = new Set([
  ...["allow", "cache-control", "connection", "content-length", "content-type", "date"],
  ...["idempotent-replayed", "keep-alive", "retry-after", "transfer-encoding", "upgrade"],
  ...["sec-websocket-accept", "sec-websocket-version", "x-accel-buffering", "x-request-id"],
  ...["tradelatch-claim", "tradelatch-incident", "tradelatch-order", "tradelatch-status"],
  ...["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"],
]);
/** Of the operator page, which is no JSON and holds nothing of anybody's. */
const PAGE_HEADERS = new Set([
  ...["content-encoding", "content-security-policy", "cross-origin-opener-policy"],
  ...["cross-origin-resource-policy", "permissions-policy", "referrer-policy", "vary"],
  ...["x-content-type-options", "x-frame-options"],
]);
const PAGE = /^\/(?:page\/.*)?$/;
const STATUSES = new Set([
  ...[100, 101, 200, 201, 202, 204, 207, 400, 401, 403, 404, 408, 409, 413, 414, 417, 422, 431],
]);

/** 5xx by intent: where, and what the answer says. docs/ERRORS.md has the reasons. */
const SERVER_ERRORS: readonly (readonly [status: number, path: RegExp, error: string | null])[] = [
  [501, /^\/stream$/, "stream_unavailable"],
  [503, /^\/readyz$/, null],
  [503, /^\/latch\/v1\/events$/, "readers_full"],
];

/** In which the heads of an answer are, and of a 100 before it. */
const HEAD_BYTES = 1_000;

/** Connections on which somebody else's bytes follow may be cut without an answer. */
const MAY_BE_CUT = new Set(["overlong", "no_length", "odd_length"]);

export interface Place {
  readonly path: string;
  readonly policy: RoutePolicy | "unreadable";
}

/** What the request is after, by the one reading that the sidecar has of a path. */
export function placeOf({ method, target }: HostileRequest, orderId: string): Place {
  const read = normalizePath(spelledOut(target.replaceAll("{order}", orderId)));
  if (read.kind === "refused") return { path: "", policy: "unreadable" };
  return { path: read.path, policy: policyOf(method, read.path) };
}

export interface Received {
  readonly request: HostileRequest;
  readonly place: Place;
  readonly bytes: Buffer;
  /** The broker failed meanwhile: what passes tells of it. */
  readonly brokerFails?: boolean;
}

export function isPassed({ policy }: Place): boolean {
  return policy === "read" || policy === "passed_write";
}

export function answersIn({ request, bytes }: Pick<Received, "request" | "bytes">) {
  return readAnswers(bytes, [request.method === "HEAD"]);
}

/** Answers that go on for ever. */
const ENDLESS = /^HTTP\/1\.1 101 |^content-type: text\/event-stream/im;

function isEndless(bytes: Buffer): boolean {
  return ENDLESS.test(bytes.toString("latin1", 0, HEAD_BYTES));
}

/** Whether nothing is missing: the client may hang up. */
export function isWhole(request: HostileRequest, bytes: Buffer): boolean {
  if (isEndless(bytes)) return true;
  return answersIn({ request, bytes }).answers.length >= (request.framing === "pipelined" ? 2 : 1);
}

/** What is wrong with what came back; nothing, where all is well. */
export function faultsOfAnswers(received: Received): readonly string[] {
  const { request, bytes } = received;
  const { answers, rest, fault } = answersIn(received);
  const faults: string[] = [];
  if (fault !== undefined) faults.push(`no HTTP: ${JSON.stringify(fault)}`);
  if (isEndless(bytes)) return faults;
  const mayBeCut =
    endsEarly(request) || MAY_BE_CUT.has(request.framing) || request.method === "CONNECT";
  // What is no HTTP, or is to become something else, has no method: its answer has a body.
  const isUnreadable = / Refused\r\n|"upgrade_refused"/.test(bytes.toString("latin1"));
  if (!mayBeCut && !isUnreadable && (answers.length === 0 || rest.length > 0)) {
    faults.push(`not a whole answer: ${JSON.stringify(bytes.toString("latin1").slice(0, 300))}`);
  }
  const most = request.framing === "length" || request.framing === "chunked" ? 1 : 2;
  if (answers.length > most) faults.push(`${answers.length} answers to one request`);
  return [...faults, ...answers.slice(0, 1).flatMap((answer) => faultsOf(answer, received))];
}

function faultsOf(answer: WireAnswer, received: Received): readonly string[] {
  const { request, place, brokerFails = false } = received;
  const { status, headers, body } = answer;
  const faults: string[] = [];
  // A page of a gateway's, a 429, a 5xx: they are the broker's, or say that it did not answer.
  if (brokerFails && isPassed(place)) return faults;
  const isPage = PAGE.test(place.path) && status === 200;
  const known = (name: string) => HEADERS.has(name) || (isPage && PAGE_HEADERS.has(name));
  const odd = [...headers.keys()].filter((name) => !known(name));
  if (odd.length > 0) faults.push(`the answer has the header ${odd.join(", ")}`);
  const text = body.toString("utf8");
  const error = errorIn(answer);
  const isByIntent = SERVER_ERRORS.some(
    ([code, path, name]) => code === status && path.test(place.path) && (name ?? error) === error,
  );
  if (!STATUSES.has(status) && !isByIntent) faults.push(`status ${status}: ${text.slice(0, 300)}`);
  const everything = `${[...headers].join("\n")}\n${text}`;
  if (hasSecret(everything) && !isBrokersOwn(answer, place)) {
    faults.push(`a secret in the answer: ${everything.slice(0, 500)}`);
  }
  if (status >= 400 && request.method !== "HEAD") faults.push(...faultsOfError(answer, place));
  if (isPage && !headers.has("content-security-policy")) faults.push("a page without a policy");
  const isJson = !isPage && place.path !== "/metrics";
  if (status < 400 && body.length > 0 && isJson && json(body) === undefined) {
    faults.push(`a body that is no JSON: ${text.slice(0, 300)}`);
  }
  return faults;
}

/** Our refusals name themselves; the broker's answers pass as they came. */
function faultsOfError(answer: WireAnswer, place: Place): readonly string[] {
  // The one page whose bad news has a shape of its own.
  if (place.path === "/readyz" && answer.status === 503) return [];
  const fields = json(answer.body);
  if (typeof fields?.message !== "string" || fields.message === "") {
    return [`an error without a message: ${answer.status} ${answer.body.toString("utf8")}`];
  }
  if (isPassed(place) || typeof fields.tradelatch === "object") return [];
  if (typeof fields.hint === "string") return [];
  return [`an error that does not say why: ${answer.body}`];
}

/** Nobody but the broker sends the id of a request; what is ours names its cause. */
function isBrokersOwn(answer: WireAnswer, place: Place): boolean {
  return isPassed(place) && (answer.headers.has("x-request-id") || errorIn(answer) === null);
}

interface ErrorFields {
  readonly message?: unknown;
  /** Of the library's own answers. */
  readonly hint?: unknown;
  readonly tradelatch?: { readonly error?: unknown };
}

export function errorIn({ body }: WireAnswer): string | null {
  const error = json(body)?.tradelatch?.error;
  return typeof error === "string" ? error : null;
}

function json(body: Buffer): ErrorFields | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return undefined;
  }
}
