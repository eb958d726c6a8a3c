/** The public names of TradeLatch: what a bot written in TypeScript imports. */
export {
  type GuardOptions,
  type LatchOptions,
  openGuard,
  openLatch,
  type SettlingGuard,
  type Surroundings,
} from "./app.ts";
export type { AuditItem, AuditStatus } from "./audit/audit-item.ts";
export type { AuditTrail } from "./audit/audit-of-account.ts";
export type { AuditFilters, AuditPage, AuditQuery } from "./audit/audit-trail.ts";
export type { Book } from "./book/book.ts";
export type { RateBudgetState } from "./broker/broker.ts";
export { BLOCK_CODES, type BlockCode, type PendingPhase } from "./claim/answer.ts";
export type { Claim, Receipt } from "./claim/claim.ts";
export type { Outcome, Provenance } from "./claim/claim-event.ts";
export { isQuestionedByLateWord } from "./claim/decide-guard.ts";
export type { BrokerOrder, Refusal, RefusalReason } from "./claim/evidence.ts";
export type {
  GuardDifference,
  GuardOutcome,
  GuardProvenance,
  JsonValue,
} from "./claim/guard-action.ts";
export type { GuardClaim } from "./claim/guard-claim.ts";
export { type ClaimPolicy, DEFAULT_CLAIM_POLICY } from "./claim/policy.ts";
export type { ClaimStatus } from "./claim/transitions.ts";
export type { Settings } from "./config.ts";
export { type Clock, type EpochMs, systemClock } from "./core/clock.ts";
export type { DecimalText } from "./core/decimal.ts";
export { ERRORS, type ErrorCode, LatchError } from "./core/errors.ts";
export type {
  BlockedAnswer,
  OrderAnswer,
  PendingAnswer,
  ProceedAnswer,
  SkipAnswer,
} from "./gateway/order-answer.ts";
export type {
  CloseOptions,
  DoubtAnswer,
  DoubtInput,
  EvidenceAnswer,
  EvidenceInput,
  ExecuteAnswer,
  ExecuteInput,
  Guard,
  GuardClaimAnswer,
  GuardClaimInput,
  GuardClaimsPage,
  GuardClaimsQuery,
  Guarded,
  GuardRecovery,
  GuardVerdict,
  GuardVerifier,
  OpenedGuard,
  ReleaseAnswer,
  ReleaseInput,
  RunContext,
  SettleAnswer,
  SettleInput,
  TokenProblem,
  WaitOptions,
} from "./guard/guard.ts";
export type { Anchor, CloseAnchor, OpenAnchor } from "./identity/intent.ts";
export type { IntentInput } from "./identity/intent-schema.ts";
export { type RoutingAdapter, routedIntent } from "./identity/routed-intent.ts";
export type {
  Incident,
  IncidentEvidence,
  IncidentKind,
  IncidentProvenance,
  IncidentVerdict,
  Resolution,
} from "./incident/incident.ts";
export type { Latch, RecoveredClaim, Recovery, SubmitOptions } from "./latch.ts";
export type { ClaimFilters, ClaimsPage } from "./ledger/claims-query.ts";
export type {
  IncidentsQuery,
  OperatorCommand,
  OperatorResult,
  StoredEvent,
} from "./ledger/ledger.ts";
export type { EntryCheck } from "./reconcile/entry-check.ts";
export type { MarketSession } from "./schedule/market-hours.ts";
export {
  type Agreement,
  majority,
  type SettlementPolicy,
  type Signal,
  singleSource,
  unanimous,
} from "./settlement/policy.ts";
export type {
  Decision,
  Payout,
  PayoutAnswer,
  Settlement,
  SettlementOptions,
  SettlementState,
  Settling,
  SignalAnswer,
  SignalInput,
} from "./settlement/settlement.ts";
export { BAR_MS, type Bar } from "./strategy/bar.ts";
export type { Feed, FeedItem, FeedNotice, FeedRequest } from "./strategy/feed.ts";
export type {
  PlainBroker,
  PlainOrder,
  UnguardedContext,
  UnguardedFactory,
  UnguardedStrategy,
} from "./strategy/plain-broker.ts";
export type {
  Strategy,
  StrategyContext,
  StrategyFactory,
  StrategyFill,
  StrategyParameters,
} from "./strategy/strategy.ts";
export { type RunObserver, type RunParts, StrategyRunner } from "./strategy/strategy-runner.ts";
export { type TraceFields, traceFields } from "./telemetry/log-fields.ts";
export {
  type ExactlyOnceOptions,
  exactlyOnce,
  type Handler,
} from "./webhooks/exactly-once.ts";
export { type FastifyWebhookOptions, fastifyWebhook } from "./webhooks/fastify-webhook.ts";
export { type GithubSignatureOptions, githubSignature } from "./webhooks/github-signature.ts";
export { type HmacSignatureOptions, hmacSignature } from "./webhooks/hmac-signature.ts";
export type {
  Delivery,
  SignatureCheck,
  SignatureProblem,
  SignatureScheme,
} from "./webhooks/signature.ts";
export { type StandardSignatureOptions, standardSignature } from "./webhooks/standard-signature.ts";
export { type StripeSignatureOptions, stripeSignature } from "./webhooks/stripe-signature.ts";
export {
  type Webhook,
  type WebhookAnswer,
  type WebhookOptions,
  webhook,
} from "./webhooks/webhook.ts";
export { type MiddlewareOptions, webhookMiddleware } from "./webhooks/webhook-middleware.ts";
