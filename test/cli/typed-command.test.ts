import { describe, expect, test } from "vitest";
import { commandLine } from "../../src/cli/typed-command.ts";

describe("a command to be copied into a shell", () => {
  test.each([
    ["ledger.db", "ledger.db"],
    ["my ledger.db", "'my ledger.db'"],
    ["postgres://latch:pa55word@db:5433/latch", "postgres://latch@db:5433/latch"],
    [
      "postgres://latch:pa55word@db/latch?sslmode=verify-full&sslrootcert=/etc/ca.pem",
      "'postgres://latch@db/latch?sslmode=verify-full&sslrootcert=/etc/ca.pem'",
    ],
  ])("names the ledger %s whole, and no password", (store, named) => {
    expect(commandLine(["audit", "show", "17"], { store, account: "a b" })).toBe(
      `tradelatch audit show 17 --store ${named} --account 'a b'`,
    );
  });
});
