/** The sessions that come with the package, by name. Reads no session: `session.ts` does. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The day that is replayed when none is asked for. */
export const DEFAULT_SESSION = "2026-05-21";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ENDING = ".json";
/** `src/replay` and `dist/replay` lie equally deep. */
const BUNDLED = fileURLToPath(new URL("../../fixtures/sessions/", import.meta.url));

/** The whole days first, then the single incidents; each in the order of time. */
export function bundledSessions(): readonly string[] {
  const names = readdirSync(BUNDLED)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
  return [...names.filter((name) => DAY.test(name)), ...names.filter((name) => !DAY.test(name))];
}

/** Where a bundled session lies, whether or not it is there. */
export function bundledPath(name: string): string {
  return `${BUNDLED}${name}${ENDING}`;
}
