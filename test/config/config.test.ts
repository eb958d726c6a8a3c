import { describe, expect, test } from "vitest";
import { DEFAULT_CLAIM_POLICY } from "../../src/claim/policy.ts";
import { type Environment, resolveConfig, type Settings } from "../../src/config.ts";
import { LatchError } from "../../src/core/errors.ts";

const NEEDED = { store: "latch.db", keyId: "PKABC", secret: "s3cr3t" };

function failure(settings: Settings, environment: Environment = {}): LatchError {
  try {
    resolveConfig(settings, environment);
  } catch (error) {
    if (error instanceof LatchError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

describe("the settings", () => {
  test("have defaults for all but the store and the credentials", () => {
    expect(resolveConfig(NEEDED, {})).toEqual({
      ...NEEDED,
      agent: "default",
      baseUrl: undefined,
      waitMs: 8_000,
      requestsPerMinute: 200,
      broker: "alpaca",
      guardLeaseMs: 900_000,
      policy: DEFAULT_CLAIM_POLICY,
      data: { dataUrl: undefined, dataStreamUrl: undefined, dataFeed: "iex" },
    });
  });

  test.each([
    ["TRADELATCH_STORE", "/tmp/x.db", { store: "/tmp/x.db" }],
    ["TRADELATCH_AGENT", "momentum", { agent: "momentum" }],
    ["TRADELATCH_AGENT", "true", { agent: "true" }],
    ["APCA_API_KEY_ID", "PKXYZ", { keyId: "PKXYZ" }],
    ["APCA_API_SECRET_KEY", "other", { secret: "other" }],
    ["APCA_API_BASE_URL", "http://127.0.0.1:4599", { baseUrl: "http://127.0.0.1:4599" }],
    ["APCA_API_DATA_URL", "http://127.0.0.1:1", { data: { dataUrl: "http://127.0.0.1:1" } }],
    ["APCA_API_STREAM_URL", "ws://127.0.0.1:1", { data: { dataStreamUrl: "ws://127.0.0.1:1" } }],
    ["TRADELATCH_DATA_FEED", "sip", { data: { dataFeed: "sip" } }],
    ["TRADELATCH_WAIT_MS", "5000", { waitMs: 5_000 }],
    ["TRADELATCH_REQUESTS_PER_MINUTE", "1000", { requestsPerMinute: 1_000 }],
    ["TRADELATCH_GUARD_LEASE_MS", "60000", { guardLeaseMs: 60_000 }],
    ["TRADELATCH_DEDUPE_WINDOW_MS", "60000", { policy: { dedupeWindowMs: 60_000 } }],
    ["TRADELATCH_SEND_DEADLINE_MS", "3000", { policy: { sendDeadlineMs: 3_000 } }],
    ["TRADELATCH_POST_DEADLINE_MS", "4000", { policy: { postDeadlineMs: 4_000 } }],
    ["TRADELATCH_ABSENCE_WINDOW_MS", "20000", { policy: { absenceWindowMs: 20_000 } }],
    ["TRADELATCH_ALLOW_SHORT", "true", { policy: { allowShort: true } }],
    ["TRADELATCH_ALLOW_SHORT", "false", { policy: { allowShort: false } }],
    ["TRADELATCH_CLIENT_ID_IS_IDENTITY", "false", { policy: { clientIdIsIdentity: false } }],
    ["TRADELATCH_BACKUP_DIR", "copies", { backup: { directory: "copies", keep: 14 } }],
  ])("come from %s=%s", (variable, value, expected) => {
    const environment = {
      TRADELATCH_STORE: NEEDED.store,
      APCA_API_KEY_ID: NEEDED.keyId,
      APCA_API_SECRET_KEY: NEEDED.secret,
      [variable]: value,
    };
    expect(resolveConfig({}, environment)).toMatchObject(expected);
  });

  test("say how many copies of the ledger are kept", () => {
    const environment = { TRADELATCH_BACKUP_DIR: "copies", TRADELATCH_BACKUP_KEEP: "3" };
    expect(resolveConfig(NEEDED, environment).backup).toEqual({ directory: "copies", keep: 3 });
    expect(failure({ ...NEEDED, backupKeep: 0 }).message).toContain(
      "backupKeep (TRADELATCH_BACKUP_KEEP) is 0",
    );
    expect(failure({ ...NEEDED, backupDir: "" }).message).toContain("TRADELATCH_BACKUP_DIR");
  });

  test("prefer an option to its variable, and take an empty variable for none", () => {
    const environment = { TRADELATCH_AGENT: "from-environment", TRADELATCH_WAIT_MS: "" };
    expect(resolveConfig({ ...NEEDED, agent: "from-option" }, environment)).toMatchObject({
      agent: "from-option",
      waitMs: 8_000,
    });
    expect(resolveConfig({ ...NEEDED, agent: undefined as never }, environment)).toMatchObject({
      agent: "from-environment",
    });
  });

  test("are frozen, the policy too", () => {
    const config = resolveConfig(NEEDED, {});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.policy)).toBe(true);
  });

  test("leave other programs' variables alone", () => {
    expect(resolveConfig(NEEDED, { PATH: "/bin", TRADELATCHET: "1" }).agent).toBe("default");
  });
});

describe("a setting that does not fit is refused in one line that names it", () => {
  test.each<[string, Settings, Environment, string]>([
    [
      "no store",
      { ...NEEDED, store: undefined as never },
      {},
      "store (TRADELATCH_STORE) is missing: give the path of a SQLite file or postgres://…",
    ],
    ["an empty store", { ...NEEDED, store: "" }, {}, 'store (TRADELATCH_STORE) is ""'],
    ["no key", { ...NEEDED, keyId: undefined as never }, {}, "keyId (APCA_API_KEY_ID) is missing"],
    [
      "no secret",
      { ...NEEDED, secret: undefined as never },
      {},
      "secret (APCA_API_SECRET_KEY) is missing",
    ],
    [
      "a wait of ten seconds",
      { ...NEEDED, waitMs: 10_000 },
      {},
      "waitMs (TRADELATCH_WAIT_MS) is 10000",
    ],
    ["no wait", { ...NEEDED, waitMs: 0 }, {}, "waitMs (TRADELATCH_WAIT_MS) is 0"],
    ["half a millisecond", { ...NEEDED, waitMs: 0.5 }, {}, "waitMs (TRADELATCH_WAIT_MS) is 0.5"],
    [
      "a duration in words",
      NEEDED,
      { TRADELATCH_WAIT_MS: "5s" },
      'waitMs (TRADELATCH_WAIT_MS) is "5s"',
    ],
    [
      "a duration that no timer can count",
      { ...NEEDED, postDeadlineMs: 3_000_000_000 },
      {},
      "postDeadlineMs (TRADELATCH_POST_DEADLINE_MS) is 3000000000",
    ],
    [
      "a switch in other words",
      NEEDED,
      { TRADELATCH_ALLOW_SHORT: "yes" },
      'allowShort (TRADELATCH_ALLOW_SHORT) is "yes"',
    ],
    [
      "a long agent",
      { ...NEEDED, agent: "a".repeat(65) },
      {},
      `agent (TRADELATCH_AGENT) is "${"a".repeat(65)}"`,
    ],
    ["an unknown option", { ...NEEDED, dedupeMs: 5 } as Settings, {}, "unknown option dedupeMs"],
    [
      "an unknown variable",
      NEEDED,
      { TRADELATCH_DEDUPE_MS: "5" },
      "the environment variable TRADELATCH_DEDUPE_MS is not a setting: docs/OPERATING.md has them",
    ],
  ])("%s", (_, settings, environment, message) => {
    const error = failure(settings, environment);
    expect(error.code).toBe("invalid_option");
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("\n");
  });

  test("and never with a secret in it", () => {
    const bad = { keyId: 5, secret: { value: "s3cr3t" } } as unknown as Settings;
    const one = failure({ ...NEEDED, ...bad });
    const two = failure({ ...NEEDED, secret: bad.secret as never });
    const store = failure({ ...NEEDED, store: "mysql://me:pa55word@db/latch" });
    for (const { message } of [one, two, store]) {
      expect(message).not.toMatch(/s3cr3t|PKABC|pa55word/);
    }
    expect(two.message).toContain("secret (APCA_API_SECRET_KEY) is not usable");
    expect(store.message).toBe(
      "store (TRADELATCH_STORE) begins with mysql://: a path to a file, or postgres://, is needed",
    );
  });

  test("and a database is not copied as a file is", () => {
    const store = "postgres://db/latch";
    expect(resolveConfig({ ...NEEDED, store }, {}).store).toBe(store);
    expect(failure({ ...NEEDED, store, backupDir: "copies" }).message).toBe(
      "backupDir (TRADELATCH_BACKUP_DIR) is for a SQLite file; copy a database with pg_dump",
    );
  });
});

describe("a window for a proof of absence that is shorter than the broker's lags", () => {
  const refused = (ms: number) =>
    `absenceWindowMs (TRADELATCH_ABSENCE_WINDOW_MS) is ${ms}: expected at least 10000`;

  test.each<[string, Partial<Settings>]>([
    ["Alpaca's paper host", {}],
    ["its live host", { baseUrl: "https://api.alpaca.markets", live: true }],
    ["another machine", { baseUrl: "https://broker.test" }],
  ])("is refused in front of %s", (_, place) => {
    const given = { ...NEEDED, ...place };
    for (const absenceWindowMs of [1, 9_999]) {
      const error = failure({ ...given, absenceWindowMs });
      expect(error.code).toBe("invalid_option");
      expect(error.message).toContain(refused(absenceWindowMs));
    }
    expect(failure(given, { TRADELATCH_ABSENCE_WINDOW_MS: "1" }).message).toContain(refused(1));
    const least = resolveConfig({ ...given, absenceWindowMs: 10_000 }, {});
    expect(least.policy.absenceWindowMs).toBe(10_000);
  });

  test("is taken where the broker is on this machine, which has none, or there is no broker", () => {
    const short = { absenceWindowMs: 1 };
    const near = { ...NEEDED, ...short, baseUrl: "http://127.0.0.1:4599" };
    expect(resolveConfig(near, {}).policy).toMatchObject(short);
    expect(resolveConfig({ store: "a.db", broker: "none", ...short }, {}).policy).toMatchObject(
      short,
    );
  });
});

describe("Alpaca's live host", () => {
  test.each([
    "https://api.alpaca.markets",
    "https://API.alpaca.markets/v2/",
    "https://api.alpaca.markets.",
    "http://api.alpaca.markets:443",
  ])("is refused as %s unless live is said as well", (baseUrl) => {
    expect(failure({ ...NEEDED, baseUrl }).message).toContain("say --live as well");
    expect(failure(NEEDED, { APCA_API_BASE_URL: baseUrl }).code).toBe("invalid_option");
    expect(resolveConfig({ ...NEEDED, baseUrl, live: true }, {}).baseUrl).toBe(baseUrl);
  });

  test("is not the paper host, nor another", () => {
    for (const baseUrl of ["https://paper-api.alpaca.markets", "http://127.0.0.1:4599"]) {
      expect(resolveConfig({ ...NEEDED, baseUrl }, {}).baseUrl).toBe(baseUrl);
    }
  });

  test.each([
    [undefined, "APCA_API_BASE_URL is missing"],
    ["https://paper-api.alpaca.markets", "APCA_API_BASE_URL names paper-api.alpaca.markets"],
    ["https://PAPER-api.alpaca.markets./v2", "APCA_API_BASE_URL names paper-api.alpaca.markets"],
  ])("is not taken to be meant where live is said and orders would go to %s", (baseUrl, part) => {
    const { message } = failure({ ...NEEDED, baseUrl: baseUrl as never, live: true });
    expect(message).toContain(part);
    expect(message).toContain("expected no --live, or the address https://api.alpaca.markets");
    const environment = { TRADELATCH_LIVE: "true", APCA_API_BASE_URL: baseUrl };
    expect(failure(NEEDED, environment).message).toBe(message);
  });

  test("is no matter where there is no broker", () => {
    const settings = { store: "latch.db", broker: "none", live: true } as const;
    expect(resolveConfig(settings, {}).broker).toBe("none");
  });
});
