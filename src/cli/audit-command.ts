/**
 * `tradelatch audit`: what was decided and why, from the ledger itself, also while a sidecar has it
 * open; and the proof that none of it was changed. Nothing is sent and no broker is asked.
 */
import { Command, InvalidArgumentError } from "commander";
import { AUDIT_STATUSES, type AuditStatus } from "../audit/audit-item.ts";
import { AUDIT_LIMIT_MAX } from "../audit/audit-trail.ts";
import type { Environment } from "../config.ts";
import { type Clock, type EpochMs, systemClock } from "../core/clock.ts";
import { SYMBOL } from "../identity/symbol.ts";
import type { ListOptions, ShowOptions } from "./audit-actions.ts";
import type { ExportOptions, ImportOptions } from "./audit-files.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";
import type { RecordsOptions } from "./read-records.ts";

const LISTED = 50;
const STATUSES = AUDIT_STATUSES.join(", ");
/** A date is its midnight in UTC; a time needs an offset. */
const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

export function auditCommand(
  output: CommandOutput,
  environment: Environment,
  stop: AbortSignal,
  clock: Clock = systemClock,
): Command {
  const surroundings = { output, environment, clock, stop };
  const onLedger = () => import("./audit-actions.ts");
  const onFiles = () => import("./audit-files.ts");
  return new Command("audit")
    .summary("list what was decided and why; verify and export the event log")
    .description(
      "What was decided and why, and the proof that none of it was changed. Without a " +
        "command it lists, and takes the options of list.",
    )
    .addHelpText("after", examples("tradelatch audit --symbol TQQQ", "tradelatch audit show 17"))
    .addCommand(
      listCommand().action(async (options: ListOptions, command: Command) => {
        refuseEmptySpan(options, command);
        await (await onLedger()).list(options, surroundings);
      }),
      { isDefault: true },
    )
    .addCommand(
      showCommand().action(async (claim: string, options: ShowOptions) => {
        await (await onLedger()).show(claim, options, surroundings);
      }),
    )
    .addCommand(
      verifyCommand().action(async (options: RecordsOptions) => {
        await (await onLedger()).verify(options, surroundings);
      }),
    )
    .addCommand(
      exportCommand().action(async (options: ExportOptions) => {
        await (await onFiles()).exportLedger(options, surroundings);
      }),
    )
    .addCommand(
      importCommand().action(async (file: string, options: ImportOptions) => {
        await (await onFiles()).verifyFile(file, options, surroundings);
      }),
    );
}

function listCommand(): Command {
  const command = new Command("list")
    .description("List every claim, every SKIP and every block, newest first, with its cause.")
    .option("--agent <group>", "only of one agent group")
    .option("--action <action>", "only such as buy_to_open, sell_to_close, replace, cancel")
    .option("--status <status>", "only with this status; again for several", status)
    .option("--symbol <symbol>", "only in one symbol", symbol)
    .option("--from <time>", "at this time or after: 2026-05-21 (UTC), or with a time", time)
    .option("--until <time>", "before this time", time)
    .option("--before <number>", "only events with a lower number", positiveNumber)
    .option("--limit <number>", `how many, up to ${AUDIT_LIMIT_MAX}`, limit, LISTED)
    .addHelpText("after", `\nStatuses: ${STATUSES.replace("SETTLED, ", "SETTLED,\n  ")}`)
    .addHelpText(
      "after",
      examples(
        "tradelatch audit list --status SKIP --status BLOCKED --symbol TQQQ",
        "tradelatch audit list --from 2026-05-21T09:30:00-04:00 --json",
      ),
    );
  return withAccount(command);
}

function showCommand(): Command {
  const command = new Command("show")
    .description("Show the whole life of one claim: identity, attempts, evidence, receipt, events.")
    .argument("<claim>", "its request id, its order's id, or the number of one of its events")
    .option("--agent <group>", "its agent group, where several have the id")
    .addHelpText("after", examples("tradelatch audit show 17", "tradelatch audit show my-order-1"));
  return withAccount(command);
}

function verifyCommand(): Command {
  const command = new Command("verify")
    .description("Verify the chain of events, and that every row is what the events come to.")
    .addHelpText(
      "after",
      `\nExits with 0 where all is well, and with 1 where something is not.\n${examples(
        "tradelatch audit verify --store ledger.db",
      )}`,
    );
  return withStore(command);
}

function exportCommand(): Command {
  const command = new Command("export")
    .description("Write the event log to a file, with a signed checkpoint at its end.")
    .requiredOption("--out <file>", "the file to write; an older export is replaced")
    .option("--account <id>", "only the events of this account (default: of all)")
    .option("--audit-key <file>", "the key that signs (default: beside the ledger's file)")
    .addHelpText(
      "after",
      examples(
        "tradelatch audit export --store ledger.db --out audit.jsonl",
        "tradelatch audit export --account 1f8e… --out audit.jsonl",
      ),
    );
  return withStore(command);
}

function importCommand(): Command {
  return new Command("import-verify")
    .description("Verify an export; needs nothing but the file.")
    .argument("<file>", "an export")
    .option("--key <key>", "the public key that must have signed it: 64 hex digits, or a file")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText(
      "after",
      `\nExits with 0 where all is well, and with 1 where something is not.\n${examples(
        "tradelatch audit import-verify audit.jsonl",
        `tradelatch audit import-verify audit.jsonl --key 3b6a…`,
      )}`,
    );
}

function withStore(command: Command): Command {
  return command
    .option("--store <path>", "the ledger: a file, or postgres://... (default tradelatch.db)")
    .option("--json", "print one JSON document and nothing else");
}

function withAccount(command: Command): Command {
  return withStore(command).option("--account <id>", "the account, where the ledger has several");
}

/** The answer to two times that were mixed up would be that nothing is on record. */
function refuseEmptySpan({ from, until }: ListOptions, command: Command): void {
  if (from === undefined || until === undefined || from < until) return;
  const [begin, end] = [from, until].map((at) => new Date(at).toISOString());
  command.error(`--from is ${begin}, which is not before --until, ${end}`);
}

function status(value: string, earlier: readonly AuditStatus[] = []): readonly AuditStatus[] {
  const found = AUDIT_STATUSES.find((one) => one === value);
  if (found === undefined) throw new InvalidArgumentError(`Give one of ${STATUSES}.`);
  return [...earlier, found];
}

function symbol(value: string): string {
  if (SYMBOL.test(value)) return value;
  throw new InvalidArgumentError("Give a symbol such as TQQQ or BTC/USD.");
}

function time(value: string): EpochMs {
  const at = TIME.test(value) ? Date.parse(value) : Number.NaN;
  // Of a day that no month has, JavaScript makes one of the next month.
  const isDay = Number.isFinite(at) && isDate(value.slice(0, "2026-05-21".length));
  if (isDay) return at;
  const wanted = "Give a date such as 2026-05-21, or a time such as 2026-05-21T09:30:00-04:00.";
  throw new InvalidArgumentError(wanted);
}

function isDate(text: string): boolean {
  return new Date(Date.parse(text)).toISOString().startsWith(text);
}

function positiveNumber(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError("Give a whole number from 1.");
  return Number(value);
}

function limit(value: string): number {
  const count = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (count >= 1 && count <= AUDIT_LIMIT_MAX) return count;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${AUDIT_LIMIT_MAX}.`);
}
