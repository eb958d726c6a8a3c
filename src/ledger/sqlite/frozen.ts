/** `value`, which nobody who is given it can change any more, nor any part of it. */
export function frozen<Value extends object>(value: Value): Value {
  if (Object.isFrozen(value)) return value;
  for (const name in value) {
    const part: unknown = value[name];
    if (typeof part === "object" && part !== null) frozen(part);
  }
  return Object.freeze(value);
}
