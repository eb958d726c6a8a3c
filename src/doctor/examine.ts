/**
 * Everything that a sidecar needs, looked at before there is one. It sends no order, opens no
 * ledger and makes none. Each check reports by itself and in bounded time, whatever others find.
 */
import type { Clock } from "../core/clock.ts";
import type { LatchError } from "../core/errors.ts";
import { isAtLeast } from "../core/node-version.ts";
import type { StoreLook } from "../ledger/store-look.ts";
import {
  type BrokerReads,
  checkBroker,
  checkCalendar,
  checkClock,
  checkCredentials,
  checkRateBudget,
  NO_ANSWER,
} from "./broker-checks.ts";
import {
  type Check,
  type CheckName,
  type Finding,
  failed,
  findingOf,
  ok,
  skipped,
} from "./check.ts";
import { checkBarStream, checkBars, type MarketDataReads } from "./data-checks.ts";
import { checkPort } from "./port-check.ts";
import {
  checkAuditKey,
  checkPermissions,
  checkSpace,
  checkStore,
  type KeyLook,
} from "./store-checks.ts";

export interface Patient {
  readonly clock: Clock;
  /** `process.versions.node`, and the least that will do. */
  readonly node: { readonly version: string; readonly least: string };
  /** Undefined where the settings are in order. */
  readonly settingsFault: LatchError | undefined;
  /** Undefined where the settings name none that can be looked at. */
  readonly store: string | undefined;
  /** Where copies of the ledger go; undefined: nowhere. */
  readonly backupDir: string | undefined;
  readonly lookAtKey: (store: string) => KeyLook;
  readonly lookAtStore: (store: string) => Promise<StoreLook>;
  readonly host: string;
  readonly port: number;
  /** Reads the broker; a text says why it is not asked. */
  readonly broker: (() => Promise<BrokerReads>) | string;
  /** Reads its market data; a text says why that is not asked. */
  readonly data: (() => Promise<MarketDataReads>) | string;
}

const BROKER_CHECKS: readonly (readonly [CheckName, (reads: BrokerReads) => Finding])[] = [
  ["broker", checkBroker],
  ["credentials", checkCredentials],
  ["clock", checkClock],
  ["rate budget", checkRateBudget],
  ["calendar", checkCalendar],
];

const DATA_CHECKS: readonly (readonly [CheckName, (reads: MarketDataReads) => Finding])[] = [
  ["bars", checkBars],
  ["bar stream", checkBarStream],
];

/** In the order in which they are best mended. */
export async function examine(patient: Patient): Promise<readonly Check[]> {
  const { clock, store, host, port, lookAtStore: look } = patient;
  const ofStore = (check: (place: string) => Promise<Finding> | Finding) => () =>
    store === undefined ? skipped("the settings name no store that can be used") : check(store);
  const checked = async (name: CheckName, look: () => Promise<Finding> | Finding) => {
    return { name, ...(await findingOf(clock, look)) };
  };
  const reads = readOnce(patient.broker);
  const dataReads = readOnce(behind(reads, patient.data));
  return Promise.all([
    checked("node", () => checkNode(patient.node)),
    checked("settings", () => checkSettings(patient.settingsFault)),
    checked(
      "store",
      ofStore(async (place) => checkStore(place, await look(place), clock.now())),
    ),
    checked(
      "permissions",
      ofStore((place) => checkPermissions(place, patient.backupDir)),
    ),
    checked(
      "audit key",
      ofStore((place) => checkAuditKey(patient.lookAtKey(place))),
    ),
    checked("space", ofStore(checkSpace)),
    checked("port", () => checkPort(host, port)),
    ...BROKER_CHECKS.map(([name, check]) =>
      checked(name, async () => {
        const read = await reads();
        return typeof read === "string" ? skipped(read) : check(read);
      }),
    ),
    ...DATA_CHECKS.map(([name, check]) =>
      checked(name, async () => {
        const read = await dataReads();
        return typeof read === "string" ? skipped(read) : check(read);
      }),
    ),
  ]);
}

/** Market data is asked for when the broker has answered: the clocks are compared undisturbed. */
function behind(
  broker: () => Promise<BrokerReads | string>,
  data: Patient["data"],
): (() => Promise<MarketDataReads | string>) | string {
  if (typeof data === "string") return data;
  return async () => {
    const reads = await broker();
    const isAway = typeof reads !== "string" && reads.account.kind === "unknown";
    return isAway ? NO_ANSWER : data();
  };
}

/** All checks of the broker, or of its market data, share its answers. */
function readOnce<Reads>(
  look: (() => Promise<Reads | string>) | string,
): () => Promise<Reads | string> {
  if (typeof look === "string") return async () => look;
  let reading: Promise<Reads | string> | undefined;
  return () => {
    reading ??= look();
    return reading;
  };
}

function checkNode({ version, least }: Patient["node"]): Finding {
  if (isAtLeast(version, least)) return ok(`Node ${version}`);
  return failed(`Node ${version}`, `Install Node ${least} or later.`);
}

function checkSettings(fault: LatchError | undefined): Finding {
  return fault === undefined
    ? ok("flags and environment are in order")
    : failed(fault.message, fault.hint);
}
