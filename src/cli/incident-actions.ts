/** What `tradelatch incidents` does: reads a ledger, prints, and resolves. One line per failure. */
import type { Records } from "../app.ts";
import type { Clock } from "../core/clock.ts";
import { InvariantError, LatchError } from "../core/errors.ts";
import { type AccountId, GUARD_ACCOUNT } from "../core/ids.ts";
import type { Incident } from "../incident/incident.ts";
import { incidentFor, incidentsFor, resolveFor } from "../ledger/account-incidents.ts";
import type { OperatorCommand } from "../ledger/ledger.ts";
import { claimView } from "../sidecar/native-claim-schema.ts";
import { incidentView } from "../sidecar/native-incident-schema.ts";
import { incidentListText } from "./incident-list.ts";
import { type Cause, incidentPageText } from "./incident-page.ts";
import { marketTime } from "./market-time.ts";
import { widthOf } from "./page-width.ts";
import { type ReadSurroundings, type RecordsOptions, readRecords } from "./read-records.ts";
import { commandLine, flag } from "./typed-command.ts";

export interface ListOptions extends RecordsOptions {
  readonly open?: boolean;
  readonly symbol?: string;
  readonly before?: number;
}

export interface ResolveOptions extends RecordsOptions {
  readonly version: number;
  readonly reason: string;
  /** Default: the name of the system's user. */
  readonly by?: string;
  readonly as?: "absent" | "rejected" | "already-flat" | "done";
}

const LISTED = 100;
/** So many pieces of evidence are named in one line. */
const NAMED_MAX = 5;

type Named<Options> = Options & { readonly by: string };

export async function list(options: ListOptions, surroundings: ReadSurroundings): Promise<void> {
  const { output, clock } = surroundings;
  const { open, symbol, before, json } = options;
  await readRecords(options, surroundings, async (records, account) => {
    const query = { symbol, before, isOpen: open === true ? true : undefined, limit: LISTED + 1 };
    const found = await incidentsFor(records, account ?? GUARD_ACCOUNT, query);
    const incidents = found.slice(0, LISTED);
    const next = found.length > LISTED ? (incidents.at(-1)?.id ?? null) : null;
    if (json === true) {
      const views = incidents.map(incidentView);
      output.line(asJson({ account: account ?? null, incidents: views, next }));
      return;
    }
    const filters = [...(open === true ? ["--open"] : []), ...flag("symbol", symbol)];
    const olderCommand =
      next === null
        ? null
        : commandLine(["incidents", ...filters, "--before", String(next)], options);
    output.line(incidentListText({ incidents, olderCommand, now: clock.now() }, widthOf(output)));
  });
}

export async function show(
  id: number,
  options: RecordsOptions,
  surroundings: ReadSurroundings,
): Promise<void> {
  const { output } = surroundings;
  await readRecords(options, surroundings, async (records, account) => {
    const incident = await incidentFor(records, account ?? GUARD_ACCOUNT, id);
    if (incident === undefined) throw notFound(id);
    const causes = await Promise.all(
      incident.causes.map(async (key): Promise<Cause> => {
        const [action] = await records.guardClaimsOf([key]);
        return { key, claim: await records.claimOf(key), action };
      }),
    );
    if (options.json === true) {
      const claims = causes.flatMap(({ claim }) => (claim === undefined ? [] : [claimView(claim)]));
      output.line(asJson({ ...incidentView(incident), claims }));
      return;
    }
    const words = ["incidents", "resolve", String(id), "--version", String(incident.version)];
    const resolveCommand = commandLine([...words, "--reason", "..."], options);
    output.line(incidentPageText({ incident, causes, resolveCommand }, widthOf(output)));
  });
}

export async function resolve(
  id: number,
  options: Named<ResolveOptions>,
  surroundings: ReadSurroundings,
): Promise<void> {
  const { output, clock } = surroundings;
  await readRecords(options, surroundings, async (records, account) => {
    const incident = await resolved(
      records,
      account ?? GUARD_ACCOUNT,
      id,
      commandOf(options, clock),
    );
    if (options.json === true) {
      output.line(asJson(incidentView(incident)));
      return;
    }
    output.line(`Incident ${id} is resolved: ${incident.resolution?.reason}`);
    if (options.as !== undefined) output.line(`The claim behind it ended as ${options.as}.`);
  });
}

function commandOf(
  { version, reason, by, as }: Named<ResolveOptions>,
  clock: Clock,
): OperatorCommand {
  const endClaimAs = as === "already-flat" ? "already_flat" : (as ?? null);
  return { version, reason, by, endClaimAs, now: clock.now() };
}

async function resolved(
  records: Records,
  account: AccountId,
  id: number,
  command: OperatorCommand,
): Promise<Incident> {
  const result = await resolveFor(records, account, id, command);
  switch (result.kind) {
    case "resolved":
      return result.incident;
    case "unknown":
      throw notFound(id);
    case "stale":
      throw new LatchError("incident_changed", staleText(result.incident, command.version));
    case "over":
      throw new LatchError("incident_over", overText(result.incident));
    case "no_claim": {
      const message = `incident ${id} has no claim behind it that waits for its end`;
      throw new LatchError("incident_without_claim", message);
    }
    case "other_end":
      throw new LatchError("incident_other_end", `incident ${id} does not end like that`);
    case "not_a_position":
    case "position_moved":
    case "exit_still_held":
      throw new InvariantError(`${result.kind} for a command that names no position`);
    case "claim_waits": {
      const message = `the claim behind incident ${id} still waits for its end`;
      throw new LatchError("incident_claim_waits", message);
    }
  }
}

/** Each piece of evidence is one version. */
function staleText({ id, version, evidence }: Incident, seen: number): string {
  const head = `incident ${id} is at version ${version}, not ${seen}`;
  if (seen > version) return head;
  const since = evidence
    .slice(-(version - seen))
    .map(({ at, text }) => `${marketTime(at)} ${text}`);
  const shown = since.slice(-NAMED_MAX);
  const more = version - seen - shown.length;
  const rest = more === 0 ? "" : `${more} more; `;
  return `${head}; new since then: ${rest}${shown.join("; ")}`;
}

function overText({ id, resolution }: Incident): string {
  if (resolution === null) return `incident ${id} is over`;
  const { verdict, at, reason } = resolution;
  return `incident ${id} was resolved before, ${marketTime(at)}, as ${verdict}: ${reason}`;
}

function asJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function notFound(id: number): LatchError {
  return new LatchError("incident_not_found", `there is no incident ${id} in this ledger`);
}
