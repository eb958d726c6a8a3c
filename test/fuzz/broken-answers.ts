/**
 * The broker's JSON with something wrong in it. What comes out is broken or says less, but it never
 * lies: a reader that takes it for good has made something up.
 */
import fc from "fast-check";
import { oddJson, spelledOut } from "./hostile-text.ts";

type Json = Readonly<Record<string, unknown>>;

/** Values that no amount, id or word of the broker's is. */
const NO_VALUE = fc.oneof(
  fc.constantFrom(
    ...["{}", "[]", "true", '""', '" "', '"NaN"', '"Infinity"', '"1e3"', '"0x1"', '"1,5"', '"-"'],
    ...['"٣"', '{"toString":1}', '["1"]', "1e400", '"\\u0000"', "<DEEP:3000>"],
  ),
  oddJson.filter((json) => !/^(?:-?\d|"[-+\d.]|null)/.test(json)),
);

/** `name` of the object has another value, or is not there; `value` as JSON. */
function without(object: Json, name: string, value: string | undefined): string {
  const fields = Object.entries(object).flatMap(([other, old]) => {
    if (other !== name) return [`${JSON.stringify(other)}:${JSON.stringify(old)}`];
    return value === undefined ? [] : [`${JSON.stringify(name)}:${value}`];
  });
  return `{${fields.join()}}`;
}

export interface Break {
  readonly field: number;
  readonly value: string | undefined;
  readonly cutAt: number | undefined;
}

export const anyBreak: fc.Arbitrary<Break> = fc.record({
  field: fc.nat({ max: 99 }),
  value: fc.option(NO_VALUE, { nil: undefined }),
  cutAt: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { nil: undefined, freq: 4 }),
});

/** The body with `one` of its fields broken, or cut off. */
export function broken(body: string, names: readonly string[], one: Break): string {
  if (one.cutAt !== undefined) return body.slice(0, Math.floor(body.length * one.cutAt));
  const value: unknown = JSON.parse(body);
  const name = names[one.field % names.length] ?? "";
  const apply = (object: unknown) =>
    typeof object === "object" && object !== null
      ? without(object as Json, name, one.value)
      : JSON.stringify(object);
  return spelledOut(Array.isArray(value) ? `[${value.map(apply).join()}]` : apply(value));
}
