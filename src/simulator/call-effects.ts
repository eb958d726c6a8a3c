/** Turns the faults that accompany a request into what the routes understand. Pure. */
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, decimal, isZero } from "../core/decimal.ts";
import type { CallEffects } from "./api-route.ts";
import type { EffectFault } from "./fault-rule-schema.ts";
import type { FillPlan } from "./order.ts";
import type { OrderEffects } from "./simulated-broker.ts";

export function callEffects(faults: readonly EffectFault[], now: EpochMs): CallEffects {
  return {
    order: Object.assign({}, ...faults.map((fault) => orderEffect(fault, now))) as OrderEffects,
    listLagMs: lagOf(faults, "list_lag"),
    clientIdLagMs: lagOf(faults, "client_id_lag"),
    positionLagMs: lagOf(faults, "position_lag"),
    cancelSticks: faults.some((fault) => fault.kind === "cancel_stuck"),
    barsLagMs: lagOf(faults, "bars_lag"),
    barsUnfinished: faults.some((fault) => fault.kind === "bars_unfinished"),
  };
}

function orderEffect(fault: EffectFault, now: EpochMs): OrderEffects {
  switch (fault.kind) {
    case "list_lag":
      return { hiddenFromListsUntil: now + fault.lagMs };
    case "client_id_lag":
      return { hiddenFromClientIdUntil: now + fault.lagMs };
    case "reject_later":
      return { rejectLater: true };
    case "partial_fill":
      return { fillPlan: partialPlan(decimal(fault.quantity), fault.rest ?? "full") };
    case "position_lag":
    case "cancel_stuck":
    case "bars_lag":
    case "bars_unfinished":
      return {};
  }
}

function partialPlan(quantity: DecimalText, rest: "full" | "script"): FillPlan {
  if (isZero(quantity) && rest === "script") return { kind: "script" };
  return { kind: "part", quantity, rest };
}

function lagOf(
  faults: readonly EffectFault[],
  kind: "list_lag" | "client_id_lag" | "position_lag" | "bars_lag",
): number {
  return Math.max(0, ...faults.map((fault) => (fault.kind === kind ? fault.lagMs : 0)));
}
