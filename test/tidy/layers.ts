/**
 * Which part of the product may import which: one row per part, from the bottom up. A part may
 * always import itself. Type imports count: a type that points upwards is a dependency too.
 */

const BELOW_STORES = ["core", "telemetry", "identity", "book", "incident", "claim"] as const;
const BELOW_FLOWS = [...BELOW_STORES, "ledger", "broker"] as const;
const FLOWS = ["gateway", "fills", "reconcile", "audit", "guard"] as const;
const BELOW_SCHEDULE = [...BELOW_FLOWS, ...FLOWS] as const;
const ON_GUARD = ["settlement", "webhooks"] as const;
const BELOW_APP = [
  ...BELOW_SCHEDULE,
  ...ON_GUARD,
  ...["schedule", "operator", "agent-settings", "config", "doctor"],
] as const;
const BELOW_INDEX = [
  ...BELOW_APP,
  "latch",
  "open-latch",
  "prepared-latch",
  "app",
  "strategy",
] as const;
const BELOW_SURFACES = [...BELOW_INDEX, "index"] as const;

export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  telemetry: ["core"],
  "setting-duration": [],
  "setting-divergence": ["claim"],
  "mixed-accounts": ["core"],
  "agent-settings": ["core", "claim", "setting-duration"],
  config: [
    ...BELOW_STORES,
    "agent-settings",
    "setting-divergence",
    "setting-duration",
    "mixed-accounts",
  ],
  identity: ["core"],
  book: ["core", "identity"],
  incident: ["core"],
  claim: ["core", "identity", "book", "incident"],
  comparison: ["core", "identity"],
  ledger: BELOW_STORES,
  broker: BELOW_STORES,
  gateway: BELOW_FLOWS,
  fills: BELOW_FLOWS,
  reconcile: BELOW_FLOWS,
  audit: BELOW_FLOWS,
  guard: [...BELOW_FLOWS, "audit"],
  webhooks: ["core", "claim", "guard"],
  settlement: ["core", "claim", "guard"],
  schedule: BELOW_SCHEDULE,
  doctor: [...BELOW_FLOWS, "schedule"],
  operator: [...BELOW_SCHEDULE, "schedule"],
  latch: BELOW_APP,
  "open-latch": [...BELOW_APP, "latch"],
  "prepared-latch": [...BELOW_APP, "latch", "open-latch"],
  app: [...BELOW_APP, "latch", "prepared-latch", "feed", "strategy"],
  strategy: [...BELOW_APP, "latch"],
  feed: ["core", "broker", "schedule", "strategy"],
  index: BELOW_INDEX,
  simulator: ["core"],
  sidecar: BELOW_SURFACES,
  mcp: [...BELOW_SURFACES, "sidecar"],
  replay: [...BELOW_STORES, "ledger", "config", "latch", "app", "strategy", "index", "simulator"],
  /** Runs in a browser: of the program it takes types alone, see checkPage. */
  page: ["sidecar", "run"],
  run: [...BELOW_SURFACES, "simulator", "sidecar", "replay"],
  cli: [...BELOW_SURFACES, "comparison", "simulator", "sidecar", "replay", "run", "mcp"],
};

/** Folders that only `src/app.ts` may name from outside. */
export const ADAPTERS = [
  "src/ledger/sqlite/",
  "src/ledger/postgres/",
  "src/broker/alpaca/",
] as const;

/** The part that a file of `src` belongs to: its top folder, or its own name at the top. */
export function partOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.tsx?$/, "");
}
