/**
 * The account's configuration, as its owner sees and changes it. It is kept and shown, and changes
 * nothing else: what the account may do is a matter of the simulator's options.
 */
import type { JsonObject } from "./wire-json.ts";

type Value = string | number | boolean | null;

/** The one number; a body's numbers arrive as text. */
const OPTIONS_LEVEL = "max_options_trading_level";
const LEVEL = /^[0-3]$/;

export class AccountConfiguration {
  #values: Readonly<Record<string, Value>>;

  constructor(shortingAllowed: boolean) {
    this.#values = {
      fractional_trading: true,
      max_margin_multiplier: "1",
      max_options_trading_level: null,
      no_shorting: !shortingAllowed,
      ptp_no_exception_entry: false,
      suspend_trade: false,
      trade_confirm_email: "all",
    };
  }

  shown(): Readonly<Record<string, Value>> {
    return this.#values;
  }

  /** The first field that is not one of these, or not of its kind; then nothing is changed. */
  change(changes: JsonObject): string | undefined {
    const entries = Object.entries(changes);
    const wrong = entries.find(([name, value]) => !this.#fits(name, value));
    if (wrong !== undefined) return wrong[0];
    const read = entries.map(([name, value]) => {
      return [name, name === OPTIONS_LEVEL && value !== null ? Number(value) : value];
    });
    this.#values = { ...this.#values, ...(Object.fromEntries(read) as Record<string, Value>) };
    return undefined;
  }

  #fits(name: string, value: unknown): boolean {
    if (!Object.hasOwn(this.#values, name)) return false;
    if (name === OPTIONS_LEVEL) return value === null || LEVEL.test(String(value));
    return typeof value === typeof this.#values[name];
  }
}
