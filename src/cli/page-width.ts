/** How wide a page for a person is. */
import type { CommandOutput } from "./command-output.ts";

/** Used where standard output is not a terminal. */
const DEFAULT_COLUMNS = 80;
const COLUMNS_MIN = 60;
const COLUMNS_MAX = 120;

export function widthOf({ columns = DEFAULT_COLUMNS }: CommandOutput): number {
  return Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, columns));
}
