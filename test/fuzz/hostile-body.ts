/** Bodies for a route: those that it takes, with something wrong, and what is no body at all. */
import fc from "fast-check";
import { brokenJson, misplacedSecret, oddJson, oddName, spelledOut } from "./hostile-text.ts";
import type { Field } from "./server-routes.ts";

type Fields = readonly Field[];
type Change = (fields: Fields) => Fields;

/** Where in the list something is done; beyond its end it is the last one. */
const place = fc.nat({ max: 9 });

const inFields = (at: number, change: (field: Field) => readonly Field[]): Change => {
  return (fields) =>
    fields.flatMap((field, index) =>
      index === Math.min(at, fields.length - 1) ? change(field) : [field],
    );
};

/** Fields in which a secret makes the request a bad one. What is taken is on record as it is. */
const CHECKED = new Set([
  ...["symbol", "side", "qty", "notional", "type", "time_in_force"],
  ...["position_intent", "intent", "waitMs", "version"],
]);

/** With some luck inside the value, where that is an object. */
function withValue(field: Field, value: string, inside: number): Field {
  const isPlain = spelledOut(field.value) === field.value;
  if (!field.value.startsWith("{") || !isPlain) return { ...field, value };
  const inner = Object.entries(JSON.parse(field.value) as object);
  const index = inside % (inner.length + 1);
  if (index === inner.length) return { ...field, value };
  const parts = inner.map(([name, old], at) => {
    return `${JSON.stringify(name)}:${at === index ? value : JSON.stringify(old)}`;
  });
  return { ...field, value: `{${parts.join()}}` };
}

const change: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(place, oddJson, place)
    .map(([at, value, inside]) => inFields(at, (field) => [withValue(field, value, inside)])),
  fc
    .tuple(place, misplacedSecret)
    .map(([at, secret]) =>
      inFields(at, (field) => [
        CHECKED.has(field.name) ? { ...field, value: JSON.stringify(secret) } : field,
      ]),
    ),
  place.map((at) => inFields(at, () => [])),
  fc
    .tuple(place, oddJson)
    .map(([at, value]) => inFields(at, (field) => [field, { ...field, value }])),
  place.map((at) => inFields(at, ({ name, value }) => [{ name: name.toUpperCase(), value }])),
  fc.tuple(oddName, oddJson).map(([name, value]) => (fields: Fields) => [
    ...fields,
    { name, value },
  ]),
);

function written(fields: Fields): string {
  return `{${fields.map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join()}}`;
}

/** What stands around a body that is otherwise good. */
const surrounded = fc.constantFrom<(text: string) => string>(
  (text) => `[${text}]`,
  (text) => `${text}${text}`,
  (text) => `\ufeff${text}`,
  (text) => text.slice(0, -1),
  (text) => JSON.stringify(text),
  (text) => `\n\t ${text} \r\n`,
  (text) => `${text}\u0000`,
  (text) => text.replace("{", '{"x":"<LONG:1048576>",'),
  (text) => text.replace("{", '{"x":"<LONG:90000>",'),
);

export function bodyFor(samples: readonly Fields[]): fc.Arbitrary<string> {
  const sample = fc.constantFrom(...samples);
  return fc.oneof(
    { arbitrary: sample.map(written), weight: 5 },
    {
      arbitrary: fc
        .tuple(sample, fc.array(change, { minLength: 1, maxLength: 2 }))
        .map(([fields, changes]) =>
          written(changes.reduce((changed, apply) => apply(changed), fields)),
        ),
      weight: 8,
    },
    {
      arbitrary: fc.tuple(sample, surrounded).map(([fields, around]) => around(written(fields))),
      weight: 2,
    },
    { arbitrary: brokenJson, weight: 1 },
    { arbitrary: oddJson, weight: 1 },
  );
}
