/** Draws the checks: a line for each, and what to do below those that are not well. Pure. */
import type { Check, CheckState } from "../doctor/check.ts";
import { CHECK_NAMES } from "../doctor/check.ts";
import { wrapped } from "./wrapped-text.ts";

const NAME_LENGTH = Math.max(...CHECK_NAMES.map((name) => name.length));
const STATE_LENGTH = "warning".length;
const GAP = "  ";
/** What a terminal shows in green, yellow, red and grey. */
const COLORS: Readonly<Record<CheckState, number>> = {
  ok: 32,
  warning: 33,
  failed: 31,
  skipped: 90,
};

export interface DoctorLook {
  readonly width: number;
  readonly color: boolean;
}

export function checksText(checks: readonly Check[], { width, color }: DoctorLook): string {
  const lines = checks.flatMap(({ name, state, found, remedy }) => {
    const head = `${name.padEnd(NAME_LENGTH)}${GAP}${state.padEnd(STATE_LENGTH)}${GAP}`;
    const [first = "", ...rest] = wrapped(head, found, width);
    const indent = `${" ".repeat(head.length)}-> `;
    return [
      color ? first.replace(state, `\u001b[${COLORS[state]}m${state}\u001b[39m`) : first,
      ...rest,
      ...(remedy === null ? [] : wrapped(indent, remedy, width)),
    ];
  });
  const bad = checks.filter(({ state }) => state === "failed" || state === "warning");
  return [...lines, ...(bad.length === 0 ? ["", "Nothing is wrong."] : [])].join("\n");
}
