/** A command as a person would type it, to be copied into a shell. Pure. */
import { storeWithoutPassword } from "../core/store-place.ts";
import type { RecordsOptions } from "./read-records.ts";

/** `tradelatch` with `words`, for the ledger and account that this command was given. */
export function commandLine(words: readonly string[], { store, account }: RecordsOptions): string {
  const place = store === undefined ? undefined : storeWithoutPassword(store);
  const all = [...words, ...flag("store", place), ...flag("account", account)];
  return ["tradelatch", ...all.map(shellWord)].join(" ");
}

export function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`--${name}`, value];
}

/** As a shell reads it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,/-][\w@%+=:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
