/**
 * Texts and JSON that break careless readers. What would be long is written as a token, such as
 * `<LONG:1000>` or `<DEEP:1000>`, and spelled out only when it is sent: so a failure can be read.
 */
import fc from "fast-check";

/** Stands in every secret of these worlds, so that one search finds any of them. */
export const SECRET_MARK = "HUSH";
export const AGENT_SECRETS = [
  `momentum-${SECRET_MARK}-a+b/c=`,
  `reversal-${SECRET_MARK}-7`,
  `third-${SECRET_MARK}-8`,
] as const;
export const BROKER_SECRET = `broker-${SECRET_MARK}-9`;
/** What a person shows who acts. */
export const OPERATOR_SECRET = `operator-${SECRET_MARK}-10`;

/** A key that nobody has, and that nobody is told of either. */
export const BAD_SECRET = `nobodys-${SECRET_MARK}-secret`;
const SECRETS = [...AGENT_SECRETS, BROKER_SECRET, OPERATOR_SECRET, BAD_SECRET];

/** Whether any of them is in `text`, to the letter: in other letters it is none. */
export function hasSecret(text: string): boolean {
  return text.includes(SECRET_MARK) && SECRETS.some((secret) => text.includes(secret));
}

const TOKEN = /<(LONG|DEEP|WIDE):(\d+)>/g;

/** `text` with its tokens spelled out. */
export function spelledOut(text: string): string {
  return text.replace(TOKEN, (_, kind: string, count: string) => {
    const size = Number(count);
    if (kind === "LONG") return "x".repeat(size);
    if (kind === "DEEP") return `${"[".repeat(size)}${"]".repeat(size)}`;
    return `{${Array.from({ length: size }, (_, index) => `"f${index}":0`).join()}}`;
  });
}

const PROTOTYPE_NAMES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "toJSON",
  "then",
  "hasOwnProperty",
];

const ODD_TEXTS = [
  "",
  " ",
  "null",
  "undefined",
  "NaN",
  "Infinity",
  "-0",
  "0",
  "-1",
  "1e400",
  "1e-400",
  "0x10",
  "1_000",
  "٣",
  "+6",
  "6.",
  ".5",
  "0.0000000001",
  "999999999999999999999",
  "<LONG:300>",
  "<LONG:5000>",
  "../../v2/orders",
  "%2e%2e%2f",
  "'; DROP TABLE claims; --",
  "<script>alert(1)</script>",
  "$" + "{jndi:ldap://127.0.0.1/a}",
  "{{7*7}}",
  "a\r\nX-Injected: yes",
  "\u0000",
  "\u2028",
  "\u202e",
  "\ufeff",
  "ſ",
  "💥",
  ...PROTOTYPE_NAMES,
];

export const oddName = fc.oneof(fc.constantFrom(...PROTOTYPE_NAMES), fc.string({ maxLength: 12 }));

export const oddText = fc.oneof(
  { arbitrary: fc.constantFrom(...ODD_TEXTS), weight: 4 },
  { arbitrary: fc.string({ maxLength: 20 }), weight: 2 },
  { arbitrary: fc.string({ unit: "binary", maxLength: 12 }), weight: 2 },
);

/** A secret that somebody has put where it does not belong. */
export const misplacedSecret = fc.constantFrom(...AGENT_SECRETS, BROKER_SECRET);

const ODD_JSON = [
  "null",
  "true",
  "[]",
  "{}",
  "0",
  "-0",
  "-1",
  "6.000",
  "1e400",
  "-1e400",
  "1e-400",
  "1e21",
  "123456789012345678901234567890",
  "0.1234567890123",
  "0.30000000000000004",
  '"\\ud800"',
  '"\\u0000"',
  '"a\\ud800b"',
  '[["6"]]',
  '{"a":{"b":{}}}',
  '{"toString":1}',
  '{"toString":null,"valueOf":null}',
  '{"toJSON":"x"}',
  '{"length":1e9}',
  '{"__proto__":{"qty":"1"}}',
  '{"constructor":{"prototype":{"side":"sell"}}}',
  "<DEEP:5>",
  "<DEEP:40>",
  "<DEEP:3000>",
  "<DEEP:60000>",
  "<WIDE:2000>",
  '"<LONG:300>"',
  '"<LONG:70000>"',
];

/** JSON as text, so that it can say what no value of JavaScript's can. */
export const oddJson = fc.oneof(
  { arbitrary: fc.constantFrom(...ODD_JSON), weight: 4 },
  { arbitrary: oddText.map((text) => JSON.stringify(text)), weight: 3 },
  { arbitrary: fc.json({ maxDepth: 3, noUnicodeString: false }), weight: 1 },
);

/** Texts that are no JSON, or not quite. */
export const brokenJson = fc.oneof(
  fc.constantFrom(
    "",
    "{",
    "}",
    '{"symbol":"TQQQ"',
    "{'symbol':'TQQQ'}",
    '{"qty":NaN}',
    '{"qty":01}',
    '{"qty":+6}',
    '{"qty":0x6}',
    '{"qty":6,}',
    '{"a":1}{"a":2}',
    '\ufeff{"a":1}',
    "// nothing\n{}",
    "symbol=TQQQ&side=buy&qty=6",
    "<DEEP:200000>",
    '{"a":<DEEP:200000>}',
    "<LONG:2000000>",
    '"<LONG:1048570>"',
  ),
  fc.string({ maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 30 }),
);
