/**
 * What stands in for HTTP between a sidecar and the broker: requests that take time, connections
 * that are refused or cut, and a record of every order on the wire.
 */
import type { EpochMs } from "../../src/core/clock.ts";
import type { ApiAnswer } from "../../src/simulator/api-route.ts";
import type { BrokerSide, WireRequest } from "./broker-side.ts";
import type { Facts, LookUpFact, PostFact, ReadFact } from "./facts.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

export interface NetworkParts {
  readonly scheduler: Scheduler;
  readonly broker: BrokerSide;
  readonly disk: SimulatedDisk;
  readonly facts: Facts;
}

/** One sidecar's way to the broker. */
export interface Line {
  readonly process: SimulatedProcess;
  readonly owner: string;
  /** Until then connections are refused. */
  readonly downUntil: () => EpochMs;
}

const SLOWEST_WAY_MS = 30;

export type SimulatedFetch = (url: string, init: RequestInit) => Promise<Response>;

/** A `fetch` for the process: it settles only at the process's own turns, or when it is aborted. */
export function fetchThrough(parts: NetworkParts, line: Line): SimulatedFetch {
  const { process } = line;
  const wayMs = () => 1 + Math.floor(process.random.fraction() * SLOWEST_WAY_MS);
  return (url, init) =>
    new Promise((resolve, reject) => {
      const { signal } = init;
      const fail = (error: unknown) => process.turn(0, () => reject(error));
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      const request = requestOf(url, init);
      const post = notePost(parts, line, request);
      const lookUp = noteLookUp(parts, line, request);
      const read = noteRead(parts, request);
      if (post !== undefined) process.onSent(post.clientOrderId);
      if (parts.scheduler.now() < line.downUntil()) {
        if (post !== undefined) post.answer = "refused connection";
        fail(connectionRefused());
        return;
      }
      parts.scheduler.after(wayMs(), () => {
        if (post !== undefined) post.arrivedAt = parts.scheduler.now();
        parts.broker.advanceTo(parts.scheduler.now());
        void parts.broker.serve(request).then((served) => {
          if (served.kind === "hang") return;
          if (served.kind === "drop") {
            if (post !== undefined) post.answer = "lost";
            fail(connectionReset());
            return;
          }
          parts.broker.answerLeft();
          process.turn(wayMs(), () => {
            const at = parts.scheduler.now();
            if (served.answer.status === 429) parts.facts.rateLimitedAt.push(at);
            noteAnswer({ post, lookUp, read, signal }, served.answer, at);
            resolve(responseOf(served.answer));
          });
        });
      });
    });
}

function requestOf(url: string, init: RequestInit): WireRequest {
  return {
    method: init.method ?? "GET",
    url: new URL(url),
    headers: Object.fromEntries(new Headers(init.headers)),
    text: typeof init.body === "string" ? init.body : "",
  };
}

function notePost(parts: NetworkParts, line: Line, request: WireRequest): PostFact | undefined {
  const { method, url, text } = request;
  if ((method !== "POST" && method !== "PATCH") || !url.pathname.startsWith("/v2/orders")) {
    return undefined;
  }
  const { client_order_id: clientOrderId } = JSON.parse(text) as { client_order_id: string };
  const { scheduler, disk, facts } = parts;
  const { process, owner } = line;
  const post: PostFact = {
    process: process.name,
    owner,
    method,
    clientOrderId,
    replaces: method === "PATCH" ? (url.pathname.split("/").at(-1) ?? null) : null,
    leftAt: scheduler.now(),
    leftAtOwnTime: process.clock.now(),
    resumedAt: process.resumedAt,
    storeSequence: disk.rows.events.length,
    arrivedAt: null,
    wasClaimed: disk.holdsSafely(clientOrderId),
    answer: null,
  };
  facts.posts.push(post);
  facts.history.push({ at: post.leftAt, who: process.name, what: `${method} ${text}` });
  return post;
}

function noteLookUp(parts: NetworkParts, line: Line, request: WireRequest): LookUpFact | undefined {
  const clientOrderId = request.url.searchParams.get("client_order_id");
  if (clientOrderId === null) return undefined;
  const leftAt = parts.scheduler.now();
  const { owner } = line;
  const lookUp = { owner, clientOrderId, leftAt, isNotFound: false, answeredAt: null };
  parts.facts.lookUps.push(lookUp);
  return lookUp;
}

/** A look-up under an id of ours may well find nothing, so it is no such read. */
function noteRead(parts: NetworkParts, { method, url }: WireRequest): ReadFact | undefined {
  if (method !== "GET" || !/^\/v2\/orders(\/|$)/.test(url.pathname)) return undefined;
  const read = { leftAt: parts.scheduler.now(), answeredAt: null };
  parts.facts.reads.push(read);
  return read;
}

interface Noted {
  readonly post: PostFact | undefined;
  readonly lookUp: LookUpFact | undefined;
  readonly read: ReadFact | undefined;
  readonly signal: RequestInit["signal"];
}

function noteAnswer({ post, lookUp, read, signal }: Noted, answer: ApiAnswer, at: EpochMs): void {
  const { status, body } = answer;
  const isPage = typeof body === "string";
  if (post !== undefined && signal?.aborted !== true) post.answer = { at, status };
  if (lookUp !== undefined) {
    lookUp.answeredAt = at;
    lookUp.isNotFound = status === 404 && !isPage;
  }
  if (read !== undefined && status === 200 && !isPage) read.answeredAt = at;
}

/** Just what the adapter reads of a Response, whose own streams would cost most of the time. */
function responseOf({ status, body, headers = {} }: ApiAnswer): Response {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const chunks = text === undefined ? null : [Buffer.from(text)];
  return { status, headers: new Headers(headers), body: chunks } as unknown as Response;
}

function connectionRefused(): Error {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  return new TypeError("fetch failed", { cause });
}

function connectionReset(): Error {
  const cause = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  return new TypeError("fetch failed", { cause });
}
