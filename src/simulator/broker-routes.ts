/** Every endpoint of Alpaca's that the simulated broker serves. */
import { accountRoutes } from "./account-routes.ts";
import { activityRoutes } from "./activity-routes.ts";
import type { ApiRoute } from "./api-route.ts";
import { marketRoutes } from "./market-routes.ts";
import { orderRoutes } from "./order-routes.ts";
import { positionRoutes } from "./position-routes.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import { stockDataRoutes } from "./stock-data-routes.ts";
import { watchlistRoutes } from "./watchlist-routes.ts";

/** `broker` is asked anew for every request: a reset puts another in its place. */
export function brokerRoutes(broker: () => SimulatedBroker): ApiRoute[] {
  return [
    ...orderRoutes(broker),
    ...positionRoutes(broker),
    ...accountRoutes(broker),
    ...activityRoutes(broker),
    ...marketRoutes(broker),
    ...stockDataRoutes(broker),
    ...watchlistRoutes(broker),
  ];
}
