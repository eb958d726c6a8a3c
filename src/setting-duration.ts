/** A setting that is a duration: whole milliseconds, within bounds. */
import { z } from "zod";

/** Far beyond every use, and far below what a timer can count. */
const LONGEST_DURATION_MS = 24 * 60 * 60 * 1_000;

export const duration = z.number().int().positive().max(LONGEST_DURATION_MS);
