/**
 * What serves tools: a latch of its own on the ledger, behind any number of connections. It may run
 * beside a sidecar on the same ledger; an order that either has sent the other one knows.
 *
 * A connection is served at once. What is asked before the start is over waits for it a while, and
 * then gets what the ledger alone knows, or is told that nothing was done.
 */
import type { Logger } from "pino";
import { prepareLatch, type Surroundings } from "../app.ts";
import type { ServeConfig } from "../config.ts";
import { brokerKind } from "../core/broker-kind.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { Latch } from "../latch.ts";
import type { PreparedLatch } from "../prepared-latch.ts";
import { type Agent, KEYLESS_ID } from "../sidecar/access.ts";
import { type Started, startLatch } from "../sidecar/latch-start.ts";
import { maskedLog, secretsOf } from "../sidecar/masked-log.ts";
import { OF_ACTIONS } from "../sidecar/native-audit.ts";
import { SecretMask } from "../sidecar/secret-mask.ts";
import { tokenRule } from "../sidecar/sidecar.ts";
import { StartGate } from "../sidecar/start-gate.ts";
import { notStarted, type Submit, submitter } from "../sidecar/submitter.ts";
import type { BrokerPorts, ToolPorts } from "./tool-ports.ts";

export interface McpOptions extends Surroundings {
  readonly serve: ServeConfig;
  readonly logger: Logger;
  readonly version: string;
  /** Whether there are tools that place orders. */
  readonly allowsOrders: boolean;
  /** Said besides where the broker's address may be one of real money. */
  readonly allowsLiveOrders: boolean;
}

/** How long a call waits for the start, in milliseconds. */
const START_WAIT_MS = 8_000;

export class McpProgram {
  /** Rejects where there will never be a latch; nobody has to wait for it. */
  readonly started: Promise<Started>;
  readonly #options: McpOptions;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #prepared: PreparedLatch;
  readonly #gate = new StartGate();
  readonly #stop = new AbortController();
  readonly #submit: Submit;
  readonly #mask: SecretMask;

  /** Throws LatchError: settings that do not fit, or a store that cannot be used. */
  constructor(options: McpOptions) {
    requireSpokenLive(options);
    const { serve, logger } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const log = maskedLog(logger, serve);
    this.#log = log;
    this.#prepared = prepareLatch(serve.latch, { ...options, logger: log });
    this.#mask = new SecretMask(secretsOf(serve));
    this.#submit = submitter(this.#prepared, () => this.#gate.latch, serve.agents);
    const onAway = (reason: string) => log.warn({ reason }, "the broker could not be asked");
    const start = { clock: this.#clock, stop: this.#stop.signal, onAway };
    this.started = startLatch(this.#prepared, start).then((started) => {
      this.#gate.open(started.latch);
      return started;
    });
    this.started.catch((error: unknown) => {
      if (!this.#stop.signal.aborted) log.error({ err: error }, "the latch could not be started");
    });
  }

  get brokerUrl(): string {
    return this.#prepared.brokerUrl;
  }

  /** What the tools of a connection need; `agent` is whose it is. */
  portsFor(agent: Agent): ToolPorts {
    const { version, serve } = this.#options;
    // Whoever shows no key may guard actions, and learns nothing of the account.
    const isKeyless = agent.id === KEYLESS_ID;
    const hasBroker = serve.latch.broker !== "none" && !isKeyless;
    const types = isKeyless ? OF_ACTIONS : undefined;
    return {
      version,
      mask: (text) => this.#mask.mask(text),
      onFailure: (error) => this.#log.error({ err: error }, "a tool failed"),
      onUnreadable: (reason) => this.#log.warn({ reason }, "a line of the client cannot be read"),
      guarded: {
        guard: this.#prepared.guard,
        clock: this.#clock,
        group: agent.group,
        isTokenRequired: tokenRule(serve)(agent),
        audit: async (query) => (await this.#latch()).audit.page({ ...query, types }),
      },
      broker: hasBroker ? this.#brokerPorts(agent) : undefined,
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#gate.abandon();
    await this.#prepared.close();
  }

  #brokerPorts(agent: Agent): BrokerPorts {
    return {
      allowsOrders: this.#options.allowsOrders,
      latch: () => this.#latch(),
      submit: async (intent, gone) => {
        const failure = await this.#startFailure();
        // Nobody is told so any more: whoever stops a call takes it that it does nothing.
        if (gone.aborted) throw new LatchError("not_started", "the call was called off before");
        try {
          return await this.#submit(agent, intent, gone);
        } catch (error) {
          // What came before is answered all the same; a new order is told why there is no start.
          const isNotStarted = error instanceof LatchError && error.code === "not_started";
          throw isNotStarted && failure !== undefined ? failure : error;
        }
      },
      claim: (requestId) => this.#prepared.claimOf(agent.group, requestId),
    };
  }

  async #latch(): Promise<Latch> {
    const latch = await this.#startedOrNot();
    if (latch === undefined) throw notStarted();
    return latch;
  }

  /** Why there will be no latch; undefined where there is one, or may be. */
  #startFailure(): Promise<unknown> {
    return this.#startedOrNot().then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  /** The latch once it is started; undefined where that takes too long. Rejects where it failed. */
  async #startedOrNot(): Promise<Latch | undefined> {
    if (this.#gate.latch !== undefined) return this.#gate.latch;
    const over = new AbortController();
    const wait = this.#clock.sleep(START_WAIT_MS, over.signal).catch(() => undefined);
    const started = this.started.then(({ latch }) => latch);
    try {
      return await Promise.race([started, wait.then(() => undefined)]);
    } finally {
      over.abort();
    }
  }
}

/** An address that nobody knows may be one of real money. */
function requireSpokenLive({ serve, allowsOrders, allowsLiveOrders }: McpOptions): void {
  const { baseUrl, broker } = serve.latch;
  if (allowsOrders && broker === "none") {
    throw new LatchError("invalid_option", "--allow-orders needs a broker: --broker is none");
  }
  if (!allowsOrders || allowsLiveOrders || baseUrl === undefined) return;
  const kind = brokerKind(baseUrl);
  if (kind === "paper" || kind === "simulated") return;
  const message =
    `tools may place orders at ${baseUrl}, which is not a paper account: ` +
    "say --allow-live-orders as well";
  throw new LatchError("invalid_option", message);
}
