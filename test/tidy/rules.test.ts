import { describe, expect, test } from "vitest";
import {
  checkBans,
  checkCycles,
  checkDocument,
  checkLayers,
  checkNames,
  checkPage,
  checkSizes,
} from "./rules.ts";
import { importsOf } from "./source-text.ts";

/** Each row: a rule, a file that breaks it, and what the finding must name. */
const BROKEN: readonly (readonly [string, string, string, string])[] = [
  ["a clock", "src/fills/a.ts", "const now = Date.now();", "src/fills/a.ts:1: no clock"],
  ["the present date", "src/fills/a.ts", "\nconst now = new Date();", "src/fills/a.ts:2: no clock"],
  ["a date without its call", "src/fills/a.ts", "const now = new Date;", "take a Clock"],
  ["a timer", "src/fills/a.ts", "setTimeout(act, 5);", "take a Clock (src/core/clock.ts)"],
  ["a repeated timer", "src/fills/a.ts", "setInterval(act, 5);", "await sleep()"],
  ["a signal's timer", "src/fills/a.ts", "AbortSignal.timeout(5);", "await sleep()"],
  ["chance", "src/fills/a.ts", "Math.random();", "take a RandomSource (src/core/random.ts)"],
  ["a random id", "src/fills/a.ts", "import { randomUUID } from 'c';", "take a RandomSource"],
  ["the environment", "src/fills/a.ts", "process.env.KEY;", "read it once in src/config.ts"],
  ["the environment in a command", "src/cli/replay.ts", "process.env.KEY;", "src/config.ts"],
  ["the console", "src/fills/a.ts", "console.log(1);", "return the text to src/cli"],
  ["an output stream", "src/fills/a.ts", "process.stderr.write('');", "return the text to src/cli"],
  ["fetch", "src/fills/a.ts", "await fetch(url);", "src/broker/broker.ts"],
  ["code in a template", "src/fills/a.ts", `const id = \`at \${Date.now()}\`;`, "no clock"],
  ["a default export", "src/fills/a.ts", "export default 1;", "export it by its name"],
  ["an enum", "src/fills/a.ts", "export const enum Side { Buy }", "use a union of texts"],
];

describe("the rule about the page finds", () => {
  const path = "src/page/view/a.tsx";
  const rows: readonly (readonly [string, string, number])[] = [
    ["code of the program", 'import { add } from "../../core/decimal.ts";', 1],
    ["no fault in its types", 'import type { A } from "../../sidecar/b.ts";', 0],
    ["no fault in a file of its own", 'import { A } from "../model/b.ts";', 0],
    ["markup made of text", "<p dangerouslySetInnerHTML={{ __html: text }} />", 1],
    ["what a page keeps", 'localStorage.setItem("key", key);', 1],
  ];

  test.each(rows)("%s", (_, text, count) => {
    expect(checkPage({ path, text })).toHaveLength(count);
    expect(checkPage({ path: "src/cli/a.ts", text })).toEqual([]);
  });
});

describe("a rule about words finds", () => {
  test.each(BROKEN)("%s", (_, path, text, expected) => {
    const found = checkBans({ path, text });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
    expect(found[0]?.startsWith(`${path}:`)).toBe(true);
  });

  test("nothing in the file that owns the word", () => {
    expect(checkBans({ path: "src/core/clock.ts", text: "Date.now(); setTimeout(a, 1);" })).toEqual(
      [],
    );
    expect(checkBans({ path: "src/cli/replay.ts", text: "console.log(1);" })).toEqual([]);
    expect(checkBans({ path: "src/broker/alpaca/a.ts", text: "fetch(url);" })).toEqual([]);
    expect(checkBans({ path: "src/config.ts", text: "process.env.KEY;" })).toEqual([]);
  });

  test("nothing in comments, strings, patterns and longer names", () => {
    const text = [
      "// Date.now() and setTimeout",
      "/* new Date() */",
      'const a = "console.log(Math.random())";',
      `const b = \`process.env \${\`fetch(1)\`}\`;`,
      "const c = /Date.now()[/]fetch(/;",
      "const d = new Date(0); prefetch(d); this.fetch(d); enumerate(d);",
    ].join("\n");
    expect(checkBans({ path: "src/fills/a.ts", text })).toEqual([]);
  });
});

/** Each row: what is wrong, the importing file, its import, and what the finding must name. */
const MISLAYERED: readonly (readonly [string, string, string, string])[] = [
  ["core importing anything", "src/core/a.ts", "../identity/intent.ts", "core may import: nothing"],
  ["the book importing claims", "src/book/a.ts", "../claim/claim.ts", "book may import: core"],
  ["the ledger importing the broker", "src/ledger/a.ts", "../broker/broker.ts", "go down"],
  ["fills importing the gateway", "src/fills/a.ts", "../gateway/submit.ts", "go down the layers"],
  ["the gateway importing reconcile", "src/gateway/a.ts", "../reconcile/a.ts", "go down"],
  ["the gateway importing the configuration", "src/gateway/a.ts", "../config.ts", "go down"],
  ["the simulator importing identity", "src/simulator/a.ts", "../identity/a.ts", "go down"],
  ["the sidecar importing the replay", "src/sidecar/a.ts", "../replay/replay.ts", "go down"],
  ["the replay importing the gateway", "src/replay/a.ts", "../gateway/submit.ts", "go down"],
  ["app.ts importing the public names", "src/app.ts", "./index.ts", "app may import: core"],
  [
    "an adapter named by the port's user",
    "src/gateway/a.ts",
    "../ledger/sqlite/a.ts",
    "only app.ts",
  ],
  ["an adapter named by its port", "src/broker/broker.ts", "./alpaca/a.ts", "only app.ts names"],
  ["an adapter named by the public names", "src/index.ts", "./broker/alpaca/a.ts", "only app.ts"],
  ["a part without a layer", "src/prices/a.ts", "../core/clock.ts", 'give "prices" a row'],
  ["an import without its ending", "src/fills/a.ts", "../core/clock", "name the .ts file"],
  ["an import from outside src", "src/core/a.ts", "../../test/tidy/rules.ts", "src imports src"],
];

describe("the rule about layers finds", () => {
  test.each(MISLAYERED)("%s", (_, path, specifier, expected) => {
    for (const kind of ["import { a }", "import type { a }", "export * as a"]) {
      const found = checkLayers({ path, text: `\n${kind} from "${specifier}";` });
      expect(found).toHaveLength(1);
      expect(found[0]).toContain(`${path}:2: `);
      expect(found[0]).toContain(expected);
    }
  });

  test("nothing in what goes down", () => {
    const imports = [
      "./ledger/sqlite/a.ts",
      "./broker/alpaca/b.ts",
      "./gateway/c.ts",
      "./config.ts",
    ];
    const text = imports.map((specifier) => `import { a } from "${specifier}";`).join("\n");
    expect(checkLayers({ path: "src/app.ts", text })).toEqual([]);
    const inside = 'import { a } from "./b.ts"; import { c } from "../ledger.ts";';
    expect(checkLayers({ path: "src/ledger/sqlite/a.ts", text: inside })).toEqual([]);
  });
});

describe("the rule about cycles finds", () => {
  test("a type that points back, once and with the way it goes", () => {
    const found = checkCycles([
      { path: "src/book/a.ts", text: 'import { b } from "./b.ts";' },
      { path: "src/book/b.ts", text: 'import { c } from "./c.ts";' },
      { path: "src/book/c.ts", text: 'import type { a } from "./a.ts";' },
    ]);
    expect(found).toEqual([
      expect.stringContaining("src/book/a.ts -> src/book/b.ts -> src/book/c.ts -> src/book/a.ts"),
    ]);
  });

  test("a file that imports itself", () => {
    const found = checkCycles([{ path: "src/book/a.ts", text: 'export * from "./a.ts";' }]);
    expect(found).toHaveLength(1);
  });

  test("nothing in two ways to one file", () => {
    const files = [
      { path: "src/a.ts", text: 'import "./b.ts"; import "./c.ts";' },
      { path: "src/b.ts", text: 'import "./c.ts";' },
      { path: "src/c.ts", text: "" },
    ];
    expect(checkCycles(files)).toEqual([]);
  });
});

describe("the rules about size and names find", () => {
  test("a line of 101 characters and a file of 501 lines, and not one less", () => {
    const path = "src/core/a.ts";
    expect(checkSizes({ path, text: `${"x".repeat(100)}\n` })).toEqual([]);
    expect(checkSizes({ path, text: `\n${"x".repeat(101)}` })[0]).toContain(`${path}:2: short`);
    expect(checkSizes({ path, text: "x\n".repeat(500) })).toEqual([]);
    expect(checkSizes({ path, text: "x\n".repeat(501) })[0]).toContain("501 lines of at most 500");
  });

  test.each([
    "src/utils/a.ts",
    "src/core/common.ts",
    "src/core/helpers.ts",
    "src/book/types.ts",
    "src/lib/a.ts",
    "src/book/order-utils.ts",
    "src/book/types.d.ts",
  ])("the name of %s", (path) => {
    expect(checkNames({ path, text: "" })[0]).toContain("name it after the one thing it holds");
  });

  test("nothing in names that merely begin alike", () => {
    for (const path of ["src/book/library.ts", "src/book/order-type.ts", "src/utility/a.ts"]) {
      expect(checkNames({ path, text: "" })).toEqual([]);
    }
  });
});

describe("the rules about documents find", () => {
  test.each([
    ["see src/core/clock.ts:12 for it", "name the file"],
    ["https://example.org/a.ts#L7", "name the file"],
    ["as line 40 says", "name the file"],
    ["from registry.example.org", "name the package"],
    ["from https://registry.example.com/x", "name the package"],
  ])("%s", (text, expected) => {
    const found = checkDocument({ path: "docs/a.md", text: `\n${text}` });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("docs/a.md:2: ");
    expect(found[0]).toContain(expected);
  });

  test("nothing in times, ports and lines of text", () => {
    const text = "at 09:42:02 on 127.0.0.1:4520, five lines, one line per order, a model registry";
    expect(checkDocument({ path: "docs/a.md", text })).toEqual([]);
  });
});

describe("the scanner", () => {
  test("finds imports of every form, over several lines too", () => {
    const text = [
      'import "./bare.ts";',
      "import {",
      "  a,",
      '} from "./named.ts";',
      'import type { b } from "./type.ts";',
      'export { c } from "./again.ts";',
      'const d = await import("./later.ts");',
      'const e = "./not.ts"; // import "./comment.ts";',
    ].join("\n");
    expect(importsOf(text).map(({ specifier }) => specifier)).toEqual([
      "./bare.ts",
      "./named.ts",
      "./type.ts",
      "./again.ts",
      "./later.ts",
    ]);
    expect(importsOf(text)[1]?.line).toBe(4);
  });
});
