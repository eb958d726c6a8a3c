/** A small valid session as plain JSON values, to be spoilt one field at a time. */
export function sessionDocument(): SessionDocument {
  return {
    session: "2026-05-21",
    timezone: "America/New_York",
    opensAt: "09:30:00",
    closesAt: "16:00:00",
    about: "Three rows that agree with one another.",
    openingPositions: [
      { symbol: "SQQQ", quantity: "11", averagePrice: "40.90", mark: "inferred", note: "Ours." },
    ],
    events: [
      order({ id: "first", time: "09:42:00" }),
      order({ id: "again", time: "09:42:02", instance: "b", duplicateOf: "first" }),
      {
        kind: "broker_fault",
        time: "11:14:00",
        mark: "inferred",
        rules: [{ match: { method: "POST", path: "/v2/orders" }, fault: { kind: "drop" } }],
      },
      {
        kind: "entries_wanted",
        from: "11:33:00",
        until: "14:00:00",
        everyMinutes: 1,
        instance: "a",
        symbol: "TQQQ",
        mark: "stated",
      },
    ],
  };
}

export type Fields = Record<string, unknown>;

export interface SessionDocument extends Fields {
  openingPositions: Fields[];
  events: Fields[];
}

export function order(fields: Fields): Fields {
  return {
    kind: "order",
    mark: "stated",
    instance: "a",
    symbol: "TQQQ",
    side: "buy",
    effect: "open",
    quantity: "6",
    notionalUsd: "452",
    bar: "09:42",
    stage: "base",
    reason: "entry, base",
    ...fields,
  };
}
