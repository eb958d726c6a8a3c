/**
 * Takes fields out of a JSON body one at a time and remembers the first complaint, so that the
 * caller reads like a list of fields.
 */
import { type DecimalText, parseDecimal } from "../core/decimal.ts";
import { type Refusal, unprocessable } from "./refusal.ts";
import type { JsonObject } from "./wire-json.ts";

export class BodyReader {
  readonly #body: JsonObject;
  readonly #parent: BodyReader | undefined;
  #refusal: Refusal | undefined;

  constructor(body: JsonObject, parent?: BodyReader) {
    this.#body = body;
    this.#parent = parent;
  }

  /** The first complaint, if there was any. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** A reader of an object inside this one, which complains here. */
  within(body: JsonObject): BodyReader {
    return new BodyReader(body, this);
  }

  symbol(): string {
    const symbol = this.text("symbol");
    if (symbol === null) this.complain("symbol is required");
    return symbol?.toUpperCase() ?? "";
  }

  text(name: string): string | null {
    const value = this.#body[name];
    if (value === undefined || value === null || value === "") return null;
    if (typeof value === "string") return value;
    this.complain(`invalid ${name}`);
    return null;
  }

  amount(name: string): DecimalText | null {
    const text = this.text(name);
    const amount = text === null ? null : parseDecimal(text);
    if (amount === undefined) this.complain(`invalid ${name}: ${text}`);
    return amount ?? null;
  }

  flag(name: string): boolean {
    const value = this.#body[name];
    if (value === undefined || value === null) return false;
    if (typeof value !== "boolean") this.complain(`invalid ${name}`);
    return value === true;
  }

  choice<const Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const text = this.text(name);
    const found = choices.find((choice) => choice === text);
    if (text === null) this.complain(`${name} is required`);
    else if (found === undefined) this.complain(`invalid ${name}: ${text}`);
    // What is answered after a complaint is never used.
    return found ?? (choices[0] as Choice);
  }

  complain(message: string): void {
    if (this.#parent !== undefined) this.#parent.complain(message);
    else this.#refusal ??= unprocessable(message);
  }
}
