/** The values by what `keyOf` says of each, in the order in which they came. */
export function grouped<Value, Key>(
  values: readonly Value[],
  keyOf: (value: Value) => Key,
): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/** Sorted by a text that is made once for each. */
export function sortedByText<Value>(
  values: readonly Value[],
  textOf: (value: Value) => string,
): readonly Value[] {
  const pairs = values.map((value) => ({ value, text: textOf(value) }));
  return pairs.sort(byText(({ text }) => text)).map(({ value }) => value);
}

/** For sorting by a text that does not depend on the machine's language. */
export function byText<Value>(textOf: (value: Value) => string): (a: Value, b: Value) => number {
  return (a, b) => {
    const [left, right] = [textOf(a), textOf(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  };
}
