/** Deliveries as a provider makes them: signed, and made again until a status of 2xx. */
import { createHmac } from "node:crypto";

export const WEBHOOK_SECRET = "a shared secret";
/** What a handler gets; providers have the id in the body or in a header. */
export interface PaidEvent {
  readonly id: string;
  readonly amount: string;
}

export function eventBody(id: string, amount = "50.00"): Buffer {
  return Buffer.from(JSON.stringify({ id, amount }));
}

export function stripeHeader(body: Uint8Array, nowMs: number, secret = WEBHOOK_SECRET): string {
  const seconds = Math.floor(nowMs / 1_000);
  const signed = createHmac("sha256", secret).update(`${seconds}.`).update(body).digest("hex");
  return `t=${seconds},v1=${signed}`;
}

export async function post(url: string, body: Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: new Uint8Array(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
