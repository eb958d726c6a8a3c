/** Identifiers as distinct types: one kind does not fit where another is asked for. */

/** The broker's account, as its own API names it (Alpaca: a UUID). */
export type AccountId = string & { readonly brand: "AccountId" };
/** The account of every claim that is not an order's: such a claim belongs to no broker. */
export const GUARD_ACCOUNT = "guard" as AccountId;
/** The agent group: all instances of one bot. */
export type AgentId = string & { readonly brand: "AgentId" };
/** The identity of one logical action within (account, agent). */
export type RequestId = string & { readonly brand: "RequestId" };
/** The order's id that we chose, at most 48 characters, or the bot, at most 128. */
export type ClientOrderId = string & { readonly brand: "ClientOrderId" };
/** The order's id that the broker chose. */
export type BrokerOrderId = string & { readonly brand: "BrokerOrderId" };
/** A running process that may own claims. */
export type OwnerId = string & { readonly brand: "OwnerId" };

/** A claim's full key: a request id is unique only within its account and agent group. */
export interface ClaimKey {
  readonly account: AccountId;
  readonly agent: AgentId;
  readonly requestId: RequestId;
}
