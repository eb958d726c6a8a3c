/** The single row that every transaction locks: where the log ends, and what is counted. */
import type { EpochMs } from "../../core/clock.ts";
import type { AccountId } from "../../core/ids.ts";
import { EMPTY_LOG, type LogEnd } from "../event-chain.ts";
import { parsed } from "./json-column.ts";
import { columnValue, fromColumn } from "./text-column.ts";

export interface LogHead extends LogEnd {
  /** When the last event happened. */
  readonly at: EpochMs | null;
  /** The number of the last claim, counted from 1. */
  readonly claims: number;
  readonly incidents: number;
}

export const EMPTY_HEAD: LogHead = { ...EMPTY_LOG, at: null, claims: 0, incidents: 0 };

export interface HeadRow extends Omit<LogHead, "hashes"> {
  /** Of the program that has made the last step of the schema. */
  readonly schema_version: number;
  /** An object in JSON: the last hash of each account. */
  readonly hashes: string;
}

export function headOf({ schema_version: _, ...row }: HeadRow): LogHead {
  const hashes = parsed<Record<AccountId, string>>(fromColumn(row.hashes));
  return { ...row, hashes: new Map(Object.entries(hashes) as [AccountId, string][]) };
}

export function headValues(head: LogHead): readonly (string | number | null)[] {
  const hashes = JSON.stringify(Object.fromEntries(head.hashes));
  return [head.sequence, columnValue(hashes), head.at, head.claims, head.incidents];
}
