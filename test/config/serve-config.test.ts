import { describe, expect, test } from "vitest";
import {
  type Environment,
  resolveConfig,
  resolveProgram,
  resolveServeConfig,
  type ServeSettings,
} from "../../src/config.ts";
import { LatchError } from "../../src/core/errors.ts";

const KEYS = { store: "latch.db", keyId: "PKABC", secret: "mine" } as const;

function failure(settings: ServeSettings, environment: Environment = {}): LatchError {
  try {
    resolveServeConfig({ ...KEYS, ...settings }, environment);
  } catch (error) {
    if (error instanceof LatchError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

describe("the settings of serve", () => {
  test("have defaults: loopback, port 4520, nobody but the broker's own key", () => {
    expect(resolveServeConfig({ ...KEYS, waitMs: 5_000 }, {})).toEqual({
      host: "127.0.0.1",
      port: 4520,
      hosts: [],
      agents: [],
      streamFrames: "binary",
      latch: resolveConfig({ ...KEYS, waitMs: 5_000 }, {}),
    });
  });

  test("come from the environment, where no option is given", () => {
    const environment = {
      TRADELATCH_HOST: "10.0.0.5",
      TRADELATCH_PORT: "8080",
      TRADELATCH_HOSTS: "trader.internal, bots:9000,",
      TRADELATCH_AGENTS: '[{"id":"a","secret":"s","group":"g","dedupeWindowMs":9000}]',
      TRADELATCH_STREAM_FRAMES: "text",
    };
    expect(resolveServeConfig({ ...KEYS, port: 0 }, environment)).toMatchObject({
      host: "10.0.0.5",
      port: 0,
      hosts: ["trader.internal", "bots:9000"],
      agents: [{ id: "a", secret: "s", group: "g", policy: { dedupeWindowMs: 9_000 } }],
      streamFrames: "text",
    });
  });

  test("give an agent what differs for it, and nothing else", () => {
    const agents = '[{"id":"a","secret":"s","group":"g","clientIdIsIdentity":false}]';
    const [agent] = resolveServeConfig({ ...KEYS, agents }, {}).agents;
    expect(agent?.policy).toEqual({ clientIdIsIdentity: false });
  });
});

describe("the settings of the program itself", () => {
  test("are alpaca and info, unless a flag or the environment says otherwise", () => {
    expect(resolveProgram({}, {})).toEqual({ broker: "alpaca", logLevel: "info" });
    const environment = { TRADELATCH_BROKER: "sim", TRADELATCH_LOG_LEVEL: "warn" };
    expect(resolveProgram({}, environment)).toEqual({ broker: "sim", logLevel: "warn" });
    expect(resolveProgram({ broker: "alpaca" }, environment).broker).toBe("alpaca");
    expect(() => resolveProgram({}, { TRADELATCH_BROKER: "ibkr" })).toThrow(
      'broker (TRADELATCH_BROKER) is "ibkr"',
    );
  });

  test("let the environment say that real money is meant, in a word that must be true", () => {
    const live = { ...KEYS, baseUrl: "https://api.alpaca.markets" };
    expect(() => resolveServeConfig(live, {})).toThrow("trades real money");
    expect(() => resolveServeConfig(live, { TRADELATCH_LIVE: "yes" })).toThrow("TRADELATCH_LIVE");
    expect(resolveServeConfig(live, { TRADELATCH_LIVE: "true" }).latch.baseUrl).toBe(live.baseUrl);
  });
});

describe("a setting of serve that does not fit is refused by its name", () => {
  test.each<[string, ServeSettings, Environment, string]>([
    ["port", { port: 65_536 }, {}, "(TRADELATCH_PORT) is 65536: expected at most 65535"],
    ["port", { port: -1 }, {}, "port (TRADELATCH_PORT) is -1"],
    ["port", {}, { TRADELATCH_PORT: "4520.5" }, 'port (TRADELATCH_PORT) is "4520.5"'],
    ["port", {}, { TRADELATCH_PORT: "http" }, 'is "http": expected a whole number'],
    ["allowShort", {}, { TRADELATCH_ALLOW_SHORT: "yes" }, 'is "yes": expected true or false'],
    ["host", { host: "" }, {}, 'host (TRADELATCH_HOST) is ""'],
    ["agents", { agents: "{" }, {}, "agents (TRADELATCH_AGENTS) is not usable: it is not JSON"],
    ["agents", { agents: "{}" }, {}, "is not usable: expected a list"],
    ["agents", { agents: '[{"id":"a"}]' }, {}, "is not usable: 0.secret: expected text"],
    ["agents", { agents: '[{"id":"a","secret":"s","group":""}]' }, {}, "0.group: "],
    [
      "agents",
      { agents: '[{"id":"a","secret":"s","group":"g","dedupeMs":5}]' },
      {},
      'Unrecognized key: "dedupeMs"',
    ],
  ])("%s: %j %j", (_, settings, environment, message) => {
    const error = failure(settings, environment);
    expect(error.code).toBe("invalid_option");
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("\n");
  });

  test("and never with an agent's secret in it", () => {
    const one = { id: "a", secret: "s3cr3t", group: 7 };
    for (const agents of [JSON.stringify([one]), JSON.stringify(one), '[{"secret":"s3cr3t"']) {
      expect(failure({ agents }).message).not.toContain("s3cr3t");
    }
  });
});
