/** The fields of a record as names and values; what is null is left out. All of it is text. */

/** Longer values get a line of their own. */
const SHORT = 24;
const HEX = /^(?:tl-)?[0-9a-f-]{20,}$/;

interface FieldListProps {
  readonly value: Readonly<Record<string, unknown>>;
}

export function FieldList({ value }: FieldListProps) {
  const entries = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return (
    <dl class="fields">
      {entries.map(([name, one]) => (
        <Field key={name} name={wordsOf(name)} text={textOf(one)} />
      ))}
    </dl>
  );
}

function Field({ name, text }: { readonly name: string; readonly text: string }) {
  const isHex = HEX.test(text) || text.startsWith("{") || text.startsWith("[");
  return (
    <div class={text.length > SHORT ? "long" : ""}>
      <dt>{name}</dt>
      <dd class={isHex ? "hex" : ""}>{text}</dd>
    </div>
  );
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `clientOrderId` is `client order id`. */
function wordsOf(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}
