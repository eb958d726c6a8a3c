/** The fields of a record as names and values; what is null is left out. All of it is text. */

interface FieldListProps {
  readonly value: Readonly<Record<string, unknown>>;
}

export function FieldList({ value }: FieldListProps) {
  const entries = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return (
    <dl class="fields">
      {entries.map(([name, one]) => (
        <div key={name}>
          <dt>{wordsOf(name)}</dt>
          <dd>{typeof one === "object" ? <code>{JSON.stringify(one)}</code> : String(one)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** `clientOrderId` is `client order id`. */
function wordsOf(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}
