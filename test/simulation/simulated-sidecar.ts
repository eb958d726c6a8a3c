/**
 * A sidecar: the product's latch with its start, its schedule and its ear on the stream, in a
 * process that can die and be started again. HTTP is left out on both sides.
 */
import { pino } from "pino";
import { createAlpacaBroker } from "../../src/broker/alpaca/alpaca-broker.ts";
import { RateBudget } from "../../src/broker/alpaca/rate-budget.ts";
import type { Config } from "../../src/config.ts";
import type { EpochMs } from "../../src/core/clock.ts";
import { LatchError } from "../../src/core/errors.ts";
import type { AgentId, OwnerId } from "../../src/core/ids.ts";
import type { OrderAnswer } from "../../src/gateway/order-answer.ts";
import { GuardDesk } from "../../src/guard/guard-desk.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { Latch } from "../../src/latch.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { LatchParts } from "../../src/open-latch.ts";
import { LatchInWaiting } from "../../src/prepared-latch.ts";
import { latchTicks } from "../../src/schedule/latch-ticks.ts";
import { MarketCalendar } from "../../src/schedule/market-calendar.ts";
import { startLatch } from "../../src/sidecar/latch-start.ts";
import { KEY_ID, SECRET } from "./broker-side.ts";
import { SimulatedLedger } from "./simulated-ledger.ts";
import { fetchThrough, type NetworkParts } from "./simulated-network.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import { SqliteDisk } from "./sqlite-disk.ts";
import type { Tampering } from "./tampering.ts";

export const BROKER_URL = "http://127.0.0.1:9";

const LOOK_AFTER_MS = 2_000;
const COMPARE_MS = 15_000;
const PUBLISH_MS = 5_000;
const RECONNECT_MS = 1_000;
const LOOK_MS = 7_000;

/** Calls `run` every `pauseMs` of the process's life. */
type Repeat = (pauseMs: number, run: () => Promise<unknown>) => Promise<void>;

interface Life {
  readonly process: SimulatedProcess;
  readonly parts: LatchParts;
  readonly prepared: LatchInWaiting;
  latch: Latch | undefined;
  unsubscribe: () => void;
}

export interface SidecarParts extends NetworkParts {
  /** Counted from 1. */
  readonly number: number;
  readonly config: Config;
  readonly tampering: Tampering;
  readonly lookEveryMs: number | undefined;
  /** A new process for the sidecar's next life. */
  readonly newProcess: () => SimulatedProcess;
}

export class SimulatedSidecar {
  readonly #parts: SidecarParts;
  #life: Life | undefined;
  /** Every other life is on a ledger that tells of orders before it has written them. */
  #lives: number;
  #lineDownUntil: EpochMs = 0;

  constructor(parts: SidecarParts) {
    this.#parts = parts;
    this.#lives = parts.number;
  }

  get process(): SimulatedProcess | undefined {
    return this.#life?.process;
  }

  start(): void {
    this.#lives += 1;
    const life = this.#begun(this.#parts.newProcess());
    if (life === undefined) return;
    const { process, prepared } = life;
    this.#life = life;
    const stop = new AbortController();
    startLatch(prepared, { clock: process.clock, stop: stop.signal, onAway: () => {} }).then(
      ({ latch }) => this.#run(life, latch),
      (error: unknown) => this.#failed(life, error),
    );
  }

  /** Undefined where the store cannot be opened: then the process ends, and another one tries. */
  #begun(process: SimulatedProcess): Life | undefined {
    try {
      const parts = this.#partsOf(process);
      const prepared = new LatchInWaiting(parts, false);
      return { process, parts, prepared, latch: undefined, unsubscribe: () => {} };
    } catch (error) {
      process.kill();
      this.#parts.facts.failures.push(error);
      this.#parts.scheduler.after(RECONNECT_MS, () => this.#life ?? this.start());
      return undefined;
    }
  }

  /** Ends the process wherever it is; starts another after `downMs`. */
  crash(downMs: number): void {
    const life = this.#life;
    if (life === undefined) return;
    life.process.kill();
    life.unsubscribe();
    this.#life = undefined;
    this.#parts.scheduler.after(downMs, () => this.#life ?? this.start());
  }

  /** Connections to the broker are refused for `forMs`. */
  cutOff(forMs: number): void {
    this.#lineDownUntil = this.#parts.scheduler.now() + forMs;
  }

  calm(): void {
    this.#lineDownUntil = 0;
    this.#life?.process.resume();
  }

  /** The latch, once orders are taken. */
  get latch(): Latch | undefined {
    return this.#life?.latch;
  }

  /** What a bot's call over HTTP comes to: the product's sidecar does the same. */
  async submit(group: string, input: IntentInput, gone: AbortSignal): Promise<OrderAnswer> {
    const life = this.#life;
    if (life === undefined) throw new Error("connection refused");
    const agent = group as AgentId;
    const answer =
      life.latch === undefined
        ? await life.prepared.answerKnown(agent, input)
        : await life.latch.submitFor(agent, input, { gone });
    if (answer === undefined) throw new LatchError("not_started", "no orders are taken yet");
    return this.#parts.tampering.answer?.(answer) ?? answer;
  }

  #partsOf(process: SimulatedProcess): LatchParts {
    const { config, tampering, facts } = this.#parts;
    const { clock } = process;
    const owner = process.random.uuid() as OwnerId;
    const downUntil = () => this.#lineDownUntil;
    const broker = createAlpacaBroker({
      ...{ keyId: KEY_ID, secret: SECRET, baseUrl: BROKER_URL, clock },
      budget: new RateBudget({ clock }),
      submitDeadlineMs: config.policy.postDeadlineMs,
      fetchApi: fetchThrough(this.#parts, { process, owner, downUntil }),
    });
    const ledger = this.#openLedger(process);
    const log = pino({ level: "info" }, { write: (line: string) => void facts.log.push(line) });
    const common = { clock, owner, log, ledger: tampering.ledger?.(ledger, clock) ?? ledger };
    const { agent, guardLeaseMs: leaseMs } = config;
    return {
      ...{ ...common, brokerUrl: BROKER_URL, config },
      broker: tampering.broker?.(broker, clock) ?? broker,
      guard: new GuardDesk({ ...common, random: process.random, agent, leaseMs }),
      backUp: () => Promise.reject(new LatchError("backup_failed", "nothing is copied here")),
    };
  }

  /** On a file every life tells ahead, and every other one waits for its answers. */
  #openLedger(process: SimulatedProcess): Ledger {
    const { disk, tampering } = this.#parts;
    const isEven = this.#lives % 2 === 0;
    if (disk instanceof SqliteDisk) return disk.open(process, isEven);
    return new SimulatedLedger(disk, process, tampering.rows?.(disk.rows) ?? disk.rows, isEven);
  }

  #run(life: Life, latch: Latch): void {
    life.latch = latch;
    const { clock } = life.process;
    const [lookAfter, compare, ...atMoments] = latchTicks({
      ...life.parts,
      account: latch.account,
      calendar: new MarketCalendar(life.parts),
      lookAfter: () => latch.tick(),
      comparePositions: () => latch.comparePositions(),
      backUp: undefined,
    });
    const again: Repeat = async (pauseMs, run) => {
      for (;;) {
        await clock.sleep(pauseMs);
        await run().catch((error: unknown) => this.#parts.facts.failures.push(error));
      }
    };
    if (lookAfter !== undefined)
      void again(this.#parts.lookEveryMs ?? LOOK_AFTER_MS, lookAfter.run);
    if (compare !== undefined) void again(COMPARE_MS, compare.run);
    for (const { run } of atMoments) void again(5 * 60_000, run);
    this.#look(life, latch, again);
    let last = 0;
    void again(PUBLISH_MS, async () => {
      const events = await latch.events({ after: last }).catch(() => []);
      for (const event of events) this.#parts.facts.published.set(event.sequence, event);
      last = events.at(-1)?.sequence ?? last;
    });
    this.#listen(life, latch);
  }

  /** On a file, in every other life, somebody has the operator's page open: it asks for lists. */
  #look(life: Life, { account }: Latch, again: Repeat): void {
    const { disk } = this.#parts;
    if (!(disk instanceof SqliteDisk)) return;
    const { ledger } = life.parts;
    void again(LOOK_MS, async () => disk.lookAt(life.process));
    if (this.#lives % 2 === 0) return;
    void again(LOOK_MS, async () => {
      await ledger.claims({ account, limit: 20 });
      await ledger.books(account);
    });
  }

  /** What the sidecar's stream does: every update is applied, and gaps are filled by reading. */
  #listen(life: Life, latch: Latch): void {
    const { process } = life;
    const apply = (order: unknown) => {
      const update = latch.applyUpdate(order as Readonly<Record<string, unknown>>);
      update.catch((error: unknown) => this.#parts.facts.failures.push(error));
    };
    const hear = (frame: string) => {
      const { data } = JSON.parse(frame) as { data: { order?: unknown } };
      process.turn(process.latency(), () => apply(data.order));
    };
    const cut = () => process.turn(RECONNECT_MS, () => this.#catchUp(life, latch, apply));
    life.unsubscribe = this.#parts.broker.simulation.stream.listen({ hear, cut });
  }

  #catchUp(life: Life, latch: Latch, apply: (order: unknown) => void): void {
    this.#listen(life, latch);
    latch.comparePositions().catch((error: unknown) => this.#parts.facts.failures.push(error));
    void latch.orderWiresSince(undefined).then((wires) => wires?.forEach(apply));
  }

  #failed(life: Life, error: unknown): void {
    this.#parts.facts.failures.push(error);
    if (this.#life === life) this.crash(RECONNECT_MS);
  }
}
