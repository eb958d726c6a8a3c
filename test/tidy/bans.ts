/**
 * Words that only the file which owns the thing may use: clock, timers, chance, environment,
 * output and network come from outside everywhere else, so that a run can be repeated.
 */

export interface Ban {
  readonly rule: string;
  readonly pattern: RegExp;
  /** Files, or folders that end in a slash, where it is allowed. */
  readonly owners: readonly string[];
  readonly instead: string;
}

export const BANS: readonly Ban[] = [
  {
    rule: "no clock but the one passed in",
    pattern: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*(\(\s*\)|(?!\s*\())|\bperformance\s*\.\s*now\b/g,
    owners: ["src/core/clock.ts", "src/page/browser-time.ts"],
    instead: "take a Clock (src/core/clock.ts) and call now()",
  },
  {
    rule: "no timer but the clock's",
    pattern: /\b(setTimeout|setInterval)\b|\bAbortSignal\s*\.\s*timeout\b/g,
    owners: ["src/core/clock.ts", "src/page/browser-time.ts"],
    instead: "take a Clock (src/core/clock.ts) and await sleep()",
  },
  {
    rule: "no randomness but the one passed in",
    pattern: /\bMath\s*\.\s*random\b|\brandomUUID\b/g,
    owners: ["src/core/random.ts"],
    instead: "take a RandomSource (src/core/random.ts)",
  },
  {
    rule: "no environment outside the configuration",
    pattern: /\bprocess\s*\.\s*env\b/g,
    owners: ["src/config.ts", "src/cli/main.ts"],
    instead: "read it once in src/config.ts and pass the value",
  },
  {
    rule: "no output outside the command line",
    pattern: /\bconsole\s*\.|\bprocess\s*\.\s*std(out|err)\b/g,
    owners: ["src/cli/", "src/telemetry/log-stream.ts"],
    instead: "return the text to src/cli, or log through the logger that was passed in",
  },
  {
    rule: "no fetch outside the broker's adapter",
    pattern: /(?<![\w$.#])fetch\s*\(|\bglobalThis\s*\.\s*fetch\b/g,
    owners: ["src/broker/alpaca/", "src/replay/", "src/run/", "src/page/sidecar-client.ts"],
    instead: "call the broker through its port (src/broker/broker.ts)",
  },
  {
    rule: "no default exports",
    pattern: /\bexport\s+default\b/g,
    owners: [],
    instead: "export it by its name",
  },
  {
    rule: "no enums",
    pattern: /(?<![\w$.])enum\s+[A-Za-z_$]/g,
    owners: [],
    instead: 'use a union of texts, such as "buy" | "sell"',
  },
];

/** Whether `path` is where the word is allowed. */
export function isOwner(ban: Ban, path: string): boolean {
  return ban.owners.some(
    (owner) => path === owner || (/\/$/.test(owner) && path.startsWith(owner)),
  );
}
