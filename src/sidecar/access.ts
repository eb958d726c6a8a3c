/**
 * Who may talk to the sidecar.
 *
 * 1. The Host header names one of our hosts: a page that rebinds its own name to this machine is
 *    turned away. On loopback names the port has to be the one the request came in by.
 * 2. A request that a browser makes for a page of another origin is turned away, key or not.
 * 3. Everybody else shows an agent's key or, while we listen on loopback only, the broker's own.
 *    Every known key is compared in full and in constant time, whether the id is known or not.
 *    On loopback, where no agent has a key, the guard of actions takes clients without one.
 * 4. A person who acts shows the operator key, which is nobody else's and opens no order path.
 */
import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { LatchError } from "../core/errors.ts";
import type { AgentId } from "../core/ids.ts";
import { type PresentedKey, presentedKey, presentedOperatorKey } from "./presented-key.ts";

export interface AgentKey {
  readonly id: string;
  readonly secret: string;
  readonly group: AgentId;
}

export interface Agent {
  readonly id: string;
  readonly group: AgentId;
}

export interface AccessOptions {
  /** The address we listen on. Other than loopback needs agent keys. */
  readonly bindHost: string;
  /** Further names we are reached by: `trader.internal` (any port) or `trader.internal:8080`. */
  readonly hosts?: readonly string[];
  readonly agents: readonly AgentKey[];
  /** The broker's own key pair with the default group; taken on loopback only. */
  readonly brokerKey?: AgentKey;
  /**
   * As whom a guard client acts that shows no key at all: taken on loopback only, and only where no
   * agent has a key of its own.
   */
  readonly keylessGroup?: AgentId;
  /** What a person shows who reads the pages or acts on an incident; undefined: nobody may act. */
  readonly operatorKey?: string | undefined;
}

/** As who the operator reads; no bot can have this name, since it has no key. */
const OPERATOR: Agent = { id: "operator", group: "operator" as AgentId };

/** The id of whoever shows no key. */
export const KEYLESS_ID = "keyless";

/** What of a request decides; node's IncomingMessage has it all. */
export interface Caller {
  readonly headers: IncomingHttpHeaders;
  readonly headersDistinct: NodeJS.Dict<string[]>;
  readonly socket: { readonly localPort?: number | undefined };
}

/** Names in the registry of alpaca-error.ts. */
export type Refusal = "host_refused" | "origin_refused" | "unauthorized";

export type Admission =
  | { readonly kind: "admitted"; readonly agent: Agent }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;
const ANY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::", "[::]"]);
const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"] as const;
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/;
const KEY_HEADERS = ["apca-api-key-id", "apca-api-secret-key", "authorization"] as const;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

interface KnownKey {
  readonly agent: Agent;
  readonly id: Buffer;
  readonly secret: Buffer;
}

interface HostName {
  readonly name: string;
  readonly port: number | undefined;
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

export class Access {
  readonly #known: readonly KnownKey[];
  readonly #ownNames: ReadonlySet<string>;
  readonly #configured: readonly HostName[];
  readonly #operatorKey: Buffer | undefined;
  readonly #keyless: Agent | undefined;

  /** Throws LatchError `invalid_option` for keys or names that would let the wrong ones in. */
  constructor(options: AccessOptions) {
    const { bindHost, agents, brokerKey } = options;
    if (!isLoopback(bindHost) && agents.length === 0) {
      const remedy = "others can reach that address; set TRADELATCH_AGENTS, or take 127.0.0.1";
      throw invalid(`listening on ${bindHost} needs agent keys: ${remedy}`);
    }
    const keys = brokerKey !== undefined && isLoopback(bindHost) ? [...agents, brokerKey] : agents;
    const { keylessGroup: group } = options;
    const isOpen = isLoopback(bindHost) && agents.length === 0 && group !== undefined;
    this.#keyless = isOpen ? { id: KEYLESS_ID, group } : undefined;
    requireUsable(keys);
    requireOwn(options.operatorKey, keys);
    this.#operatorKey = options.operatorKey === undefined ? undefined : digest(options.operatorKey);
    this.#known = keys.map(({ id, secret, group }) => ({
      agent: { id, group },
      id: digest(id),
      secret: digest(secret),
    }));
    const bound = ANY_ADDRESS.has(bindHost) ? [] : [bracketed(bindHost.toLowerCase())];
    this.#ownNames = new Set([...LOOPBACK_NAMES, ...bound]);
    this.#configured = (options.hosts ?? []).map(configuredHost);
  }

  /** Host, origin and key. */
  admit(caller: Caller): Admission {
    const refusal = this.refuseStranger(caller);
    if (refusal !== undefined) return { kind: "refused", refusal };
    const agent = this.authenticate(caller.headers);
    return agent === undefined
      ? { kind: "refused", refusal: "unauthorized" }
      : { kind: "admitted", agent };
  }

  /** Host and origin only: for what needs no key, and for streams that show theirs in a frame. */
  refuseStranger(caller: Caller): Refusal | undefined {
    const { headers, headersDistinct, socket } = caller;
    const host = parseHost(headers.host ?? "");
    const isSingle = (headersDistinct.host ?? []).length <= 1;
    if (host === undefined || !isSingle || !this.#isOurs(host, socket.localPort)) {
      return "host_refused";
    }
    return isForeign(headers, host) ? "origin_refused" : undefined;
  }

  /** The key in the headers, alone. */
  authenticate(headers: IncomingHttpHeaders): Agent | undefined {
    const presented = presentedKey(headers);
    return presented === undefined ? undefined : this.agentOf(presented);
  }

  /** Who shows no key at all, where that is enough for the guard; a wrong key never is. */
  keyless(headers: IncomingHttpHeaders): Agent | undefined {
    return KEY_HEADERS.some((name) => headers[name] !== undefined) ? undefined : this.#keyless;
  }

  /** Whether there is a key with which a person may act. */
  get hasOperator(): boolean {
    return this.#operatorKey !== undefined;
  }

  /** The operator, where the headers show the operator key. */
  operatorOf(headers: IncomingHttpHeaders): Agent | undefined {
    const presented = digest(presentedOperatorKey(headers) ?? "");
    const isKey = timingSafeEqual(this.#operatorKey ?? digest(""), presented);
    return isKey && this.#operatorKey !== undefined ? OPERATOR : undefined;
  }

  /** Undefined for an unknown key. Takes as long as for a known one. */
  agentOf(presented: PresentedKey): Agent | undefined {
    const id = presented.id === undefined ? undefined : digest(presented.id);
    const secret = digest(presented.secret);
    let found: Agent | undefined;
    for (const known of this.#known) {
      const isId = id === undefined ? true : timingSafeEqual(known.id, id);
      const isSecret = timingSafeEqual(known.secret, secret);
      if (isId && isSecret) found = known.agent;
    }
    return found;
  }

  #isOurs(host: HostName, localPort: number | undefined): boolean {
    const port = host.port ?? HTTP_PORT;
    if (this.#ownNames.has(host.name) && port === localPort) return true;
    return this.#configured.some(
      ({ name, port: wanted }) => name === host.name && (wanted === undefined || wanted === port),
    );
  }
}

/** Browsers say where a request comes from; programs say nothing, and are not asked. */
function isForeign(headers: IncomingHttpHeaders, host: HostName): boolean {
  const site = headers["sec-fetch-site"];
  if (site === "cross-site" || site === "same-site") return true;
  const { origin } = headers;
  if (origin === undefined) return false;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return true;
  const from = parseHost(url.host);
  const defaultPort = url.protocol === "https:" ? HTTPS_PORT : HTTP_PORT;
  return from?.name !== host.name || (from.port ?? defaultPort) !== (host.port ?? defaultPort);
}

function parseHost(text: string): HostName | undefined {
  const match = HOST.exec(text.toLowerCase());
  if (match?.[1] === undefined) return undefined;
  return { name: match[1], port: match[2] === undefined ? undefined : Number(match[2]) };
}

function configuredHost(text: string): HostName {
  const host = parseHost(text);
  if (host === undefined) throw invalid(`not the name of a host: ${JSON.stringify(text)}`);
  return host;
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** A bearer token is a secret without an id: two agents with one secret could not be told apart. */
function requireUsable(keys: readonly AgentKey[]): void {
  const empty = keys.find(({ id, secret }) => id === "" || secret === "");
  if (empty !== undefined) throw invalid(`the agent "${empty.id}" has an empty id or secret`);
  const ids = keys.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw invalid(`the agent "${twice}" has two keys`);
  const secrets = new Set(keys.map(({ secret }) => secret));
  if (secrets.size !== keys.length) throw invalid("two agents have the same secret");
}

/** A bot that knew the operator key could end what only a person may end. */
function requireOwn(operatorKey: string | undefined, keys: readonly AgentKey[]): void {
  if (operatorKey === undefined) return;
  if (operatorKey === "") throw invalid("the operator key (TRADELATCH_OPERATOR_KEY) is empty");
  const same = keys.find(({ secret }) => secret === operatorKey);
  if (same === undefined) return;
  const whose = `is also the secret of "${same.id}"; choose another`;
  throw invalid(`the operator key (TRADELATCH_OPERATOR_KEY) ${whose}`);
}

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function invalid(message: string): LatchError {
  return new LatchError("invalid_option", message);
}
