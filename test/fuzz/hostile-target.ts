/** Request targets of a route: plain, and in every spelling that two servers read in two ways. */
import fc from "fast-check";
import { misplacedSecret, oddName, oddText } from "./hostile-text.ts";
import type { Route } from "./server-routes.ts";

const ESCAPED_PARAMETERS = [
  "%00",
  "%2e%2e",
  "..",
  ".",
  "%2F",
  "%5C",
  "%c0%af",
  "%ff",
  "%",
  "%zz",
  "%25%32%66",
  "a;b=c",
  "*",
  ":",
  "\u00e9",
  "%F0%9F%92%A5",
  "BTC%2FUSD",
  "orders:by_client_order_id",
  "<LONG:1100>",
  "<LONG:9000>",
  "<LONG:20000>",
];

const parameter = fc.oneof(
  fc.constantFrom(...ESCAPED_PARAMETERS),
  oddText.map((text) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, ""))),
  misplacedSecret.map((secret) => encodeURIComponent(secret)),
);

const escapedLetter = (path: string) =>
  path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);

const respelled = fc.constantFrom<(path: string) => string>(
  (path) => `/${path}`,
  (path) => `${path}/`,
  (path) => `${path}//`,
  (path) => path.replace(/(.)\//, "$1//"),
  (path) => path.replace(/(.)\//, "$1/./"),
  (path) => path.replace(/(.)\//, "$1/x/../"),
  (path) => `/..${path}`,
  (path) => `/v2/..${path}`,
  escapedLetter,
  (path) => path.replace(/(.)\//, "$1%2F"),
  (path) => path.replace(/(.)\//, "$1\\"),
  (path) => path.toUpperCase(),
  (path) => path.replace("/v2", "/v02"),
  (path) => path.replace("/v2", "/v1beta3"),
  (path) => `${path};v=1`,
  (path) => `${path}#part`,
  (path) => `${path}%20`,
  (path) => `${path}\t`,
  (path) => `http://127.0.0.1:PORT${path}`,
  (path) => `http://evil.example${path}`,
  (path) => path.slice(1),
  () => "*",
  () => "/",
);

const oddQuery = fc.oneof(
  fc.constantFrom(
    "?",
    "&&==&",
    "limit=5&limit=6",
    "limit[]=5",
    "__proto__[x]=1",
    "constructor=1",
    "symbol=TQQQ&symbol=SPY",
    "symbol=%00",
    "symbol=%ff",
    "symbol=%",
    "status[]=OPEN",
    "status=",
    "limit=1e2",
    "limit=0x10",
    "limit=-1",
    "limit=99999999999999999999",
    "before=0",
    "before=1.5",
    "after=-1",
    "after=9007199254740993",
    "from=2026-02-30T00:00:00Z",
    "from=9999-12-31T23:59:59.999999999Z&until=0000-01-01T00:00:00Z",
    "cursor=%00",
    "cursor=<LONG:100>",
    "cursor=W10",
    "requestId=%ED%A0%80",
    "agent=%F0%9F%92%A5",
    "qty=1&percentage=1",
    "qty=NaN",
    "percentage=1e400",
    "percentage=%2B10",
    "cancel_orders=TRUE&cancel_orders=false",
    "_=<LONG:15000>",
    "_=<LONG:40000>",
    "a b",
  ),
  fc
    .tuple(oddName, oddText)
    .map(([name, text]) => `${escaped(name)}=${escaped(text)}&${escaped(name)}=`),
  misplacedSecret.map((secret) => `symbol=${encodeURIComponent(secret)}`),
);

function escaped(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, ""));
}

export function targetFor(route: Route): fc.Arbitrary<string> {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const given = fc.record(
    Object.fromEntries(
      names.map((name) => {
        const good = fc.constantFrom(...(route.parameters?.[name] ?? ["x"]));
        const either = fc.oneof(
          { arbitrary: good, weight: 6 },
          { arbitrary: parameter, weight: 1 },
        );
        return [name, either];
      }),
    ),
  );
  const path = given.map((values) =>
    route.path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? ""),
  );
  const spelled = fc.oneof(
    { arbitrary: path, weight: 9 },
    { arbitrary: fc.tuple(path, respelled).map(([plain, spell]) => spell(plain)), weight: 2 },
  );
  const query = fc.oneof(
    { arbitrary: fc.constantFrom(...(route.queries ?? [""])), weight: 5 },
    { arbitrary: oddQuery, weight: 2 },
  );
  return fc.tuple(spelled, query).map(([plain, asked]) => (asked ? `${plain}?${asked}` : plain));
}
