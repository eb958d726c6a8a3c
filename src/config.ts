/**
 * The settings, from the caller's options and the environment, read once, validated and frozen.
 * An option wins over its environment variable. A variable that begins with TRADELATCH_ and is not
 * known is an error: a misspelt setting must not be silently without effect.
 */
import { z } from "zod";
import { type AgentSettings, readAgents } from "./agent-settings.ts";
import { BROKER_LAG_MAX_MS, type ClaimPolicy, DEFAULT_CLAIM_POLICY } from "./claim/policy.ts";
import { brokerKind } from "./core/broker-kind.ts";
import { LatchError } from "./core/errors.ts";
import type { AgentId } from "./core/ids.ts";
import { plainExpectation } from "./core/plain-expectation.ts";
import { isServerStore, refuseOtherServers } from "./core/store-place.ts";
import { refuseMixedAccounts } from "./mixed-accounts.ts";
import { divergence } from "./setting-divergence.ts";
import { duration } from "./setting-duration.ts";

/** What a caller may set; everything else comes from the environment or has a default. */
export interface Settings extends Partial<Omit<ClaimPolicy, "divergence">> {
  /**
   * What is done about a position that differs from the book: `observe`, `adopt`, `flatten` or
   * `block-entries`, for all kinds of difference or by kind: `phantom=observe,orphan=flatten`.
   * Environment: TRADELATCH_DIVERGENCE. Default: adopt.
   */
  readonly divergence?: string;
  /**
   * The ledger: a path to a SQLite file, or a PostgreSQL database's
   * `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. Environment: TRADELATCH_STORE.
   */
  readonly store?: string;
  /** The agent group: all instances of one bot share it. Environment: TRADELATCH_AGENT. */
  readonly agent?: string;
  /** `none`: there is no broker, and only actions are guarded; then no key is needed. */
  readonly broker?: "alpaca" | "none";
  /**
   * How long the owner of an action that is no order may say nothing before nobody knows what it
   * did, in milliseconds. Environment: TRADELATCH_GUARD_LEASE_MS. Default: 15 minutes.
   */
  readonly guardLeaseMs?: number;
  /** Environment: APCA_API_KEY_ID. */
  readonly keyId?: string;
  /** Environment: APCA_API_SECRET_KEY. */
  readonly secret?: string;
  /** Environment: APCA_API_BASE_URL. Default: Alpaca's paper host. */
  readonly baseUrl?: string;
  /**
   * Must be true for Alpaca's live host, and not for its paper host, which is the default.
   * Environment: TRADELATCH_LIVE.
   */
  readonly live?: boolean;
  /** How long `submit` waits for a certain answer, in milliseconds, under 10,000. */
  readonly waitMs?: number;
  /**
   * How many requests a minute the broker takes from this process: Alpaca's limit for the key, or
   * its part of it where several share one. Environment: TRADELATCH_REQUESTS_PER_MINUTE.
   * Default: 200.
   */
  readonly requestsPerMinute?: number;
  /**
   * Where the nightly copies of the ledger go: a directory that is there, for this ledger alone;
   * without it none are made. Environment: TRADELATCH_BACKUP_DIR.
   */
  readonly backupDir?: string;
  /** How many copies are kept. Environment: TRADELATCH_BACKUP_KEEP. Default: 14. */
  readonly backupKeep?: number;
  /**
   * The file of the key that signs the audit trail; made where there is none. Environment:
   * TRADELATCH_AUDIT_KEY. Default: beside the ledger's file, its name with `-audit-key.pem` behind.
   */
  readonly auditKey?: string;
  /**
   * Where bars are read. Environment: APCA_API_DATA_URL. Default: Alpaca's host of market data for
   * Alpaca's own addresses, and any other broker's own address.
   */
  readonly dataUrl?: string;
  /** Where bars are streamed from. Environment: APCA_API_STREAM_URL. Default: beside `dataUrl`. */
  readonly dataStreamUrl?: string;
  /**
   * `iex`, the exchange that every account sees, or `sip`, all of them, in a paid plan.
   * Environment: TRADELATCH_DATA_FEED. Default: iex.
   */
  readonly dataFeed?: string;
}

/** Where copies of the ledger go, and how many are kept. */
export interface BackupSettings {
  readonly directory: string;
  readonly keep: number;
}

export interface Config {
  readonly store: string;
  readonly agent: AgentId;
  readonly broker: "alpaca" | "none";
  readonly guardLeaseMs: number;
  /** Empty where there is no broker. */
  readonly keyId: string;
  readonly secret: string;
  readonly baseUrl: string | undefined;
  readonly waitMs: number;
  readonly requestsPerMinute: number;
  readonly policy: ClaimPolicy;
  /** Undefined: no copies are made. */
  readonly backup: BackupSettings | undefined;
  /** Undefined: the default place. */
  readonly auditKey: string | undefined;
  readonly data: DataSettings;
}

/** Where market data comes from; undefined: the default place. */
export interface DataSettings {
  readonly dataUrl: string | undefined;
  readonly dataStreamUrl: string | undefined;
  readonly dataFeed: "iex" | "sip";
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process. */
export const processEnvironment: Environment = process.env;

const DEFAULT_WAIT_MS = 8_000;
/** Clients give up on an answer after ten seconds. */
const LONGEST_WAIT_MS = 9_999;
/** Two weeks of nights. */
const DEFAULT_BACKUPS_KEPT = 14;
const MOST_BACKUPS_KEPT = 10_000;
const DEFAULT_REQUESTS_PER_MINUTE = 200;
/** With fewer, looking after what is at work would wait for minutes. */
const FEWEST_REQUESTS_PER_MINUTE = 20;
const MOST_REQUESTS_PER_MINUTE = 1_000_000;
const DEFAULT_GUARD_LEASE_MS = 15 * 60_000;
const settingsSchema = z.strictObject({
  store: z.string().min(1),
  agent: z.string().min(1).max(64).default("default"),
  broker: z.enum(["alpaca", "none"]).default("alpaca"),
  guardLeaseMs: duration.default(DEFAULT_GUARD_LEASE_MS),
  keyId: z.string().min(1),
  secret: z.string().min(1),
  baseUrl: z.string().min(1).optional(),
  live: z.boolean().default(false),
  waitMs: duration.max(LONGEST_WAIT_MS).default(DEFAULT_WAIT_MS),
  requestsPerMinute: z
    .number()
    .int()
    .min(FEWEST_REQUESTS_PER_MINUTE)
    .max(MOST_REQUESTS_PER_MINUTE)
    .default(DEFAULT_REQUESTS_PER_MINUTE),
  backupDir: z.string().min(1).optional(),
  backupKeep: z.number().int().positive().max(MOST_BACKUPS_KEPT).default(DEFAULT_BACKUPS_KEPT),
  auditKey: z.string().min(1).optional(),
  dataUrl: z.string().min(1).optional(),
  dataStreamUrl: z.string().min(1).optional(),
  dataFeed: z.enum(["iex", "sip"]).default("iex"),
  dedupeWindowMs: duration.default(DEFAULT_CLAIM_POLICY.dedupeWindowMs),
  sendDeadlineMs: duration.default(DEFAULT_CLAIM_POLICY.sendDeadlineMs),
  postDeadlineMs: duration.default(DEFAULT_CLAIM_POLICY.postDeadlineMs),
  absenceWindowMs: duration.default(DEFAULT_CLAIM_POLICY.absenceWindowMs),
  allowShort: z.boolean().default(DEFAULT_CLAIM_POLICY.allowShort),
  clientIdIsIdentity: z.boolean().default(DEFAULT_CLAIM_POLICY.clientIdIsIdentity),
  positionIntent: z.boolean().default(DEFAULT_CLAIM_POLICY.positionIntent),
  divergence: divergence.default(DEFAULT_CLAIM_POLICY.divergence),
});

const backupSchema = z.object({
  store: z.string().min(1).default("tradelatch.db"),
  backupDir: z.string().min(1),
  backupKeep: settingsSchema.shape.backupKeep,
});

type SettingName = keyof z.input<typeof settingsSchema>;

/** What `tradelatch serve` takes besides. */
export interface ServeSettings extends Settings {
  /** The address to listen on. Environment: TRADELATCH_HOST. Default: 127.0.0.1. */
  readonly host?: string;
  /** Environment: TRADELATCH_PORT. Default: 4520; 0 takes any that is free. */
  readonly port?: number;
  /** Further names that bots reach it by, with commas. Environment: TRADELATCH_HOSTS. */
  readonly hosts?: string;
  /**
   * The bots' own keys, as JSON: `[{"id", "secret", "group", "clientIdIsIdentity"?,
   * "dedupeWindowMs"?, "requireSettlementToken"?}]`. Environment: TRADELATCH_AGENTS.
   */
  readonly agents?: string;
  /**
   * Whether an action is settled only with the token of its PROCEED; default: not on loopback.
   * Environment: TRADELATCH_REQUIRE_SETTLEMENT_TOKEN.
   */
  readonly requireSettlementToken?: boolean;
  /** Trade updates as `binary` frames, as Alpaca sends them, or `text`. */
  readonly streamFrames?: string;
  /**
   * What a person shows who resolves an incident over HTTP or on the page; without it nobody may.
   * Environment: TRADELATCH_OPERATOR_KEY.
   */
  readonly operatorKey?: string;
}

export interface ServeConfig {
  readonly latch: Config;
  readonly host: string;
  readonly port: number;
  readonly hosts: readonly string[];
  readonly agents: readonly AgentSettings[];
  readonly streamFrames: "binary" | "text";
  /** Undefined: not on loopback. */
  readonly requireSettlementToken?: boolean | undefined;
  /** What a person shows who acts over HTTP; undefined: nobody may. */
  readonly operatorKey: string | undefined;
}

const DEFAULT_PORT = 4520;
const LAST_PORT = 65_535;
const NO_NAMES = "expected names of hosts, with commas between them";
/** Nobody may come upon it by trying. */
const OPERATOR_KEY_MIN = 16;

const serveSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1"),
  port: z.number().int().nonnegative().max(LAST_PORT).default(DEFAULT_PORT),
  hosts: z
    .string()
    .default("")
    .refine((names) => names.trim() === "" || /[^\s,]/.test(names), NO_NAMES)
    .transform((names) =>
      names
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== ""),
    ),
  agents: z.string().default("[]"),
  requireSettlementToken: z.boolean().optional(),
  streamFrames: z.enum(["binary", "text"]).default("binary"),
  operatorKey: z
    .string()
    .min(OPERATOR_KEY_MIN, `expected at least ${OPERATOR_KEY_MIN} characters`)
    .regex(/^[\x21-\x7e]+$/, "expected letters, digits and signs without a space")
    .optional(),
});

const SERVE_VARIABLES = {
  host: "TRADELATCH_HOST",
  port: "TRADELATCH_PORT",
  hosts: "TRADELATCH_HOSTS",
  agents: "TRADELATCH_AGENTS",
  requireSettlementToken: "TRADELATCH_REQUIRE_SETTLEMENT_TOKEN",
  streamFrames: "TRADELATCH_STREAM_FRAMES",
  operatorKey: "TRADELATCH_OPERATOR_KEY",
} as const;

/** What the program itself needs before there is a sidecar. */
const PROGRAM_VARIABLES = {
  broker: "TRADELATCH_BROKER",
  logLevel: "TRADELATCH_LOG_LEVEL",
} as const;

const programSchema = z.object({
  broker: z.enum(["alpaca", "sim", "none"]).default("alpaca"),
  logLevel: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

export type BrokerName = z.output<typeof programSchema>["broker"];
export type LogLevel = z.output<typeof programSchema>["logLevel"];

const VARIABLES: Readonly<Partial<Record<SettingName, string>>> = {
  store: "TRADELATCH_STORE",
  agent: "TRADELATCH_AGENT",
  guardLeaseMs: "TRADELATCH_GUARD_LEASE_MS",
  keyId: "APCA_API_KEY_ID",
  secret: "APCA_API_SECRET_KEY",
  baseUrl: "APCA_API_BASE_URL",
  live: "TRADELATCH_LIVE",
  waitMs: "TRADELATCH_WAIT_MS",
  requestsPerMinute: "TRADELATCH_REQUESTS_PER_MINUTE",
  backupDir: "TRADELATCH_BACKUP_DIR",
  backupKeep: "TRADELATCH_BACKUP_KEEP",
  auditKey: "TRADELATCH_AUDIT_KEY",
  dataUrl: "APCA_API_DATA_URL",
  dataStreamUrl: "APCA_API_STREAM_URL",
  dataFeed: "TRADELATCH_DATA_FEED",
  dedupeWindowMs: "TRADELATCH_DEDUPE_WINDOW_MS",
  sendDeadlineMs: "TRADELATCH_SEND_DEADLINE_MS",
  postDeadlineMs: "TRADELATCH_POST_DEADLINE_MS",
  absenceWindowMs: "TRADELATCH_ABSENCE_WINDOW_MS",
  allowShort: "TRADELATCH_ALLOW_SHORT",
  clientIdIsIdentity: "TRADELATCH_CLIENT_ID_IS_IDENTITY",
  positionIntent: "TRADELATCH_POSITION_INTENT",
  divergence: "TRADELATCH_DIVERGENCE",
};

const EVERY_VARIABLE: Readonly<Record<string, string>> = {
  ...VARIABLES,
  ...SERVE_VARIABLES,
  ...PROGRAM_VARIABLES,
};

/** What is of no use without a broker. */
const WITHOUT_BROKER = { keyId: "none", secret: "none", baseUrl: undefined, live: false };

/** Settings that are written as true or false. */
const SWITCHES: readonly string[] = [
  ...["allowShort", "clientIdIsIdentity", "positionIntent", "live", "requireSettlementToken"],
];

/** Settings that are whole numbers, besides the durations. */
const COUNTS: readonly string[] = ["port", "backupKeep", "requestsPerMinute"];

/** Settings whose values appear in no message. */
const SECRETS: readonly string[] = ["keyId", "secret", "agents", "operatorKey"];

/** Throws LatchError `invalid_option` naming the setting, its variable and the value received. */
export function resolveConfig(settings: Settings, environment: Environment): Config {
  refuseUnknownVariables(environment);
  const given = { ...fromEnvironment(environment), ...withoutUndefined(settings) };
  const merged = given.broker === "none" ? { ...given, ...WITHOUT_BROKER } : given;
  const parsed = settingsSchema.safeParse(merged);
  if (!parsed.success) throw describe(parsed.error, merged);
  const { live, agent, broker, backupDir, backupKeep, auditKey, ...others } = parsed.data;
  const { dataUrl, dataStreamUrl, dataFeed, guardLeaseMs, ...rest } = others;
  const { store, keyId, secret, baseUrl, waitMs, requestsPerMinute, ...policy } = rest;
  refuseMixedAccounts(baseUrl, live, VARIABLES);
  if (broker !== "none") refuseShortProofs(baseUrl, policy.absenceWindowMs);
  refuseOtherServers(store, `store (${VARIABLES.store})`);
  refuseCopies(store, backupDir);
  Object.freeze(policy);
  const backup =
    backupDir === undefined ? undefined : Object.freeze({ directory: backupDir, keep: backupKeep });
  const common = {
    ...{ store, broker, baseUrl, waitMs, requestsPerMinute, guardLeaseMs },
    ...(broker === "none" ? { keyId: "", secret: "" } : { keyId, secret }),
    ...{ policy, backup, auditKey },
    data: Object.freeze({ dataUrl, dataStreamUrl, dataFeed }),
  };
  return Object.freeze({ ...common, agent: agent as AgentId });
}

/** Throws LatchError `invalid_option`, as {@link resolveConfig} does. */
export function resolveProgram(
  given: { readonly broker?: string; readonly logLevel?: string },
  environment: Environment,
): { readonly broker: BrokerName; readonly logLevel: LogLevel } {
  const { broker, logLevel } = given;
  const merged = {
    ...fromEnvironment(environment, PROGRAM_VARIABLES),
    ...withoutUndefined({ broker, logLevel }),
  };
  const parsed = programSchema.safeParse(merged);
  if (!parsed.success) throw describe(parsed.error, merged);
  return parsed.data;
}

/** What a single copy of a ledger needs. Throws LatchError `invalid_option`. */
export function resolveBackup(
  given: Readonly<Record<"store" | "backupDir" | "backupKeep", unknown>>,
  environment: Environment,
): { readonly store: string; readonly backup: BackupSettings } {
  refuseUnknownVariables(environment);
  const merged = { ...fromEnvironment(environment), ...withoutUndefined(given) };
  const parsed = backupSchema.safeParse(merged);
  if (!parsed.success) throw describe(parsed.error, merged);
  const { store, backupDir, backupKeep } = parsed.data;
  refuseOtherServers(store, `store (${VARIABLES.store})`);
  refuseCopies(store, backupDir);
  return { store, backup: { directory: backupDir, keep: backupKeep } };
}

/** Throws LatchError `invalid_option`, as {@link resolveConfig} does. */
export function resolveServeConfig(settings: ServeSettings, environment: Environment): ServeConfig {
  const { host, port, hosts, agents: keys, streamFrames, operatorKey, ...others } = settings;
  const { requireSettlementToken, ...latch } = others;
  const own = {
    host,
    port,
    hosts,
    agents: keys,
    streamFrames,
    operatorKey,
    requireSettlementToken,
  };
  const given = withoutUndefined(own);
  const merged = { ...fromEnvironment(environment, SERVE_VARIABLES), ...given };
  const parsed = serveSchema.safeParse(merged);
  if (!parsed.success) throw describe(parsed.error, merged);
  const agents = readAgents(parsed.data.agents, SERVE_VARIABLES.agents);
  const key = parsed.data.operatorKey;
  return { ...parsed.data, operatorKey: key, latch: resolveConfig(latch, environment), agents };
}

function refuseUnknownVariables(environment: Environment): void {
  const known = new Set<string>(Object.values(EVERY_VARIABLE));
  const unknown = Object.keys(environment).find(
    (name) => name.startsWith("TRADELATCH_") && !known.has(name),
  );
  if (unknown === undefined) return;
  throw new LatchError(
    "invalid_option",
    `the environment variable ${unknown} is not a setting: docs/OPERATING.md has them`,
  );
}

function fromEnvironment(
  environment: Environment,
  variables: Readonly<Record<string, string>> = VARIABLES,
): Record<string, unknown> {
  const entries = Object.entries(variables).flatMap(([name, variable]) => {
    const value = environment[variable];
    return value === undefined || value === "" ? [] : [[name, readValue(name, value)] as const];
  });
  return Object.fromEntries(entries);
}

/** Durations and switches are written as text in the environment. */
function readValue(name: string, value: string): unknown {
  if ((name.endsWith("Ms") || COUNTS.includes(name)) && /^\d+$/.test(value)) return Number(value);
  if (SWITCHES.includes(name) && /^(true|false)$/.test(value)) return value === "true";
  return value;
}

function withoutUndefined(settings: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** Within a broker's lags an order that is there may not be found; on this machine it has none. */
function refuseShortProofs(baseUrl: string | undefined, absenceWindowMs: number): void {
  const isNear = baseUrl !== undefined && brokerKind(baseUrl) === "simulated";
  if (isNear || absenceWindowMs >= BROKER_LAG_MAX_MS) return;
  const received = `absenceWindowMs (${VARIABLES.absenceWindowMs}) is ${absenceWindowMs}`;
  const wanted = `expected at least ${BROKER_LAG_MAX_MS}, as lists lag behind orders`;
  throw new LatchError("invalid_option", `${received}: ${wanted}; less only on this machine`);
}

function refuseCopies(store: string, backupDir: string | undefined): void {
  if (backupDir === undefined || !isServerStore(store)) return;
  const remedy = "is for a SQLite file; copy a database with pg_dump";
  const message = `backupDir (${VARIABLES.backupDir}) ${remedy}`;
  throw new LatchError("invalid_option", message);
}

const KEYS_WANTED =
  `set both ${VARIABLES.keyId} and ${VARIABLES.secret}; without keys serve and mcp ` +
  "take --broker sim (simulated inside) or --broker none (guards only)";
/** What to do about a setting without a default that is missing. */
const REMEDIES: Readonly<Record<string, string>> = {
  store: "give the path of a SQLite file or postgres://…, or set the variable",
  keyId: KEYS_WANTED,
  secret: KEYS_WANTED,
  backupDir: "give the directory that copies go to with --to, or set the variable",
};

/** What a value of another type should have been, for whoever writes it as text. */
const WANTED: Readonly<Record<string, string>> = {
  boolean: "expected true or false",
  number: "expected a whole number",
};

function describe(error: z.ZodError, merged: Record<string, unknown>): LatchError {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    return new LatchError("invalid_option", `unknown option ${issue.keys.join(", ")}`);
  }
  const name = String(issue?.path[0] ?? "options");
  const variable = EVERY_VARIABLE[name];
  const where = variable === undefined ? name : `${name} (${variable})`;
  const shown = SECRETS.includes(name) ? "not usable" : JSON.stringify(merged[name]);
  const received = merged[name] === undefined ? "missing" : shown;
  const remedy = merged[name] === undefined ? REMEDIES[name] : undefined;
  const isText = issue?.code === "invalid_type" && typeof merged[name] === "string";
  const wanted =
    remedy ??
    (isText ? WANTED[issue.expected] : undefined) ??
    plainExpectation(issue?.message ?? "not valid");
  return new LatchError("invalid_option", `${where} is ${received}: ${wanted}`);
}
