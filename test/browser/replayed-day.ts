/**
 * The bundled session of 21 May, played into a real sidecar by two bots that speak HTTP to it. The
 * sidecar's clock goes at its own pace and jumps from one row of the record to the next. What a
 * running latch looks at by its schedule is looked at when the test says so.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { resolveServeConfig, type ServeSettings } from "../../src/config.ts";
import { bundledPath } from "../../src/replay/bundled-sessions.ts";
import { epochOf, loadSession, type Session } from "../../src/replay/session.ts";
import { scriptFaults, setMarket } from "../../src/replay/session-broker.ts";
import { type SessionStep, sessionSteps } from "../../src/replay/session-steps.ts";
import { openSidecar, type Sidecar } from "../../src/sidecar/sidecar.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { JumpingClock } from "../jumping-clock.ts";
import { unusedPort } from "../unused-port.ts";

export const OPERATOR_KEY = "whoever-looks-after-the-bots";
const BOTS = { a: "secret-of-instance-a", b: "secret-of-instance-b" } as const;
/** Reads, and orders; does not act. */
export const BOT_SECRET = BOTS.a;
const GROUP = "qqq-momentum";
/** As the old bot did. */
const TRIES = 3;
const REFUSED = 403;
/** No fill of late, and two reads that agree, ten seconds apart. */
const NOTICED_AFTER_MS = [1_000, 40_000, 11_000];
const BROKER = { keyId: "replayed", secret: "the-brokers-own-secret" } as const;

export class ReplayedDay {
  readonly #session: Session;
  readonly #simulator: Simulator;
  readonly #clock: JumpingClock;
  readonly #directory = mkdtempSync(join(tmpdir(), "tradelatch-browser-"));
  readonly #steps: SessionStep[];
  #sidecar: Sidecar | undefined;
  readonly #port: number;

  private constructor(session: Session, simulator: Simulator, port: number) {
    this.#port = port;
    this.#session = session;
    this.#simulator = simulator;
    this.#clock = new JumpingClock(epochOf(session, session.opensAt));
    this.#steps = sessionSteps(session).filter(({ kind }) => kind === "order" || kind === "fault");
  }

  static async open(): Promise<ReplayedDay> {
    const session = loadSession(bundledPath("2026-05-21"));
    const startAt = epochOf(session, session.opensAt);
    const prices = { TQQQ: "75.33", SQQQ: "40.90" };
    const simulator = await startSimulator({ ...BROKER, startAt, prices });
    const day = new ReplayedDay(session, simulator, await unusedPort());
    await day.start();
    return day;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** On the port that it had before. */
  async start(): Promise<void> {
    await this.begin();
    await this.#sidecar?.started;
  }

  /** The same, and does not wait for the start to be over. */
  async begin(other: Pick<ServeSettings, "operatorKey" | "store"> = {}): Promise<void> {
    const agents = Object.entries(BOTS).map(([id, secret]) => ({ id, secret, group: GROUP }));
    const serve = resolveServeConfig(
      {
        ...{ store: join(this.#directory, "latch.db"), baseUrl: this.#simulator.url },
        ...{ ...BROKER, port: this.#port, operatorKey: OPERATOR_KEY },
        ...{ agents: JSON.stringify(agents), divergence: "observe", ...other },
      },
      {},
    );
    const logger = pino({ level: "silent" });
    const sidecar = await openSidecar({ serve, logger, clock: this.#clock, schedule: false });
    this.#sidecar = sidecar;
  }

  async stop(): Promise<void> {
    await this.#sidecar?.close(0);
    this.#sidecar = undefined;
  }

  /** A path for another ledger, beside its own. */
  get otherStore(): string {
    return join(this.#directory, "other.db");
  }

  /** Plays the rows of the record up to `time`, New York's; `tick` looks after what is at work. */
  async playUntil(time: string, tick = true): Promise<void> {
    const until = epochOf(this.#session, time);
    for (;;) {
      const [next] = this.#steps;
      if (next === undefined || next.at > until) break;
      this.#steps.shift();
      this.#moveTo(next.at);
      if (next.kind === "fault") scriptFaults(this.#simulator, next.event);
      if (next.kind === "order") await this.#place(next.event);
      if (tick) await this.tick();
    }
    this.#moveTo(until);
  }

  async tick(): Promise<void> {
    this.#moveTo(this.#clock.now());
    await (await this.#sidecar?.started)?.latch.tick();
  }

  /** Somebody trades past the latch, and the comparison of positions notices. */
  async tradeByHand(order: Readonly<Record<string, string>>): Promise<void> {
    await this.placeByHand(order);
    await this.compareUntilAgreed();
  }

  /** The same, and nobody has noticed yet. */
  async placeByHand(order: Readonly<Record<string, string>>): Promise<void> {
    await fetch(`${this.#simulator.url}/v2/orders`, {
      method: "POST",
      headers: { "APCA-API-KEY-ID": BROKER.keyId, "APCA-API-SECRET-KEY": BROKER.secret },
      body: JSON.stringify({ type: "market", time_in_force: "day", ...order }),
    });
  }

  /** As a running latch does every 15 seconds. */
  async compareUntilAgreed(): Promise<void> {
    for (const pauseMs of NOTICED_AFTER_MS) {
      this.jump(pauseMs);
      await this.tick();
      await (await this.#sidecar?.started)?.latch.comparePositions();
    }
  }

  /** From now on nobody can read this of the broker's, until it is shown again. */
  hide(path: string): void {
    const match = { method: "GET", path } as const;
    const fault = { kind: "html", status: 503, accept: false } as const;
    this.#simulator.addFaults([{ match, fault, times: 100_000 }]);
  }

  showAll(): void {
    this.#simulator.clearFaults();
  }

  jump(durationMs: number): void {
    this.#moveTo(this.#clock.now() + durationMs);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#simulator.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #place(event: Extract<SessionStep, { kind: "order" }>["event"]): Promise<void> {
    setMarket(this.#simulator, event);
    const { symbol, side, effect, quantity, id, reason, instance } = event;
    const intent = { symbol, side, effect, quantity, decisionId: id, reason };
    for (let tries = 0; tries < TRIES; tries += 1) {
      if ((await this.order(intent, instance)) !== REFUSED) return;
      this.jump(1_000);
    }
  }

  /** The answer's status. */
  async order(intent: unknown, instance: keyof typeof BOTS = "a"): Promise<number> {
    const response = await fetch(`${this.url}/latch/v1/orders`, {
      method: "POST",
      headers: { authorization: `Bearer ${BOTS[instance]}`, "content-type": "application/json" },
      body: JSON.stringify({ intent, waitMs: 2_000 }),
    });
    return response.status;
  }

  #moveTo(moment: number): void {
    this.#clock.jumpTo(moment);
    this.#simulator.setTime(Math.max(this.#clock.now(), this.#simulator.now()));
  }
}
