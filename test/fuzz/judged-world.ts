/** One world and its judge: sends hostile requests one by one and says what each broke. */
import type { Fault, LoggedRequest } from "../../src/simulator/index.ts";
import { answersIn, faultsOfAnswers, isWhole, type Place, placeOf } from "./answer-checks.ts";
import { duplicatesIn, faultsAtBroker, identityOf, isOrder } from "./broker-checks.ts";
import { FuzzWorld } from "./fuzz-world.ts";
import { AGENTS, type HostileRequest } from "./hostile-request.ts";
import { hasSecret } from "./hostile-text.ts";
import { endsEarly, wireBytes } from "./request-bytes.ts";

/** Simulated time between two requests: the broker's limit leaves room for our reads. */
const PAUSE_MS = 400;
const TICK_EVERY = 25;
const COMPARE_EVERY = 200;
/** What a request may leave in the log. */
const LOG_LINES_MAX = 20;
const LOG_LINE_CHARACTERS_MAX = 6_000;
/** From here on pino means that something of ours failed. */
const ERROR_LEVEL = 50;
/** Then a new one: the orders of a long day would be read again with every tick. */
export const REQUESTS_PER_WORLD = 1_000;
const STATUS_LINE = /^HTTP\/1\.1 (\d{3})/;

export class JudgedWorld {
  readonly world: FuzzWorld;
  /** Answers by route and status. */
  readonly answered = new Map<string, number>();
  /** Requests that were let in and routed, by route. */
  readonly reached = new Map<string, number>();
  /** Orders that the broker took, by the name that their sender gave them. */
  readonly #taken = new Map<string, Set<string>>();
  #count = 0;

  private constructor(world: FuzzWorld) {
    this.world = world;
  }

  static async open(): Promise<JudgedWorld> {
    return new JudgedWorld(await FuzzWorld.open());
  }

  /** What the request broke; nothing, where all is well. The broker may fail meanwhile. */
  async judge(request: HostileRequest, fault?: Fault): Promise<readonly string[]> {
    const { world } = this;
    if (fault !== undefined) world.simulator.addFaults([{ match: {}, fault }]);
    const orderId = world.anOrderId();
    const place = placeOf(request, orderId);
    world.arrived();
    const sent = wireBytes(request, world.sidecar.port, orderId);
    const bytes = await world.exchange(sent, endsEarly(request), (received) =>
      isWhole(request, received),
    );
    const arrived = world.arrived();
    const [answer] = answersIn({ request, bytes }).answers;
    this.#note(request, bytes);
    const faults = [
      ...faultsOfAnswers({ request, place, bytes, brokerFails: fault !== undefined }),
      ...faultsAtBroker({ request, place, answer, arrived }),
      ...this.#twiceTaken(request, place, arrived),
      ...faultsOfLog(world.logged()),
    ];
    world.simulator.clearFaults();
    await this.#goOn();
    return faults;
  }

  /** Ends the world, and says what its end shows. */
  async close(): Promise<readonly string[]> {
    const { world } = this;
    const duplicates = duplicatesIn(world.simulator.orders());
    const files = await world.close();
    return [
      ...duplicates.map((id) => `two orders of one client_order_id: ${id}`),
      ...faultsOfLog(world.logged()),
      ...(hasSecret(files.toString("latin1")) ? ["a secret in the ledger's files"] : []),
    ];
  }

  async #goOn(): Promise<void> {
    const { world } = this;
    this.#count += 1;
    world.pass(PAUSE_MS);
    if (this.#count % TICK_EVERY === 0) await world.drive(world.latch.tick());
    if (this.#count % COMPARE_EVERY === 0) await world.drive(world.latch.comparePositions());
    await world.rest();
  }

  #note({ route, method, key }: HostileRequest, bytes: Buffer): void {
    const status = Number(STATUS_LINE.exec(bytes.toString("latin1", 0, 12))?.[1] ?? 0);
    const name = `${route} ${status}`;
    this.answered.set(name, (this.answered.get(name) ?? 0) + 1);
    const isIn = key.group !== undefined && route.startsWith(`${method} `) && status >= 200;
    if (isIn && ![400, 401, 403, 431].includes(status)) {
      this.reached.set(route, (this.reached.get(route) ?? 0) + 1);
    }
  }

  /** An agent whose ids are believed gets one order for each of them. */
  #twiceTaken(
    request: HostileRequest,
    place: Place,
    arrived: readonly LoggedRequest[],
  ): readonly string[] {
    const identity = identityOf(request);
    if (identity === undefined || place.path === "/v2/positions") return [];
    if (request.key.group === AGENTS[2].group) return [];
    const taken = this.#taken.get(identity) ?? new Set();
    this.#taken.set(identity, taken);
    for (const { answered, body } of arrived.filter(isOrder)) {
      if (typeof answered !== "object" || answered.status !== 200) continue;
      taken.add(String((body as { readonly client_order_id?: unknown }).client_order_id));
    }
    return taken.size > 1 ? [`two orders of one Idempotency-Key: ${[...taken].join()}`] : [];
  }
}

function faultsOfLog(lines: readonly string[]): readonly string[] {
  const told = lines.filter((line) => hasSecret(line));
  const failures = lines.filter((line) => JSON.parse(line).level >= ERROR_LEVEL);
  const long = lines.filter((line) => line.length > LOG_LINE_CHARACTERS_MAX);
  return [
    ...told.map((line) => `a secret in the log: ${line.slice(0, 500)}`),
    ...failures.map((line) => `a failure in the log: ${line.slice(0, 800)}`),
    ...long.map((line) => `${line.length} characters in a log line: ${line.slice(0, 300)}`),
    ...(lines.length > LOG_LINES_MAX ? [`${lines.length} log lines of one request`] : []),
  ];
}
