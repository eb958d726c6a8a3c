/**
 * Many rows as the parameters of one statement: a text for each column, its values one behind the
 * other. The server takes such a text apart by looking for the separator, and both sides leave the
 * values as they are; rows as one JSON text would be escaped here and parsed there once more,
 * bodies that are JSON themselves above all.
 *
 * 1. The separator is a parameter too, chosen so that no value holds it.
 * 2. A value is never taken for "nothing": see {@link NOTHING}.
 */

export type ColumnValue = string | number | boolean | null;
/** The values of a row, in the order of its columns. */
export type RowValues = readonly ColumnValue[];

export interface JoinedColumns {
  /** Stands in a statement where a table may stand, as `r`; its parameters are all of them. */
  readonly table: string;
  readonly names: string;
  parametersOf(rows: readonly RowValues[]): readonly string[];
}

/** Texts escape a backslash by another, and JSON does not begin with one. */
const NOTHING = "\\N";
/** Read in the same way whatever the server's `standard_conforming_strings` says. */
const NOTHING_IN_SQL = "E'\\\\N'";
const SEPARATOR = "\x1f";
const SEPARATOR_END = "\x1e";
/** Its values are JSON, in which control characters are escaped. */
const JSON_COLUMN = "body";

/** `columns`: names and types, as in the definition of a table. */
export function joinedColumns(columns: string, alias: string): JoinedColumns {
  const defined = columns.split(",").map((column) => column.trim().split(" "));
  const names = defined.map(([name]) => name).join(", ");
  const lists = defined.map(([, type], index) => {
    // No values at all and one that is empty are told apart by what stands in front.
    const texts = `(string_to_array($${index + 2}::text, $1::text, ${NOTHING_IN_SQL}))[2:]`;
    return type === "text" ? texts : `${texts}::${type}[]`;
  });
  const places = defined.map(([name, type], place) => ({
    place,
    isFree: type === "text" && name !== JSON_COLUMN,
  }));
  return {
    names,
    table: `unnest(${lists.join(", ")}) AS ${alias} (${names})`,
    parametersOf: (rows) => {
      const free = places.filter(({ isFree }) => isFree).map(({ place }) => place);
      const separator = separatorFor(rows, free);
      return [separator, ...places.map(({ place }) => joined(rows, place, separator))];
    },
  };
}

function joined(rows: readonly RowValues[], place: number, separator: string): string {
  let text = "";
  for (const row of rows) text += `${separator}${row[place] ?? NOTHING}`;
  return text;
}

/** Its end and its beginning differ, so it is nowhere but where it was put. */
function separatorFor(rows: readonly RowValues[], places: readonly number[]): string {
  for (let tries = 0; ; tries += 1) {
    const separator = tries === 0 ? SEPARATOR : `${SEPARATOR}${tries}${SEPARATOR_END}`;
    const isHeld = (value: ColumnValue | undefined) =>
      typeof value === "string" && value.includes(separator);
    if (!rows.some((row) => places.some((place) => isHeld(row[place])))) return separator;
  }
}
