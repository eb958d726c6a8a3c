/** Whose money an address trades, as far as the address says. */

export const BROKER_KINDS = ["live", "paper", "simulated", "other", "none"] as const;
export type BrokerKind = (typeof BROKER_KINDS)[number];

export const LIVE_HOST = "api.alpaca.markets";
export const PAPER_HOST = "paper-api.alpaca.markets";
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** A name that ends in a point is the same host; what is not known may be real money. */
export function brokerKind(url: string): BrokerKind {
  if (url === "none") return "none";
  const host = URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, "") : "";
  if (host === LIVE_HOST) return "live";
  if (host === PAPER_HOST) return "paper";
  return LOOPBACK.test(host) ? "simulated" : "other";
}
