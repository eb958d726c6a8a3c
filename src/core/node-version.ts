/** Versions of Node, as three numbers with points. */

/** Whether `version` is `least`, or a later one. */
export function isAtLeast(version: string, least: string): boolean {
  const [ours, theirs] = [version, least].map((text) => text.split(".").map(Number));
  for (const [index, wanted] of (theirs ?? []).entries()) {
    const difference = (ours?.[index] ?? 0) - wanted;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
