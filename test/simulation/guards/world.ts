/** A whole world of payments from a plan: processes with a guard each on one ledger, and a provider. */
import { pino } from "pino";
import type { Clock } from "../../../src/core/clock.ts";
import type { AgentId, OwnerId } from "../../../src/core/ids.ts";
import type { Guard, GuardVerifier } from "../../../src/guard/guard.ts";
import { GuardDesk } from "../../../src/guard/guard-desk.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { DEFAULT_START } from "../../../src/simulator/simulator-options.ts";
import { streamOf } from "../dice.ts";
import { Scheduler } from "../scheduler.ts";
import { SimulatedDisk, type StoreFault } from "../simulated-disk.ts";
import { SimulatedLedger } from "../simulated-ledger.ts";
import { aheadOf, SimulatedProcess, strikeFirst } from "../simulated-process.ts";
import { SqliteDisk } from "../sqlite-disk.ts";
import { ACTION, call, verified } from "./caller.ts";
import { momentaryViolations, restless, toldViolations } from "./checks.ts";
import { GuardFacts, type GuardWorldOutcome, type ToldFact } from "./facts.ts";
import type { CallPlan, GuardMishap, GuardPlan, StoreStrike } from "./plan.ts";
import { Provider } from "./provider.ts";
import { noteWords, wrongReleasesIn } from "./words.ts";

/** The longest pause between two questions to a verifier is an hour. */
const REST_MS = 4 * 60 * 60_000;
const LOOK_AFTER_MS = 15_000;
const REOPEN_MS = 1_000;

/** What a defect puts between the guard and what is around it, or in the guard's place. */
export interface GuardTampering {
  /** `another` makes a guard of the same process. */
  readonly guard?: (another: () => GuardDesk) => Guard;
  readonly verifier?: (verify: GuardVerifier, ledger: Ledger, clock: Clock) => GuardVerifier;
  readonly ledger?: (ledger: Ledger) => Ledger;
  readonly disk?: (disk: SimulatedDisk) => void;
}

interface Life {
  readonly owner: OwnerId;
  readonly process: SimulatedProcess;
  readonly guard: Guard;
  readonly ledger: Ledger;
}

export async function runGuardWorld(
  plan: GuardPlan,
  tampering: GuardTampering = {},
): Promise<GuardWorldOutcome> {
  if (plan.store === undefined) return new GuardWorld(plan, tampering, new SimulatedDisk()).run();
  const disk = new SqliteDisk();
  try {
    const outcome = await new GuardWorld(plan, tampering, disk).run();
    await disk.compareAll();
    return outcome;
  } finally {
    disk.close();
  }
}

class GuardWorld {
  readonly #plan: GuardPlan;
  readonly #tampering: GuardTampering;
  readonly #facts = new GuardFacts();
  readonly #disk: SimulatedDisk;
  readonly #wall = { offsetMs: 0 };
  readonly #scheduler: Scheduler;
  readonly #provider: Provider;
  readonly #lives: (Life | undefined)[];
  readonly #waiting = new Map<string, SimulatedProcess>();
  #processes = 0;
  #frozenForMs = 0;
  #isCalm = false;

  constructor(plan: GuardPlan, tampering: GuardTampering, disk: SimulatedDisk) {
    this.#plan = plan;
    this.#disk = disk;
    this.#tampering = tampering;
    this.#scheduler = new Scheduler(DEFAULT_START, streamOf(plan.seed, "lots"));
    tampering.disk?.(this.#disk);
    if (disk instanceof SqliteDisk) {
      disk.onDifference = (what) => this.#facts.momentary.push({ invariant: "rows", what });
    }
    this.#provider = new Provider(this.#scheduler, plan.isIdempotent);
    this.#lives = Array.from({ length: plan.processes }, (_, number) => this.#begin(number));
    this.#disk.onCommit = ({ events }) => {
      const at = this.#scheduler.now();
      for (const { sequence, body } of events) {
        this.#facts.history.push({
          at,
          who: "store",
          what: `#${sequence} ${JSON.stringify(body)}`,
        });
      }
      for (const { body } of events) if ("tokenHash" in body) this.#freeze(body.owner);
      this.#facts.wrongReleases.push(...wrongReleasesIn(events, this.#outcome()));
      this.#facts.momentary.push(...momentaryViolations(this.#disk));
    };
  }

  async run(): Promise<GuardWorldOutcome> {
    for (const mishap of this.#plan.mishaps) {
      this.#scheduler.after(mishap.atMs, () => this.#happen(mishap));
    }
    for (const { name, atMs, calls } of this.#plan.payments) {
      for (const [number, plan] of calls.entries()) {
        this.#scheduler.after(atMs + plan.delayMs, () => this.#call(name, number, plan));
      }
    }
    const calmAt = DEFAULT_START + this.#plan.calmAtMs;
    await this.#scheduler.run(calmAt);
    this.#say("world", "all is calm");
    this.#isCalm = true;
    this.#disk.fault = null;
    this.#provider.isReadable = true;
    this.#provider.slowMs = 0;
    let lookAt = calmAt;
    await this.#scheduler.run(calmAt + REST_MS, () => {
      if (this.#scheduler.now() < lookAt) return false;
      lookAt += LOOK_AFTER_MS;
      return restless(this.#outcome()).length === 0;
    });
    return this.#outcome();
  }

  #outcome(): GuardWorldOutcome {
    const waiting = [...this.#waiting].filter(([, process]) => process.isAlive);
    return {
      ...{ plan: this.#plan, facts: this.#facts, disk: this.#disk, provider: this.#provider },
      waiting: waiting.map(([what]) => what),
    };
  }

  #begin(number: number): Life {
    this.#processes += 1;
    const name = `process ${number}`;
    const owner = `${name}:${this.#processes}` as OwnerId;
    const random = streamOf(this.#plan.seed, `${name} ${this.#processes}`);
    const process = new SimulatedProcess(
      name,
      this.#scheduler,
      random,
      aheadOf(this.#wall, this.#plan.clocksMs[number]),
    );
    const own =
      this.#disk instanceof SqliteDisk
        ? this.#disk.open(process, this.#processes % 2 === 0)
        : new SimulatedLedger(this.#disk, process);
    const ledger = noteWords(this.#tampering.ledger?.(own) ?? own, this.#facts, this.#disk);
    const reading = { provider: this.#provider, process, owner };
    const { verifierTakesMs, hasVerifier } = this.#plan;
    const verify: GuardVerifier = ({ key }) => verified(reading, key.requestId, verifierTakesMs);
    const registered = this.#tampering.verifier?.(verify, ledger, process.clock) ?? verify;
    const another = () =>
      new GuardDesk({
        ...{ ledger, random },
        ...{ clock: process.clock, log: pino({ level: "silent" }), leaseMs: this.#plan.leaseMs },
        ...{ owner, agent: "payments" as AgentId },
        ...(hasVerifier && { verifiers: { [ACTION]: registered } }),
      });
    const guard = this.#tampering.guard?.(another) ?? another();
    const lookAfter = () => {
      guard
        .recover()
        .catch((error: unknown) => this.#facts.failures.push(error))
        .finally(() => process.turn(LOOK_AFTER_MS, lookAfter));
    };
    process.turn(0, lookAfter);
    return { owner, process, guard, ledger };
  }

  #call(name: string, number: number, plan: CallPlan): void {
    const life = this.#lives[plan.process];
    if (life === undefined) return;
    const { process } = life;
    const what = `call ${number} for ${name}`;
    this.#waiting.set(what, process);
    const parts = {
      ...{ ...life, provider: this.#provider, facts: this.#facts },
      strike: ({ fault, forMs }: StoreStrike) => this.#strikeStore(fault, forMs),
    };
    const tries = async () => {
      for (let count = 1; count <= plan.triesMax; count += 1) {
        if (count > 1) await process.clock.sleep(plan.pauseMs);
        this.#say(process.name, `${what}: ${plan.how}, ${plan.fate}`);
        const end = await call(parts, name, plan).catch((error: unknown) => {
          this.#say(process.name, `${what} ends with ${error}`);
          this.#facts.failures.push(error);
          return undefined;
        });
        this.#say(process.name, `${what} is told ${JSON.stringify(end)}`);
        if (end !== undefined) this.#told({ name, ...end });
        if (end !== undefined && end.outcome !== "absent") break;
      }
      this.#waiting.delete(what);
    };
    process.turn(0, () => void tries());
  }

  #told(told: ToldFact): void {
    this.#facts.told.push(told);
    this.#facts.momentary.push(...toldViolations(told, this.#facts, this.#provider));
  }

  #happen(mishap: GuardMishap): void {
    const { atMs: _, ...what } = mishap;
    this.#say("world", JSON.stringify(what));
    switch (mishap.kind) {
      case "crash": {
        const { process: number, turns, downMs } = mishap;
        this.#lives[number]?.process.strikeAt(turns, () => this.#crash(number, downMs));
        return;
      }
      case "power":
        this.#armPowerFailure(mishap.turns, mishap.downMs);
        return;
      case "pause":
        this.#lives[mishap.process]?.process.pause(mishap.forMs);
        return;
      case "jump":
        this.#wall.offsetMs += mishap.byMs;
        return;
      case "store":
        this.#strikeStore(mishap.fault, mishap.forMs);
        return;
      case "freeze":
        this.#frozenForMs = mishap.forMs;
        return;
      case "slow_reads":
        this.#provider.slowMs = mishap.byMs;
        this.#scheduler.after(mishap.forMs, () => {
          this.#provider.slowMs = 0;
        });
        return;
      case "unreadable":
        this.#provider.isReadable = false;
        this.#scheduler.after(mishap.forMs, () => {
          this.#provider.isReadable = true;
        });
        return;
    }
  }

  #strikeStore(fault: StoreFault, forMs: number): void {
    if (this.#isCalm) return;
    this.#disk.fault = fault;
    this.#scheduler.after(forMs, () => {
      this.#disk.fault = null;
    });
  }

  /** The one that is to proceed does not hear of it before the pause is over. */
  #freeze(owner: OwnerId): void {
    this.#lives.find((life) => life?.owner === owner)?.process.pause(this.#frozenForMs);
    this.#frozenForMs = 0;
  }

  /** Whichever process takes the turn, the power fails for all. */
  #armPowerFailure(turns: number, downMs: number): void {
    const processes = this.#lives.map((life) => life?.process);
    strikeFirst(processes, turns, () => {
      for (const number of this.#lives.keys()) this.#crash(number, downMs);
      this.#say("world", `the power fails; events lost: ${this.#disk.losePower().length}`);
    });
  }

  #crash(number: number, downMs: number): void {
    const life = this.#lives[number];
    if (life === undefined) return;
    life.process.kill();
    this.#say("world", `${life.process.name} dies`);
    this.#lives[number] = undefined;
    this.#scheduler.after(downMs, () => this.#beginAgain(number));
  }

  /** A store that cannot be opened is tried again. */
  #beginAgain(number: number): void {
    try {
      this.#lives[number] = this.#begin(number);
    } catch (error) {
      this.#facts.failures.push(error);
      this.#scheduler.after(REOPEN_MS, () => this.#beginAgain(number));
    }
  }

  #say(who: string, what: string): void {
    const at = this.#scheduler.now();
    this.#facts.history.push({ at, who, what: this.#disk.repeatable(what) });
  }
}
