/** What `tradelatch doctor` does: reads the settings as a sidecar would, and has all examined. */
import { existsSync } from "node:fs";
import { lookAtStore, readBrokerFor, readMarketDataFor } from "../app.ts";
import { defaultKeyFile, readSigningKey } from "../audit/signing-key.ts";
import {
  type Environment,
  resolveProgram,
  resolveServeConfig,
  type ServeConfig,
  type ServeSettings,
} from "../config.ts";
import { brokerKind } from "../core/broker-kind.ts";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { Check } from "../doctor/check.ts";
import { examine } from "../doctor/examine.ts";
import type { KeyLook } from "../doctor/store-checks.ts";
import type { CommandOutput } from "./command-output.ts";
import { checksText } from "./doctor-text.ts";
import { widthOf } from "./page-width.ts";
import { DEFAULT_STORE, storeOf } from "./store-setting.ts";

export interface DoctorOptions
  extends Pick<
    ServeSettings,
    "store" | "host" | "port" | "live" | "backupDir" | "auditKey" | "dataFeed"
  > {
  readonly broker?: string;
  /** Market data is needed: what is wrong there fails. */
  readonly data?: boolean;
  readonly json?: boolean;
}

interface Surroundings {
  readonly output: CommandOutput;
  readonly environment: Environment;
  readonly clock: Clock;
  /** The least Node that will do, by package.json. */
  readonly leastNode: string;
}

/** Stands where there is no key; the broker refuses it, and shows so that it answers. */
const NO_KEYS = { keyId: "not-set", secret: "not-set" } as const;
const LOOPBACK = "http://127.0.0.1";
const INSIDE = "the simulated broker is inside the sidecar";
const NONE = "there is no broker: only actions are guarded";

/** Rejects with LatchError `check_failed` where a check failed. */
export async function doctor(options: DoctorOptions, surroundings: Surroundings): Promise<void> {
  const { output } = surroundings;
  const checks = await checksOf(options, surroundings);
  if (options.json === true) {
    const count = (state: Check["state"]) => checks.filter((check) => check.state === state).length;
    const states = ["ok", "warning", "failed", "skipped"] as const;
    const counts = Object.fromEntries(states.map((state) => [state, count(state)]));
    output.line(JSON.stringify({ counts, checks }, null, 2));
  } else {
    output.line(checksText(checks, { width: widthOf(output), color: output.color }));
  }
  const names = checks.filter(({ state }) => state === "failed").map(({ name }) => name);
  if (names.length === 0) return;
  const message = `${names.length} of ${checks.length} checks failed: ${names.join(", ")}`;
  throw new LatchError("check_failed", message);
}

function checksOf(options: DoctorOptions, surroundings: Surroundings): Promise<readonly Check[]> {
  const { environment, clock, leastNode } = surroundings;
  const { config, store, fault, unasked, hasKeys } = settingsOf(options, environment);
  const { host, port, latch } = config;
  return examine({
    clock,
    node: { version: process.versions.node, least: leastNode },
    settingsFault: fault,
    backupDir: latch.backup?.directory,
    lookAtKey: (place) => lookAtKey(latch.auditKey ?? defaultKeyFile(place)),
    ...{ host, port, store, lookAtStore: (place: string) => lookAtStore(place, clock) },
    broker: unasked ?? (() => readBrokerFor(latch, hasKeys, clock)),
    data:
      unasked ??
      (hasKeys
        ? () => readMarketDataFor(latch, options.data === true, clock)
        : "there are no keys to ask with"),
  });
}

/** As a start would read it; where there is none it would make one. */
function lookAtKey(file: string): KeyLook {
  try {
    if (existsSync(file)) readSigningKey(file);
  } catch (error) {
    if (error instanceof LatchError) return { file, fault: error };
    throw error;
  }
  return { file, fault: undefined };
}

interface ReadSettings {
  readonly config: ServeConfig;
  /** Undefined where it is none that can be looked at. */
  readonly store: string | undefined;
  readonly fault: LatchError | undefined;
  /** Why there is no broker to be asked; undefined where there is one. */
  readonly unasked: string | undefined;
  readonly hasKeys: boolean;
}

/** Where they are not in order, the rest is examined with what remains of them. */
function settingsOf(options: DoctorOptions, environment: Environment): ReadSettings {
  const { broker: name, json: _, data: __, ...given } = options;
  const { APCA_API_KEY_ID: keyId, APCA_API_SECRET_KEY: secret } = environment;
  const hasKeys = Boolean(keyId && secret);
  const store = storeOf(options.store, environment);
  const keys = keyId && secret ? { keyId, secret } : NO_KEYS;
  const kind = name ?? environment.TRADELATCH_BROKER;
  const unasked = kind === "sim" ? INSIDE : kind === "none" ? NONE : undefined;
  const none = kind === "none" ? ({ broker: "none" } as const) : {};
  // Wherever the environment points, a simulated broker inside is on this machine.
  const inside = kind === "sim" ? { baseUrl: LOOPBACK } : {};
  const whole = resolved(() => {
    resolveProgram(name === undefined ? {} : { broker: name }, environment);
    return resolveServeConfig({ ...given, ...none, ...inside, store, ...keys }, environment);
  });
  if (!(whole instanceof LatchError)) {
    return { config: whole, store, fault: undefined, unasked, hasKeys };
  }
  const { host, port } = given;
  const baseUrl = environment.APCA_API_BASE_URL || undefined;
  const place = {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
  const isLive = baseUrl !== undefined && brokerKind(baseUrl) === "live";
  const broker = baseUrl === undefined ? {} : { baseUrl, live: isLive };
  const common = { ...keys, store: DEFAULT_STORE, ...broker };
  const rest = resolved(() => resolveServeConfig({ ...common, ...place }, {}));
  const config = rest instanceof LatchError ? resolveServeConfig(common, {}) : rest;
  const isUsable = !(
    resolved(() => resolveServeConfig({ ...keys, store }, {})) instanceof LatchError
  );
  const usable = isUsable ? store : undefined;
  return { config, store: usable, fault: whole, unasked, hasKeys };
}

/** What `resolve` gives, or why it refuses. */
function resolved(resolve: () => ServeConfig): ServeConfig | LatchError {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof LatchError) return error;
    throw error;
  }
}
